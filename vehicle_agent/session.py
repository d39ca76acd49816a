"""One connection's life as the protocol sees it, without sockets: hello, resume, batches in a window, acknowledgements.

Frames in by `receive`, frames out by `next_frame`; `ended` says why the connection should be left, if it should.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from gateway.protocol import (
    Ack,
    Error,
    ErrorCode,
    GatewayMessage,
    Hello,
    Rejected,
    Welcome,
    encode,
)
from vehicle_agent import AGENT
from vehicle_agent.hearing import hear
from vehicle_agent.journal import Journal
from vehicle_agent.journal_file import Row
from vehicle_agent.state import CarState

# A frame may have 64 KiB; a batch stays well below, so that on a slow link an SOS waits for little.
BATCH_LIMIT_BYTES: Final = 16 * 1024
BATCH_LIMIT_ROWS: Final = 100
# Sent and not acknowledged. What lies beyond waits in the journal, not in a socket's buffer.
WINDOW_ROWS: Final = 1_000
WELCOME_LIMIT_S: Final = 10.0
# Acknowledgements are at most 1 s behind while the gateway's database is up; after this long, ask where we stand.
STALL_LIMIT_S: Final = 90.0
# After these the gateway has not taken what was sent; only a new hello tells from where on.
_START_AGAIN_AFTER: Final = {ErrorCode.BAD_JSON, ErrorCode.BAD_MESSAGE, ErrorCode.NO_HELLO, ErrorCode.TOO_FAST}
NEW_BOOT: Final = "new boot"

_log = structlog.get_logger(__name__)


class Session:
    """From one hello to the end of that connection. `monotonic_s` measures waiting, `clock_ms` is the car's clock."""

    def __init__(
        self, journal: Journal, state: CarState, clock_ms: Callable[[], int], monotonic_s: Callable[[], float]
    ) -> None:
        self._journal = journal
        self._state = state
        self._clock_ms = clock_ms
        self._monotonic_s = monotonic_s
        self._boot = journal.boot
        self._cursor = 0
        self._in_flight: dict[int, None] = {}
        self._progress_s = monotonic_s()
        self.welcomed = False
        self.ended: str | None = None

    def hello(self) -> str:
        """The first frame of the connection."""
        return encode(Hello(boot=self._boot, agent=AGENT, clock_ms=self._clock_ms()))

    # ---- in

    def receive(self, frame: str | bytes) -> None:
        """One frame from the gateway: a message, or a batch of them. What cannot be read is logged and passed over."""
        try:
            # A batch is an array; each of its members is read alone, so that a strange one spoils no other.
            text = frame if isinstance(frame, str) else frame.decode()
            is_batch = text.lstrip().startswith("[")
            members = msgspec.json.decode(text, type=list[msgspec.Raw]) if is_batch else [msgspec.Raw(text)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            _log.warning("frame_unreadable", reason=str(error))
            return
        for member in members:
            try:
                heard = hear(bytes(member))
            except (msgspec.DecodeError, UnicodeError, RecursionError, TypeError) as error:
                _log.warning("message_unreadable", reason=str(error))
                continue
            if heard.message is not None and self.ended is None:
                self._take(heard.message, heard.unread)

    def _take(self, message: GatewayMessage, unread: tuple[str, ...]) -> None:
        if isinstance(message, Welcome):
            self._welcome(message, unread)
        elif isinstance(message, Ack):
            self._acknowledge(message.seq)
        elif isinstance(message, Rejected):
            self._refused(message)
        elif isinstance(message, Error):
            _log.warning("gateway_error", code=message.code.value, message=message.message)
            if message.code in _START_AGAIN_AFTER:
                self.ended = f"the gateway answered {message.code.value}"
        else:
            self._state.hear(message)

    def _refused(self, rejected: Rejected) -> None:
        """What never left the car on this journal is not dropped, whatever an earlier one was refused."""
        of_another = rejected.boot is not None and rejected.boot.lower() != self._boot.lower()
        if of_another or not self.welcomed or rejected.seq > self._cursor:
            _log.warning("rejected_of_another_journal", seq=rejected.seq, boot=rejected.boot, sent=self._cursor)
            return
        self._state.refuse(rejected, self._journal.drop(rejected.seq))
        self._in_flight.pop(rejected.seq, None)
        self._progress_s = self._monotonic_s()

    def _welcome(self, welcome: Welcome, unread: tuple[str, ...]) -> None:
        if self.welcomed:
            return
        if welcome.resume_after > self._journal.handed_out:
            # The gateway holds numbers of this boot that this file never let out: it is a copy, or a disk lost its
            # last writes. Under this name the next messages would be taken for repetitions.
            _log.warning("journal_behind_gateway", resume_after=welcome.resume_after, here=self._journal.handed_out)
            self._journal.start_new_boot()
            self.ended = NEW_BOOT
            return
        self._journal.forget(welcome.resume_after)
        self._cursor = welcome.resume_after
        self._state.presses.acknowledged(welcome.resume_after)
        self._state.presses.sent(welcome.resume_after)
        if unread:
            _log.error("orders_unreadable", assignment_ids=unread)
        self._state.welcome(welcome, unread)
        self.welcomed = True
        self._progress_s = self._monotonic_s()
        _log.info(
            "link_welcomed",
            unit_id=welcome.unit_id,
            resume_after=welcome.resume_after,
            waiting=self._journal.waiting(),
            clock_offset_ms=self._state.clock_offset_ms,
        )

    def _acknowledge(self, seq: int) -> None:
        if not self.welcomed:
            return
        if seq > self._cursor:
            _log.warning("ack_ahead", seq=seq, sent=self._cursor)
        upto = min(seq, self._cursor)
        self._journal.forget(upto)
        self._state.presses.acknowledged(upto)
        while self._in_flight and (first := next(iter(self._in_flight))) <= upto:
            del self._in_flight[first]
        self._progress_s = self._monotonic_s()

    # ---- out

    def next_frame(self) -> str | None:
        """What to send next; None while there is nothing, or the window is full."""
        if self._journal.boot != self._boot and self.ended is None:
            self.ended = NEW_BOOT
        room = WINDOW_ROWS - len(self._in_flight)
        if not self.welcomed or self.ended is not None or room <= 0:
            return None
        rows = _fitting(self._journal.after(self._cursor, min(room, BATCH_LIMIT_ROWS)))
        if not rows or self._journal.boot != self._boot:
            return None
        if not self._in_flight:
            self._progress_s = self._monotonic_s()
        self._cursor = rows[-1].seq
        self._state.presses.sent(self._cursor)
        self._in_flight.update(dict.fromkeys(row.seq for row in rows))
        bodies = b",".join(row.body for row in rows).decode()
        return bodies if len(rows) == 1 else f"[{bodies}]"

    def overdue(self) -> str | None:
        """Why to give this connection up, judged by time alone."""
        waited_s = self._monotonic_s() - self._progress_s
        if not self.welcomed:
            return "no welcome" if waited_s > WELCOME_LIMIT_S else None
        return "no acknowledgement" if self._in_flight and waited_s > STALL_LIMIT_S else None


def _fitting(rows: list[Row]) -> list[Row]:
    total = 0
    for index, row in enumerate(rows):
        total += len(row.body) + 1
        if total > BATCH_LIMIT_BYTES and index > 0:
            return rows[:index]
    return rows
