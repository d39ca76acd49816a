"""One car's session, Sans-I/O: frames, commits and the clock go in; what to send, store or close comes out.

It knows no socket, no database and no clock, so every rule of the link can be tested without any of them. The shell
(connection.py) carries the outputs out in their order, and reads no further frame between `NeedWelcome` and
`welcome()`.

The rule that all others serve: an `ack` names only what is durable, and whatever is durable up to `seq` has no hole
in it. Hence messages are taken in the order of `seq`, and once one was shed, all later ones are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gateway.parsing import Fault, Parsed, Refusal, parse_car_frame
from gateway.protocol import (
    CLOCK_AHEAD_LIMIT_MS,
    CLOSE_POLICY,
    CLOSE_TRY_LATER,
    Ack,
    Error,
    ErrorCode,
    Fix,
    GatewayMessage,
    Hello,
    JournalledMessage,
    Rejected,
    RejectedCode,
    Welcome,
    encode,
)

ERROR_WINDOW_S: Final = 60.0
ERRORS_IN_WINDOW: Final = 10
SHED_GRACE_S: Final = 10.0

Entry = JournalledMessage | Refusal
"""One journalled message on its way into the store: as read, or as refused (kept for audit)."""


@dataclass(frozen=True, slots=True)
class Send:
    """Put this message on the wire."""

    message: GatewayMessage


@dataclass(frozen=True, slots=True)
class Store:
    """Make these durable, in this order, then call `committed`."""

    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class NeedWelcome:
    """Look up what is held of this journal and which orders are open, then call `welcome`."""

    hello: Hello


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection after all that was sent before."""

    code: int
    reason: str


