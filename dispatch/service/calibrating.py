"""Learns speed factors from what the fleet drove, and puts a version of them in force. The rule: docs/eta.md."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.kpi import TAIPEI
from dispatch.domain.refusals import Invalid
from dispatch.roads.calibration import Drive, Errors, columns, errors, learn
from dispatch.roads.matching import Matcher
from dispatch.roads.speed_factors import SpeedFactors, cells
from dispatch.roads.street_map import StreetMap
from dispatch.roads.way_points import WayPoints, way_points
from dispatch.service.situations import LIGHTS_FROM
from dispatch.service.streets import Streets
from dispatch.store.access import log_access
from dispatch.store.drives import drives, fixes_of
from dispatch.store.rows import AnyRow
from dispatch.store.speed_versions import add_version, apply_version, learned_from_of

DRIVES_MAX: Final = 5000
"""Of more than these a sample; a cell's middle is known to a per cent by then."""
DRIVES_MIN: Final = 30
HELD_MIN: Final = 5
HELD_OUT_EVERY: Final = 5
"""Of the days with drives, every fifth: seven weekdays come round, and the newest day is always one."""
MATCHED_MIN_M: Final = 300.0
"""Less of a drive on known streets tells nothing of its time."""
_AT_ONCE: Final = 200
_DAYS: Final = ("held_out_days", "checked_days", "overlap_days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """A new version and how good it is. It is not in force before somebody applies it."""

    version: int
    start: date
    end: date
    """The last day."""
    learned_days: int
    learned_drives: int
    held_out_days: tuple[date, ...]
    unmatched: int
    """Drives that could not be placed on the streets for long enough."""
    before_version: int
    """In force when it was made."""
    checked_days: tuple[date, ...]
    """On which both are compared: held-out days that neither learned from, where these have drives enough."""
    overlap_days: tuple[date, ...]
    """Of `checked_days` those that the version in force learned from: it looks better there than it is."""
    before: Errors
    after: Errors
    factors: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """As `patrol calibrate --json` writes it."""
        days = {name: [str(day) for day in getattr(self, name)] for name in _DAYS}
        return asdict(self) | days | {"start": str(self.start), "end": str(self.end)}


@dataclass(frozen=True, slots=True)
class _Matched:
    day: date
    drive: Drive


async def calibrate(engine: AsyncEngine, start: date, end: date, *, by: str, most: int = DRIVES_MAX) -> Calibrated:
    """Learns from the drives of these days, both included, of Asia/Taipei, and keeps what it learned as a version.

    Raises NoMap; Invalid where the period ends before it begins, or holds too few tracks.
    """
    if end < start:
        raise Invalid(f"the period ends ({end}) before it begins ({start})", member="to")
    streets = Streets()
    await streets.refresh(engine)
    loaded = streets.require()
    found, matched = await _read(engine, loaded.streets, start, end, by=by, most=most)
    held_out = held_out_days({one.day for one in matched})
    is_held = np.array([one.day in held_out for one in matched], dtype=bool)
    if np.count_nonzero(~is_held) < DRIVES_MIN or np.count_nonzero(is_held) < HELD_MIN:
        raise Invalid(
            f"there are too few tracks from {start} to {end} to learn from: {found} drives under way to incidents, "
            f"{len(matched)} of them on known streets, on {len({one.day for one in matched})} days; "
            f"{DRIVES_MIN} to learn from and {HELD_MIN} on other days to check by are needed: give a longer period",
            member="from",
        )

    before_version = streets.travel.speeds.version
    async with engine.connect() as connection:
        strange = not_learned_by(held_out, await learned_from_of(connection, before_version))
    enough = sum(one.day in strange for one in matched) >= HELD_MIN
    checked = strange if enough else held_out
    is_checked = np.array([one.day in checked for one in matched], dtype=bool)

    def learned() -> tuple[list[dict[str, Any]], Errors, Errors]:
        all_drives = columns(loaded.streets, [one.drive for one in matched])
        new, held = learn(all_drives.take(~is_held)), all_drives.take(is_checked)
        after = errors(held, SpeedFactors(-1, new.factor))
        return cells(new.factor, new.drives), errors(held, streets.travel.speeds), after

    factors, before, after = await asyncio.to_thread(learned)
    learned_days = len({one.day for one in matched} - held_out)
    async with engine.begin() as connection:
        version = await add_version(
            connection,
            made_by=by,
            factors=factors,
            learned_from={
                "start": str(start),
                "end": str(end),
                "days": learned_days,
                "drives": int(np.count_nonzero(~is_held)),
                "held_out_days": sorted(map(str, held_out)),
                "map_sha256": loaded.sha256,
            },
            errors={
                "before_version": before_version,
                "checked_days": sorted(map(str, checked)),
                "overlap_days": sorted(map(str, checked - strange)),
                "before": asdict(before),
                "after": asdict(after),
            },
        )
    return Calibrated(
        version=version,
        start=start,
        end=end,
        learned_days=learned_days,
        learned_drives=int(np.count_nonzero(~is_held)),
        held_out_days=tuple(sorted(held_out)),
        unmatched=found - len(matched),
        before_version=before_version,
        checked_days=tuple(sorted(checked)),
        overlap_days=tuple(sorted(checked - strange)),
        before=before,
        after=after,
        factors=factors,
    )


async def put_in_force(engine: AsyncEngine, version: int, by: str) -> None:
    """From now on every ETA is made with this version; servers are to be told on `map`. Raises NotFound."""
    async with engine.begin() as connection:
        await apply_version(connection, version, by)


def held_out_days(days: Collection[date]) -> frozenset[date]:
    """The days that nothing is learned from."""
    return frozenset(sorted(days, reverse=True)[::HELD_OUT_EVERY])


def not_learned_by(days: Collection[date], learned_from: Mapping[str, Any]) -> frozenset[date]:
    """Of these days those that a version, by its record, has not learned from."""
    if not learned_from:
        return frozenset(days)
    start, end = (date.fromisoformat(learned_from[name]) for name in ("start", "end"))
    held_out = {date.fromisoformat(day) for day in learned_from["held_out_days"]}
    return frozenset(day for day in days if not start <= day <= end or day in held_out)


async def _read(
    engine: AsyncEngine, street_map: StreetMap, start: date, end: date, *, by: str, most: int
) -> tuple[int, list[_Matched]]:
    begin, until = _midnight(start), _midnight(end + timedelta(days=1))
    async with engine.begin() as connection:
        found = await drives(connection, begin, until, most)
        detail = {"for": "calibration", "drives": len(found)}
        await log_access(connection, by, "track", f"{start}/{end}", detail)
    matcher, matched = await asyncio.to_thread(Matcher, street_map), []
    for first in range(0, len(found), _AT_ONCE):
        some = found[first : first + _AT_ONCE]
        async with engine.connect() as connection:
            fixes = await fixes_of(connection, some)
        matched += await asyncio.to_thread(_match, matcher, some, fixes)
    return len(found), matched


def _match(matcher: Matcher, some: Sequence[AnyRow], fixes: Sequence[AnyRow]) -> list[_Matched]:
    tracks: dict[UUID, WayPoints] = {}
    for assignment_id, rows in groupby(fixes, key=lambda row: row.assignment_id):
        of_drive = [(row.fixed_at.timestamp(), row.lat, row.lon) for row in rows]
        tracks[assignment_id] = way_points(*np.array(of_drive, dtype=np.float64).T)
    known = [row for row in some if row.assignment_id in tracks]
    driven = matcher.match([tracks[row.assignment_id] for row in known])
    matched = []
    for row, one in zip(known, driven, strict=True):
        if one.metres >= MATCHED_MIN_M:
            began_at = row.began_at.astimezone(TAIPEI)
            drive = Drive(one, began_at.hour, motorcycle=row.type == "motorcycle", lights=row.priority <= LIGHTS_FROM)
            matched.append(_Matched(began_at.date(), drive))
    return matched


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=TAIPEI)
