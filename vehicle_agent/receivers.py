"""All receivers of one car together: the preferred one's believed fixes, each once, and what is wrong with them.

A recorded file is told as it was recorded: neither its dates nor its leaps are judged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

import structlog

from vehicle_agent.leaps import Leaps
from vehicle_agent.preference import Preference
from vehicle_agent.receiver import Position
from vehicle_agent.receiver_settings import Reception
from vehicle_agent.receiver_troubles import ReceiverTroubles
from vehicle_agent.sources import Live, open_receiver
from vehicle_agent.weeks import Weeks

_CHECK_EVERY_S: Final = 1.0

_log = structlog.get_logger(__name__)


def unheard(*_: str) -> None:
    """For whoever has nobody to tell troubles to."""


class Receivers:
    """`server_ms` gives the server's time now, None while unknown; `report`, `clear` take troubles by code."""

    def __init__(
        self,
        reception: Reception,
        server_ms: Callable[[], int | None] = lambda: None,
        report: Callable[[str, str], None] = unheard,
        clear: Callable[[str], None] = unheard,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises `SettingsError` where a file cannot be read."""
        self._reception = reception
        self._monotonic_s = monotonic_s
        self._sources = [open_receiver(source, reception.rate, reception.silence_s) for source in reception.sources]
        now_s = monotonic_s()
        self._preference = Preference(
            len(self._sources), now_s, step_in_s=reception.step_in_s, hand_back_s=reception.hand_back_s
        )
        self._weeks = [Weeks(server_ms) for _ in self._sources]
        self._leaps = Leaps()
        self._troubles = ReceiverTroubles(report, clear, now_s)
        self._tell: Callable[[Position | None], None] = lambda _place: None

    async def run(self, tell: Callable[[Position | None], None]) -> None:
        """Tell each fix once, in order; None says that there is no fix now. Never ends with a live receiver."""
        self._tell = tell
        async with asyncio.TaskGroup() as group:
            for index in range(len(self._sources)):
                group.create_task(self._pump(index))
            if not self._reception.recorded:
                group.create_task(self._watch())

    async def _pump(self, index: int) -> None:
        async with aclosing(self._sources[index].positions()) as positions:
            async for place in positions:
                self.hear(index, place)

    async def _watch(self) -> None:
        while True:
            answering = any(isinstance(source, Live) and source.answers for source in self._sources)
            self._troubles.check(self._monotonic_s(), answering=answering, without=self.stood_in_for())
            await asyncio.sleep(_CHECK_EVERY_S)

    def stood_in_for(self) -> str | None:
        """The preferred receiver, while another is in use."""
        return str(self._reception.sources[0]) if self._preference.chosen > 0 else None

    def hear(self, index: int, place: Position | None) -> None:
        """What receiver `index` says."""
        now_s = self._monotonic_s()
        recorded = self._reception.sources[index].kind == "nmea"
        if place is not None and not recorded:
            place = self._weeks[index].corrected(place)
            if place is None:
                self._troubles.no_time()
        if place is None:
            if self._preference.lost(index, now_s):
                self._tell(None)
            return
        before = self._preference.chosen
        if not self._preference.fix(index, now_s):
            return
        if self._preference.chosen != before:
            _log.info("receiver_chosen", receiver=str(self._reception.sources[index]))
        told = [place] if recorded else self._leaps.feed(place)
        periods_off = 0 if recorded else self._weeks[index].periods_off
        self._troubles.fix(now_s, jump=not recorded and self._leaps.leaping, periods_off=periods_off)
        for one in told:
            self._tell(one)
