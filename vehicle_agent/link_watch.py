"""The crew at work whose link is gone is told by its own screen: no question and no new order can reach it now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from gateway.protocol import Notice
from vehicle_agent.state import FINAL_STEPS, CarState
from vehicle_agent.troubles import TroubleCode

LOOK_EVERY_S: Final = 1.0
_AGAIN: Final = 5
TEXT: Final = "出勤中連線中斷已 {span}：請以無線電回報。{kept}，恢復連線後送出。"
ON_DISK: Final = "按過的都已存著"
IN_MEMORY: Final = "按過的只在記憶體，不要關機"
CODES: Final = {ON_DISK: "link_lost", IN_MEMORY: "link_lost_in_memory"}
"""For a screen in another language, which has words of its own for them."""

_log = structlog.get_logger(__name__)


class LinkWatch:
    """A warning after `warn_after_s` without a link during an assignment, and again after five times as long each."""

    def __init__(self, state: CarState, monotonic_s: Callable[[], float], warn_after_s: float) -> None:
        self._state = state
        self._monotonic_s = monotonic_s
        self._warn_after_s = warn_after_s
        self._down_since_s: float | None = None
        self._due_s = 0.0

    def look(self) -> None:
        """Now."""
        if self._state.connected:
            self._down_since_s = None
            return
        now_s = self._monotonic_s()
        if self._down_since_s is None:
            self._down_since_s, self._due_s = now_s, now_s + self._warn_after_s
        at_work = any(held.step not in FINAL_STEPS for held in self._state.kept.orders)
        if not at_work or now_s < self._due_s:
            return
        down_s = now_s - self._down_since_s
        self._due_s = now_s + _AGAIN * self._warn_after_s
        troubles = self._state.troubles
        on_disk = TroubleCode.JOURNAL_MEMORY not in troubles and TroubleCode.JOURNAL_READONLY not in troubles
        span = f"{round(down_s)} 秒" if down_s < 60 else f"{round(down_s / 60)} 分鐘"
        kept = ON_DISK if on_disk else IN_MEMORY
        self._state.notices.take(Notice(text=TEXT.format(span=span, kept=kept), level="warning", code=CODES[kept]))
        _log.warning("link_lost_at_work", down_s=round(down_s))

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_S)
