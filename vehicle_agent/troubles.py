"""What is wrong in the car just now, each thing once, for the crew's screen and the server: raised, cleared, told.

Any part of the agent may raise a trouble and must clear it itself. The words for the crew stand in docs/agent.md and in
the page's texts, by `code`; `detail` is one English line for whoever mends it, without personal data.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import structlog
from msgspec import Struct

_log = structlog.get_logger(__name__)


class TroubleCode(StrEnum):
    """Every trouble that there is."""

    JOURNAL_MEMORY = "journal_memory"
    """The disk takes nothing (full, failing): messages wait in memory, and a power cut would lose them."""
    JOURNAL_READONLY = "journal_readonly"
    """The disk or the journal's file is read-only; otherwise as `journal_memory`."""
    JOURNAL_THINNED = "journal_thinned"
    """There was no room for every position; a coarser track is kept. Stays until all that waits is sent."""
    JOURNAL_DAMAGED = "journal_damaged"
    """The journal was damaged and set aside; what could be read goes on. Stays until the agent is started again."""
    NO_TOKEN = "no_token"  # noqa: S105 - a code, no token
    """The car was never enrolled: nothing can be sent."""
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code, no token
    """The gateway does not take this car's token (revoked, replaced): nothing can be sent; all is kept."""
    CLOCK_OFF = "clock_off"
    """The car computer's clock is wrong; presses get the right time all the same."""
    DUTY_FAILED = "duty_failed"
    """Part of the agent (the screen, the cameras, the map …) failed and is begun again; `detail` names it."""
    NO_RECEIVER = "no_receiver"
    """No GNSS receiver answers."""
    NO_FIX = "no_fix"
    """The receiver answers, and has no position."""
    WEEK_ROLLOVER = "week_rollover"
    """The receiver's date is a period of 1,024 weeks off: corrected, or its positions are not used."""
    GNSS_JUMP = "gnss_jump"
    """The receiver leaps; its positions are held back until they are confirmed."""
    RECEIVER_SPARE = "receiver_spare"
    """The preferred receiver gives no position, and another stands in for it: the next failure would be total."""


class Trouble(Struct, frozen=True):
    """One trouble: since when (epoch ms, the car's best time), and where or what exactly."""

    code: TroubleCode
    since_ms: int
    detail: str


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Troubles:
    """Those that stand. `changed` is called after each raise or clear that changed which ones do."""

    def __init__(self, clock_ms: Callable[[], int] = _now_ms) -> None:
        self.clock_ms = clock_ms
        self.changed: Callable[[], None] = lambda: None
        self._standing: dict[TroubleCode, Trouble] = {}

    def report(self, code: str, detail: str = "") -> None:
        """It is so. Said again it keeps its `since_ms`, and takes the newer detail. Raises ValueError for a code that
        is none."""
        code = TroubleCode(code)
        before = self._standing.get(code)
        since_ms = self.clock_ms() if before is None else before.since_ms
        self._standing[code] = Trouble(code, since_ms, detail)
        if before is None:
            _log.warning("trouble", code=code.value, detail=detail)
            self.changed()

    def clear(self, code: str) -> None:
        """It is so no more; nothing happens where it was not."""
        if self._standing.pop(TroubleCode(code), None) is not None:
            _log.info("trouble_over", code=str(code))
            self.changed()

    def __contains__(self, code: str) -> bool:
        return TroubleCode(code) in self._standing

    def codes(self) -> list[str]:
        """Their codes, the oldest first."""
        return [code.value for code in self._standing]

    def as_json(self) -> list[dict[str, Any]]:
        """`[{code, since_ms, detail}]`, the oldest first, as `GET /api/state` shows them."""
        return [
            {"code": one.code.value, "since_ms": one.since_ms, "detail": one.detail} for one in self._standing.values()
        ]