Output = Send | Store | NeedWelcome | Close


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one connection may ask of the gateway."""

    burst_frames: float = 20_000
    frames_per_s: float = 1_000
    hello_within_s: float = 60


class _State(Enum):
    NO_HELLO = auto()
    WELCOMING = auto()
    WELCOMED = auto()
    CLOSED = auto()


class Session:
    """The gateway's side of one connection. Times are seconds of a monotonic clock, except `server_ms` (epoch)."""

    def __init__(self, now_s: float, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._state = _State.NO_HELLO
        self._opened_s = now_s
        self._held: list[Parsed] = []
        self._durable_seq = 0
        self._taken_seq = 0
        self._acked_seq = 0
        self._errors_s: deque[float] = deque(maxlen=ERRORS_IN_WINDOW)
        self._tokens = self._limits.burst_frames
        self._refilled_s = now_s
        self._shedding_since_s: float | None = None

    def receive(self, frame: str | bytes, now_s: float, server_ms: int) -> list[Output]:
        """One frame from the car: text as `str`, binary as `bytes` (an error: every frame is text)."""
        if self._state is _State.CLOSED:
            return []
        if not self._within_rate(now_s):
            return self._shed(now_s)
        if isinstance(frame, bytes):
            return self._handle(
                [Fault(ErrorCode.BAD_JSON, "a binary frame; every frame is JSON text")], now_s, server_ms
            )
        return self._handle(parse_car_frame(frame), now_s, server_ms)

    def welcome(self, welcome: Welcome, now_s: float, server_ms: int) -> list[Output]:
        """The look-up asked for by `NeedWelcome` is done."""
        if self._state is not _State.WELCOMING:
            return []
        self._state = _State.WELCOMED
        self._durable_seq = self._taken_seq = self._acked_seq = welcome.resume_after
        held, self._held = self._held, []
        return [Send(welcome), *self._handle(held, now_s, server_ms)]

    def committed(self, durable_seq: int, refused: Iterable[Refusal] = ()) -> list[Output]:
        """A commit made everything of this journal up to `durable_seq` durable, `refused` among it."""
        self._durable_seq = max(self._durable_seq, durable_seq)
        self._taken_seq = max(self._taken_seq, durable_seq)
        if self._state is _State.CLOSED:
            return []
        outputs: list[Output] = [Send(Rejected(seq=item.seq, code=item.code, message=item.message)) for item in refused]
        if self._durable_seq > self._acked_seq:
            outputs.append(self._ack())
        return outputs

    def tick(self, now_s: float) -> list[Output]:
        """Time has passed: closes what said no hello, or was shed and did not leave by itself."""
        if self._state is _State.NO_HELLO and now_s - self._opened_s > self._limits.hello_within_s:
            return [self._close(CLOSE_POLICY, "no hello")]
        if (
            self._state is not _State.CLOSED
            and self._shedding_since_s is not None
            and now_s - self._shedding_since_s > SHED_GRACE_S
        ):
            return [self._close(CLOSE_TRY_LATER, "too fast: reconnect and resume")]
        return []

    def _handle(self, items: Sequence[Parsed], now_s: float, server_ms: int) -> list[Output]:
        outputs: list[Output] = []
        entries: list[Entry] = []
        repeated = told_no_hello = False
        for place, item in enumerate(items):
            if self._state is _State.CLOSED:
                break
            if self._state is _State.WELCOMING:
                self._held.extend(items[place:])
                break
            if isinstance(item, Fault):
                outputs += self._error(item.code, item.message, now_s)
            elif isinstance(item, Hello):
                outputs += self._greet(item, now_s)
            elif self._state is _State.WELCOMED:
                repeated = repeated or item.seq <= self._durable_seq
                if item.seq > self._taken_seq:
                    self._taken_seq = item.seq
                    entries.append(checked(item, server_ms))
            elif not told_no_hello:
                told_no_hello = True
                outputs += self._error(ErrorCode.NO_HELLO, "the first message of a connection is hello", now_s)
        closing = [outputs.pop()] if outputs and isinstance(outputs[-1], Close) else []
        if entries:
            outputs.append(Store(entries))
        if repeated and not closing:
            outputs.append(self._ack())
        return outputs + closing

    def _greet(self, hello: Hello, now_s: float) -> list[Output]:
        if self._state is not _State.NO_HELLO:
            return self._error(ErrorCode.BAD_MESSAGE, "type: a second hello in one connection", now_s)
        self._state = _State.WELCOMING
        return [NeedWelcome(hello)]

    def _ack(self) -> Send:
        self._acked_seq = self._durable_seq
        return Send(Ack(seq=self._durable_seq))

    def _error(self, code: ErrorCode, message: str, now_s: float) -> list[Output]:
        outputs: list[Output] = [Send(Error(code=code, message=message))]
        self._errors_s.append(now_s)
        if len(self._errors_s) == ERRORS_IN_WINDOW and now_s - self._errors_s[0] <= ERROR_WINDOW_S:
            outputs.append(self._close(CLOSE_POLICY, "ten errors within a minute"))
        return outputs

    def _close(self, code: int, reason: str) -> Close:
        self._state = _State.CLOSED
        return Close(code, reason)

    def _within_rate(self, now_s: float) -> bool:
        """A token bucket on frames. Once empty it stays shut for this connection: were a later message taken after
        one was shed, its acknowledgement would cover the shed one, and the car would forget what nobody holds. The car
        reconnects and resumes behind the last message that was taken."""
        refill = (now_s - self._refilled_s) * self._limits.frames_per_s
        self._tokens = min(self._limits.burst_frames, self._tokens + refill)
        self._refilled_s = now_s
        if self._shedding_since_s is not None:
            return False
        if self._tokens < 1:
            self._shedding_since_s = now_s
            return False
        self._tokens -= 1
        return True

    def _shed(self, now_s: float) -> list[Output]:
        return self._error(ErrorCode.TOO_FAST, "not taken, nor anything after it: reconnect and resume", now_s)


def checked(entry: Entry, server_ms: int) -> Entry:
    """The entry itself, or its refusal if it is a fix from too far in the future. `server_ms`: the server's clock."""
    if not isinstance(entry, Fix) or entry.time_ms <= server_ms + CLOCK_AHEAD_LIMIT_MS:
        return entry
    ahead_s = (entry.time_ms - server_ms) / 1000
    return Refusal(
        seq=entry.seq,
        code=RejectedCode.CLOCK_AHEAD,
        message=f"time_ms: {ahead_s:.0f} s ahead of the server's clock",
        type="fix",
        time_ms=entry.time_ms,
        body=encode(entry),
    )
