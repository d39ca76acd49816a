"""What is wrong with the receivers, for whoever shows it: said once, taken back once. Pure; seconds are monotonic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

NO_RECEIVER: Final = "no_receiver"
NO_FIX: Final = "no_fix"
WEEK_ROLLOVER: Final = "week_rollover"
GNSS_JUMP: Final = "gnss_jump"
RECEIVER_SPARE: Final = "receiver_spare"

# A replugged receiver is back within this, and nobody needs to hear of it.
ANSWER_LIMIT_S: Final = 10.0
# A warm receiver finds itself again within this when the sky is back; a tunnel is no trouble yet.
FIX_LIMIT_S: Final = 30.0
JUMP_SHOWN_FOR_S: Final = 60.0
# Two receivers on one roof lose the sky for different moments; that is what the second is for.
SPARE_LIMIT_S: Final = 60.0


class ReceiverTroubles:
    """`report(code, detail)` and `clear(code)` are called for changes alone."""

    def __init__(self, report: Callable[[str, str], None], clear: Callable[[str], None], now_s: float) -> None:
        self._report = report
        self._clear = clear
        self._said: set[str] = set()
        self._answered_s = self._fix_s = now_s
        self._jump_s: float | None = None
        self._spare_s: float | None = None

    def fix(self, now_s: float, *, jump: bool, periods_off: int) -> None:
        """A fix came: kept out as a `jump` or not, its date moved by so many periods of 1,024 weeks."""
        if jump:
            self._jump_s = now_s
        else:
            self._fix_s = now_s
        self._set(GNSS_JUMP, jump or GNSS_JUMP in self._said, "the receiver leaps; waiting for it to be confirmed")
        self._set(WEEK_ROLLOVER, periods_off != 0, f"the receiver's date is {periods_off * 1024} weeks off, corrected")

    def no_time(self) -> None:
        """A fix came whose date cannot be true, nor be put right."""
        self._set(WEEK_ROLLOVER, True, "the receiver's date cannot be true; its positions are not used")

    def check(self, now_s: float, *, answering: bool, without: str | None = None) -> None:
        """Look at what time alone changes. `answering`: some receiver says something readable. `without`: the name of
        the preferred receiver, while another stands in for it."""
        if without is None:
            self._spare_s = None
        elif self._spare_s is None:
            self._spare_s = now_s
        spare = self._spare_s is not None and now_s - self._spare_s >= SPARE_LIMIT_S
        self._set(RECEIVER_SPARE, spare, f"{without} gives no position; another receiver stands in for it")
        if answering:
            self._answered_s = now_s
        silent = now_s - self._answered_s >= ANSWER_LIMIT_S
        if silent:
            # Once it answers it has the full time to find itself.
            self._fix_s = now_s
        self._set(NO_RECEIVER, silent, "no receiver answers; see its cable, its power and --gnss")
        self._set(NO_FIX, now_s - self._fix_s >= FIX_LIMIT_S, "the receiver has no position")
        if self._jump_s is not None and now_s - self._jump_s >= JUMP_SHOWN_FOR_S:
            self._jump_s = None
            self._set(GNSS_JUMP, False, "")

    def _set(self, code: str, wrong: bool, detail: str) -> None:
        if wrong and code not in self._said:
            self._said.add(code)
            self._report(code, detail)
        elif not wrong and code in self._said:
            self._said.remove(code)
            self._clear(code)
