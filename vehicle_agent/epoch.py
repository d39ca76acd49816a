"""Combines the sentences of one epoch (one instant of the receiver) into one position. Pure.

Rules, in short:
- RMC, GGA, GNS, GST and ZDA carry a time and so name their epoch; VTG and GSA belong to the epoch they follow.
- There is a position only where RMC, GGA or GNS gives one and none of them, nor all the GSA, denies it.
- Date and time are the receiver's own. GGA, GNS carry no date: it comes from RMC or ZDA of the same epoch, or is
  counted on from an earlier epoch over midnight. A position that has no date at all is not reported: its time would be
  a guess. The date of a void RMC is not believed, for receivers without a fix send garbage there.
- Dead reckoning (mode E, quality 6) is reported with an accuracy that says so. Simulator and hand-entered positions
  (modes S, M; qualities 7, 8) are not measured and never leave the car.
- A 2D fix (all the GSA that have one say 2) keeps its place, not its height, and an accuracy that says so.
- Accuracy: GST where the receiver sends it, else HDOP times METRES_PER_HDOP.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from vehicle_agent.nmea import Sentence
from vehicle_agent.receiver import METRES_PER_HDOP, Position, position

MPS_PER_KNOT: Final = 1852 / 3600
_POSITION_KINDS: Final = ("RMC", "GGA", "GNS")
_TIMED_KINDS: Final = (*_POSITION_KINDS, "GST", "ZDA")
_HDOP_LIMIT: Final = 50.0  # receivers write 99.99 for "unknown"
_NO_FIX_TYPE: Final = 1
_FIX_TYPE_2D: Final = 2
_UNMEASURED_QUALITIES: Final = {0, 7, 8}
_ESTIMATED_QUALITY: Final = 6
_UNMEASURED_MODES: Final = frozenset("NMS")
_ESTIMATED_MODES: Final = _UNMEASURED_MODES | {"E"}
_YEARS: Final = range(1980, 2201)  # GPS time begins in 1980; a receiver without a date sends anything
_HALF_DAY: Final = timedelta(hours=12)


class Epoch:
    """What the receiver says of one instant."""

    def __init__(self, at: time | None) -> None:
        self.at = at
        self.by_kind: dict[str, Sentence] = {}
        self.fix_types: list[int] = []

    def add(self, sentence: Sentence) -> None:
        """Take in one sentence; a later one of the same kind replaces an earlier."""
        self.by_kind[sentence.kind] = sentence
        if sentence.kind == "GSA" and sentence.fix_type is not None:
            self.fix_types.append(sentence.fix_type)

    def denied(self) -> bool:
        """Whether the receiver says that it has no measured position."""
        rmc, gga, gns = (self.by_kind.get(kind) for kind in _POSITION_KINDS)
        return bool(
            (rmc and (rmc.status != "A" or (rmc.mode or "A") in _UNMEASURED_MODES))
            or (gga and (gga.quality is None or gga.quality in _UNMEASURED_QUALITIES))
            or (gns and set(gns.mode or "N") <= _UNMEASURED_MODES)
            or (self.fix_types and all(kind == _NO_FIX_TYPE for kind in self.fix_types))
        )

    def estimated(self) -> bool:
        """Whether the position is dead reckoning."""
        rmc, gga, gns = (self.by_kind.get(kind) for kind in _POSITION_KINDS)
        return bool(
            (rmc and rmc.mode == "E")
            or (gga and gga.quality == _ESTIMATED_QUALITY)
            or (gns and set(gns.mode or "N") <= _ESTIMATED_MODES)
        )

    def date(self) -> date | None:
        """The date as the receiver gives it in this epoch."""
        for kind in ("RMC", "ZDA"):
            sentence = self.by_kind.get(kind)
            if sentence is None or sentence.date is None or sentence.time != self.at:
                continue
            if sentence.date.year in _YEARS:
                return sentence.date
        return None

    def position(self, moment: datetime) -> Position | None:
        """The position of this epoch, `moment` being its date and time in UTC."""
        place = next(
            (s for kind in ("GGA", "GNS", "RMC") if (s := self.by_kind.get(kind)) and None not in (s.lat, s.lon)), None
        )
        if place is None or place.lat is None or place.lon is None or self.denied():
            return None
        height = self.by_kind.get("GGA") or self.by_kind.get("GNS")
        return position(
            time_ms=round(moment.timestamp() * 1000),
            lat=place.lat,
            lon=place.lon,
            accuracy_m=self._accuracy_m(),
            speed_mps=self._speed_mps(),
            course_deg=self._first("course_deg", "RMC", "VTG"),
            altitude_m=None if height is None else height.altitude_m,
            estimated=self.estimated(),
            flat=max(self.fix_types, default=0) == _FIX_TYPE_2D,
        )

    def _first(self, member: str, *kinds: str) -> float | None:
        for kind in kinds:
            value: float | None = getattr(self.by_kind.get(kind), member, None)
            if value is not None:
                return value
        return None

    def _accuracy_m(self) -> float | None:
        std_lat_m, std_lon_m = self._first("std_lat_m", "GST"), self._first("std_lon_m", "GST")
        if std_lat_m is not None and std_lon_m is not None:
            return math.hypot(std_lat_m, std_lon_m)
        hdop = self._first("hdop", "GGA", "GNS", "GSA")
        return hdop * METRES_PER_HDOP if hdop is not None and 0 < hdop < _HDOP_LIMIT else None

    def _speed_mps(self) -> float | None:
        knots = self._first("speed_knots", "RMC", "VTG")
        if knots is not None:
            return knots * MPS_PER_KNOT
        kmh = self._first("speed_kmh", "VTG")
        return None if kmh is None else kmh / 3.6


class Outcome:
    """One closed epoch: its moment (None without date), and its position (None where the receiver has no fix)."""

    def __init__(self, moment: datetime | None, place: Position | None) -> None:
        self.moment = moment
        self.position = place


class Combiner:
    """Sentences in, outcomes out. An epoch closes when the next one begins, or by `flush` when the line falls quiet."""

    def __init__(self) -> None:
        self._open: Epoch | None = None
        self._closed_at: time | None = None
        self._last_moment: datetime | None = None

    def feed(self, sentence: Sentence) -> Outcome | None:
        """The epoch that this sentence ends, if it begins another."""
        timed = sentence.kind in _TIMED_KINDS
        current = self._open
        if not timed:
            if current is not None:
                current.add(sentence)
            return None
        if current is not None and self._same(current, sentence):
            current.add(sentence)
            return None
        ended = self.flush()
        if sentence.time is None or sentence.time != self._closed_at:
            self._open = Epoch(sentence.time)
            self._open.add(sentence)
        return ended

    def flush(self) -> Outcome | None:
        """Close the open epoch, if there is one."""
        epoch, self._open = self._open, None
        if epoch is None:
            return None
        self._closed_at = epoch.at
        moment = self._moment(epoch)
        return Outcome(moment, None if moment is None else epoch.position(moment))

    def _same(self, epoch: Epoch, sentence: Sentence) -> bool:
        if sentence.time is None and epoch.at is None:
            # Receivers without a time repeat their empty sentences: the same kind again is the next round.
            return sentence.kind not in epoch.by_kind
        return epoch.at == sentence.time

    def _moment(self, epoch: Epoch) -> datetime | None:
        if epoch.at is None:
            return None
        day = None if epoch.denied() else epoch.date()
        last = self._last_moment
        if day is None:
            if last is None:
                return None
            moment = datetime.combine(last.date(), epoch.at, UTC)
            if moment < last - _HALF_DAY:
                moment += timedelta(days=1)
        else:
            moment = datetime.combine(day, epoch.at, UTC)
        self._last_moment = moment
        return moment
