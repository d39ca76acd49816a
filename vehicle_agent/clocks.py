"""What time it is, from three clocks: GNSS, the server's, and the car computer's, which may be wrong or jump.

Decision 0030. GNSS and server times are pinned to the time since the computer started, which no setting of the clock
moves. Where the computer's clock differs from that, messages get the better time, and carry what the clock said beside
it. Nothing leaves the car before the server's time is known (the welcome), so whatever was stamped before is put right
then, while it is still in the journal.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
import structlog
from msgspec import Struct

from gateway.protocol import TIME_MAX_MS, Camera, Health, JournalledMessage, Stamped
from vehicle_agent.computer_clock import computer_start, since_start_ms, system_clock_ms
from vehicle_agent.journal import Journal
from vehicle_agent.troubles import TroubleCode
from vehicle_agent.unsure_stamps import Unsure, UnsureStamps

CORRECT_FROM_MS: Final = (
    2_000  # below it, a fix's way through the receiver and a welcome's through the air weigh as much
)
SAY_FROM_MS: Final = 30_000
DISAGREE_FROM_MS: Final = 60_000
_GNSS_SAMPLES: Final = 15
_GNSS_LEAST: Final = 3
_GNSS_GOOD_FOR_MS: Final = 3_600_000
_DRIFT: Final = 50e-6  # of a computer's crystal
_PRESS_WITHIN_MS: Final = 60_000
# Earlier than the first release of this program is no time: a receiver whose week number rolled over, say.
_RELEASED_MS: Final = 1_767_225_600_000  # 2026-01-01T00:00:00Z
_SERVER_NOTE: Final = "server_ms"

S = TypeVar("S", bound=Stamped)

_log = structlog.get_logger(__name__)


class _ServerTime(Struct, frozen=True):
    offset_ms: float  # true time minus time since the computer started
    at_ms: int
    doubt_ms: float

    def doubt_now_ms(self, now_ms: int) -> float:
        return self.doubt_ms + (now_ms - self.at_ms) * _DRIFT


class Clocks:
    """One car's clocks. All times in milliseconds; offsets are the other clock minus the computer's."""

    def __init__(
        self,
        journal: Journal,
        raw_ms: Callable[[], int] = system_clock_ms,
        elapsed_ms: Callable[[], int] = since_start_ms,
        start: str | None = None,
    ) -> None:
        self._journal = journal
        self._raw_ms = raw_ms
        self._elapsed_ms = elapsed_ms
        self._start = start or computer_start()
        self._gnss: deque[tuple[int, int]] = deque(maxlen=_GNSS_SAMPLES)  # (at, offset to the time since the start)
        self._server: _ServerTime | None = None
        self._asked_ms: int | None = None
        self._unsure = UnsureStamps(journal)
        self._floor_ms = max(_RELEASED_MS, journal.recall_as(_SERVER_NOTE, int) or 0)
        journal.mark = self.mark

    # ---- what the clocks say

    def hear_fix(self, time_ms: int) -> None:
        """A live receiver gave a fix of this time just now. Not for replayed files."""
        elapsed_ms = self._elapsed_ms()
        self._gnss.append((elapsed_ms, time_ms - elapsed_ms))
        self.look()

    def say_hello(self) -> int:
        """The computer's clock for the `hello` that goes out now."""
        self._asked_ms = self._elapsed_ms()
        return self.raw_ms()

    def hear_server(self, server_ms: int) -> int | None:
        """The welcome that answers the last hello has come, with the server's time; gives `clock_offset_ms`."""
        heard_ms = self._elapsed_ms()
        asked_ms = heard_ms if self._asked_ms is None else self._asked_ms
        fresh = _ServerTime(server_ms - (asked_ms + heard_ms) / 2, heard_ms, (heard_ms - asked_ms) / 2)
        if self._server is None or fresh.doubt_ms <= self._server.doubt_now_ms(heard_ms):
            self._server = fresh
        self._journal.remember(_SERVER_NOTE, str(server_ms).encode())
        self._settle()
        self.look()
        return self.clock_offset_ms

    @property
    def clock_offset_ms(self) -> int | None:
        """The server's clock minus the computer's; None before the first welcome of this run."""
        return None if self._server is None else round(self._server.offset_ms + self._elapsed_ms() - self._raw_ms())

    @property
    def gnss_offset_ms(self) -> int | None:
        """GNSS time minus the computer's clock; None without enough fixes from a live receiver."""
        offset_ms = self._gnss_offset_ms()
        return None if offset_ms is None else round(offset_ms + self._elapsed_ms() - self._raw_ms())

    def _gnss_offset_ms(self) -> float | None:
        if len(self._gnss) < _GNSS_LEAST:
            return None
        # The middle one: a single fix with a wrong time moves nothing.
        offset_ms = statistics.median(offset for _, offset in self._gnss)
        return offset_ms if offset_ms + self._elapsed_ms() >= self._floor_ms else None

    def _best(self) -> tuple[float, float] | None:
        """(True time minus time since the computer's start, how far it may be off); None where nothing is known."""
        elapsed_ms = self._elapsed_ms()
        gnss_ms, server = self._gnss_offset_ms(), self._server
        if server is None:
            return None if gnss_ms is None else (gnss_ms, 0.0)
        by_server = (server.offset_ms, server.doubt_now_ms(elapsed_ms))
        if gnss_ms is None or abs(gnss_ms - server.offset_ms) > DISAGREE_FROM_MS + by_server[1]:
            return by_server
        return (gnss_ms, 0.0) if elapsed_ms - self._gnss[-1][0] <= _GNSS_GOOD_FOR_MS else by_server

    # ---- what time it is

    def raw_ms(self) -> int:
        """The computer's clock, within what a message can hold."""
        return _within(self._raw_ms())

    def now_ms(self) -> int:
        """The best that is known."""
        return _within(self._raw_ms() + self._correction_ms())

    def _correction_ms(self) -> int:
        """What to add to the computer's clock; 0 where it is right, or nothing better is known."""
        best = self._best()
        if best is None:
            return 0
        offset_ms = round(best[0] + self._elapsed_ms() - self._raw_ms())
        return 0 if abs(offset_ms) <= CORRECT_FROM_MS + best[1] else offset_ms

    def mark(self, message: JournalledMessage) -> JournalledMessage:
        """What is journalled in place of `message`: with the clock's own time beside the corrected one.

        A message stamped before the server's time is known is noted, to be put right by it.
        """
        if not isinstance(message, Stamped):
            return message
        raw_ms, correction_ms = self._raw_ms(), self._correction_ms()
        # A clock before 1970 gives stamps of 1970.
        age_ms = _within(raw_ms + correction_ms) - message.time_ms
        raw_age_ms = _within(raw_ms) - message.time_ms
        if not _is_recent(age_ms):
            if not _is_recent(raw_age_ms):
                return self._held_over(message)
            # Stamped a moment before the correction became known.
            message = msgspec.structs.replace(message, time_ms=_within(message.time_ms + correction_ms))
            age_ms = raw_age_ms
        said_ms = raw_ms - age_ms
        if self._server is None:
            noted = Unsure(message.seq, self._elapsed_ms() - age_ms, said_ms, message.time_ms, self._start)
            self._unsure.add(noted, minor=isinstance(message, Camera | Health))
            message = msgspec.structs.replace(message, time_unsure=True)
        return msgspec.structs.replace(message, clock_ms=_within(said_ms)) if correction_ms else message

    def _held_over(self, message: S) -> S:
        """A press that was held back over a restart, under no number: noted then, or its time was surely the best."""
        noted = self._unsure.find(message.time_ms, message.seq)
        if noted is None:
            return message
        true_ms = self._true_ms(noted)
        if true_ms is not None:
            own = None if true_ms == noted.raw_ms else _within(noted.raw_ms)
            return msgspec.structs.replace(message, time_ms=_within(true_ms), clock_ms=own)
        self._unsure.add(msgspec.structs.replace(noted, seq=message.seq), minor=False)
        return msgspec.structs.replace(message, time_unsure=True)

    def _true_ms(self, one: Unsure) -> int | None:
        """What its time is by what is known now; None where nobody knows how long ago it was: the server was not heard
        yet, or the computer was started again meanwhile."""
        best = self._best()
        if self._server is None or best is None or one.start != self._start:
            return None
        true_ms = round(one.at_ms + best[0])
        tolerance_ms = CORRECT_FROM_MS + best[1]
        if abs(true_ms - one.stamped_ms) <= tolerance_ms:
            return one.stamped_ms
        return one.raw_ms if abs(true_ms - one.raw_ms) <= tolerance_ms else true_ms

    def _settle(self) -> None:
        unsure = self._unsure.all()
        if not unsure:
            return
        settled = [(one, self._true_ms(one)) for one in unsure if one.seq > 0]
        changes = {one.seq: _restamp(one, time_ms) for one, time_ms in settled if time_ms is not None}
        on_disk = self._journal.amend(changes)
        _log.info("stamps_settled", unsure=len(unsure), known=len(changes), on_disk=on_disk)
        if on_disk:
            # A press that is still held back gets its number later, perhaps after a kill.
            earliest_ms = self._elapsed_ms() - _PRESS_WITHIN_MS
            self._unsure.clear([one for one in unsure if one.seq == 0 and one.at_ms >= earliest_ms])

    def look(self) -> None:
        """Raise or clear the trouble; also to be called now and then, for a clock that somebody sets."""
        troubles = self._journal.troubles
        best = self._best()
        offset_ms = 0 if best is None else round(best[0] + self._elapsed_ms() - self._raw_ms())
        if abs(offset_ms) < SAY_FROM_MS:
            troubles.clear(TroubleCode.CLOCK_OFF)
            return
        way = "behind" if offset_ms > 0 else "ahead"
        detail = f"the computer's clock is {abs(offset_ms) / 1000:.0f} s {way}; set it, or let chrony keep it"
        troubles.report(TroubleCode.CLOCK_OFF, detail)


def _restamp(one: Unsure, time_ms: int) -> Callable[[bytes], bytes]:
    def change(body: bytes) -> bytes:
        told = msgspec.json.decode(body)
        if told["time_ms"] != one.stamped_ms:
            return body  # a kill came between the note and its message, and the number went to another message
        told.pop("time_unsure", None)
        if time_ms != one.stamped_ms:
            told.pop("clock_ms", None)
            told |= {"time_ms": _within(time_ms)} | ({} if time_ms == one.raw_ms else {"clock_ms": _within(one.raw_ms)})
        return msgspec.json.encode(told)

    return change


def _is_recent(age_ms: int) -> bool:
    return -CORRECT_FROM_MS <= age_ms <= _PRESS_WITHIN_MS


def _within(time_ms: int) -> int:
    return min(max(time_ms, 0), TIME_MAX_MS)
