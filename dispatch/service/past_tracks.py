"""Where units were known to be at a past moment, from fixes in the order in which they came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from dispatch.domain.past import Members
from dispatch.domain.past_rows import newest_by
from dispatch.store.rows import AnyRow

MEMBERS: Final = ("lat", "lon", "accuracy_m", "speed_mps", "course_deg", "fixed_at", "received_at")
MILLISECOND: Final = timedelta(milliseconds=1)
_NOWHERE: Final[Members] = dict.fromkeys(MEMBERS)


@dataclass(frozen=True, slots=True)
class Track:
    """Columns of equal length, as dispatch.store.past_positions gives them."""

    at_ms: Sequence[int]
    age_ms: Sequence[int]
    lat_e6: Sequence[int]
    lon_e6: Sequence[int]
    accuracy_dm: Sequence[int | None]
    speed_dmps: Sequence[int | None]
    course_deg: Sequence[int | None]


class Tracks:
    """By unit. A late fix never moves a unit backwards: what came in with an older fix than was known is left out."""

    def __init__(self, start: datetime, before: Sequence[AnyRow], within: Sequence[AnyRow]) -> None:
        self._start = start
        self.first: dict[UUID, AnyRow] = {}
        for row in before:
            known = self.first.get(row.unit_id)
            if known is None or known.fixed_at < row.fixed_at:
                self.first[row.unit_id] = row
        self.within = {row.unit_id: self._forward(row) for row in within}

    def position(self, unit_id: UUID, at: datetime) -> Members:
        """The members of the unit's position at that moment, all None where none was known."""
        track = self.within.get(unit_id)
        n = None if track is None else newest_by(track.at_ms, (at - self._start) // MILLISECOND)
        if track is None or n is None:
            row = self.first.get(unit_id)
            return _NOWHERE if row is None else {name: getattr(row, name) for name in MEMBERS}
        received_at = self._start + track.at_ms[n] * MILLISECOND
        return {
            "lat": track.lat_e6[n] / 1e6,
            "lon": track.lon_e6[n] / 1e6,
            "accuracy_m": tenth(track.accuracy_dm[n]),
            "speed_mps": tenth(track.speed_dmps[n]),
            "course_deg": track.course_deg[n],
            "fixed_at": received_at - track.age_ms[n] * MILLISECOND,
            "received_at": received_at,
        }

    def _forward(self, row: AnyRow) -> Track:
        known = self.first.get(row.unit_id)
        newest_ms = None if known is None else (known.fixed_at - self._start) // MILLISECOND
        kept = []
        for n, (at_ms, age_ms) in enumerate(zip(row.at_ms, row.age_ms, strict=True)):
            if newest_ms is None or at_ms - age_ms > newest_ms:
                kept.append(n)
                newest_ms = at_ms - age_ms
        return Track(*([getattr(row, column.name)[n] for n in kept] for column in fields(Track)))


def tenth(value: int | None) -> float | None:
    """Of tenths the whole."""
    return None if value is None else value / 10
