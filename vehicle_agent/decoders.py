"""Bytes from a receiver to positions, one decoder a format, behind one small interface. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from vehicle_agent import gpsd
from vehicle_agent.epoch import Combiner, Outcome
from vehicle_agent.nmea import Scanner
from vehicle_agent.receiver import OncePerSecond, Position

_LINE_LIMIT_BYTES: Final = 64 * 1024
_LEAP_S: Final = 600.0
# Of several devices in one gpsd the first with a fix is heard; another only after it had so many and the first none.
_DEVICE_LOST_AFTER_FIXES: Final = 5


class Decoder(Protocol):
    """`feed` and `flush` give what the receiver says, in order: a position, or None for "no fix now"."""

    greeting: bytes

    def feed(self, data: bytes) -> list[Position | None]:
        """What these bytes complete."""
        ...

    def flush(self) -> list[Position | None]:
        """What is complete because the line has fallen quiet."""
        ...

    def understood(self) -> bool:
        """Whether anything readable has come at all."""
        ...


class NmeaDecoder:
    """NMEA 0183 sentences."""

    greeting = b""

    def __init__(self) -> None:
        self._scanner = Scanner()
        self._combiner = Combiner()
        self._due = OncePerSecond()
        self._understood = False

    def epochs(self, data: bytes) -> list[Outcome]:
        """The epochs that these bytes end, with their times; for replaying."""
        sentences = self._scanner.feed(data)
        self._understood = self._understood or bool(sentences)
        return [ended for sentence in sentences if (ended := self._combiner.feed(sentence)) is not None]

    def last_epoch(self) -> list[Outcome]:
        """The epoch that is still open."""
        ended = self._combiner.flush()
        return [] if ended is None else [ended]

    def due(self, outcomes: list[Outcome]) -> list[Position | None]:
        """What of these outcomes is to be told."""
        places = [outcome.position for outcome in outcomes]
        return [place for place in places if place is None or self._due.admits(place)]

    def feed(self, data: bytes) -> list[Position | None]:
        """See `Decoder`."""
        return self.due(self.epochs(data))

    def flush(self) -> list[Position | None]:
        """See `Decoder`."""
        return self.due(self.last_epoch())

    def understood(self) -> bool:
        """See `Decoder`."""
        return self._understood


class GpsdDecoder:
    """gpsd's JSON lines. `device`: hear only this one of its devices."""

    def __init__(self, device: str | None = None) -> None:
        self.greeting = gpsd.watch(device)
        self._device: str | None = device
        self._others = 0
        self._buffer = b""
        self._due = OncePerSecond()
        self._understood = False

    def feed(self, data: bytes) -> list[Position | None]:
        """See `Decoder`."""
        *lines, rest = (self._buffer + data).split(b"\n")
        self._buffer = rest if len(rest) <= _LINE_LIMIT_BYTES else b""
        told: list[Position | None] = []
        for line in lines:
            report = gpsd.report(line)
            if report is None:
                continue
            self._understood = True
            if not self._hears(report):
                continue
            if report.position is None:
                told.append(None)
            elif self._due.admits(report.position):
                told.append(report.position)
        return told

    def _hears(self, report: gpsd.Report) -> bool:
        # Two devices on two places of one roof, told in turn, would make a parked car jump to and fro.
        if report.device != self._device and self._device is not None:
            self._others += report.position is not None
            if self._others < _DEVICE_LOST_AFTER_FIXES:
                return False
        if report.position is not None:
            self._device, self._others = report.device, 0
        return True

    def flush(self) -> list[Position | None]:
        """See `Decoder`."""
        return []

    def understood(self) -> bool:
        """See `Decoder`."""
        return self._understood


class Pacer:
    """When each epoch of a replayed file is due, by the receiver's own times and `rate` times as fast.

    A leap of more than ten minutes, or back, is a receiver that set its clock, not time that passed: it counts 1 s.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._last: datetime | None = None
        self._due_s = 0.0

    def delay_s(self, moment: datetime | None, now_s: float) -> float:
        """Seconds to wait from `now_s` (a monotonic clock). An epoch without a time is due at once."""
        if moment is None:
            return 0.0
        if self._last is None:
            self._due_s = now_s
        else:
            step_s = (moment - self._last).total_seconds()
            self._due_s += (step_s if 0 <= step_s <= _LEAP_S else 1.0) / self._rate
        self._last = moment
        return max(0.0, self._due_s - now_s)
