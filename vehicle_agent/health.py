"""What the agent tells the server of itself: after each welcome, when its troubles change, and every ten minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from gateway.protocol import Health
from vehicle_agent import AGENT
from vehicle_agent.clocks import Clocks
from vehicle_agent.journal import Journal
from vehicle_agent.state import CarState

EVERY_S: Final = 600.0
LOOK_EVERY_S: Final = 10.0
# Troubles that come and go in one breath make one message.
GATHER_S: Final = 1.0


class HealthReports:
    """Journals a `health` message where one is due, and looks at the clocks between."""

    def __init__(
        self,
        journal: Journal,
        state: CarState,
        clocks: Clocks,
        monotonic_s: Callable[[], float],
        journalled: Callable[[bool], None],
    ) -> None:
        self._journal = journal
        self._state = state
        self._clocks = clocks
        self._monotonic_s = monotonic_s
        self._journalled = journalled
        self._began_s = self._told_s = monotonic_s()
        self._told: list[str] | None = None
        self._welcomed = False
        self._hint = asyncio.Event()
        state.troubles.changed = self._hint.set
        state.hear_server = self._hear_server

    def _hear_server(self, server_ms: int) -> int | None:
        self._welcomed = True
        self._hint.set()
        return self._clocks.hear_server(server_ms)

    def look(self) -> None:
        """Tell, if there is something to tell."""
        self._clocks.look()
        changed = self._state.troubles.codes() != (self._told or [])
        due = self._state.connected and self._monotonic_s() - self._told_s >= EVERY_S
        if changed or due or self._welcomed:
            self._tell()

    def _tell(self) -> None:
        self._told = self._state.troubles.codes()
        self._told_s = self._monotonic_s()
        self._welcomed = False
        self._journal.append(
            lambda seq: Health(
                seq=seq,
                time_ms=self._clocks.now_ms(),
                agent=AGENT,
                waiting=self._journal.waiting(),
                uptime_s=int(self._told_s - self._began_s),
                troubles=self._told or [],
                clock_offset_ms=self._clocks.clock_offset_ms,
                gnss_offset_ms=self._clocks.gnss_offset_ms,
            )
        )
        self._journalled(False)

    async def run(self) -> None:
        """For as long as the agent runs."""
        while True:
            self._hint.clear()
            self.look()
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._hint.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(GATHER_S)
