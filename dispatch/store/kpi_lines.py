"""The incidents of a day as lines of the ledger, from the tables that are the truth."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.hexagon import cell_of
from dispatch.domain.incident import TARGET_S, Category, IncidentState, Priority
from dispatch.domain.kpi import STILL_OPEN, TAIPEI, Clock, Exclusion, IncidentRecord, Verdict, verdict
from dispatch.domain.kpi_columns import CLOCKS
from dispatch.domain.kpi_filter import Place
from dispatch.domain.kpi_line import Course, LedgerLine
from dispatch.domain.parts import Sent, first_there, parts_of
from dispatch.domain.review import Arrivals, Ruling, arrivals_after, reviewed, unsent_at
from dispatch.domain.why_late import LateCase, why_late
from dispatch.store.review_facts import among, inferred_steps, sent_to
from dispatch.store.reviews import marks_of, news_since_rulings, rulings_of, state_of
from dispatch.store.rows import AnyRow
from dispatch.store.tables import incidents, precincts, stations
from dispatch.store.why_late import late_cases


def on_days(days: Sequence[date]) -> ColumnElement[bool]:
    """Received on one of these days of Asia/Taipei; neighbouring days are one range for the index."""
    ranges: list[list[date]] = []
    for day in sorted(days):
        if ranges and ranges[-1][1] == day:
            ranges[-1][1] = day + timedelta(days=1)
        else:
            ranges.append([day, day + timedelta(days=1)])
    received = incidents.c.received_at
    return or_(false(), *(and_(received >= _midnight(begin), received < _midnight(end)) for begin, end in ranges))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), TAIPEI)


async def places(connection: AsyncConnection) -> dict[UUID, Place]:
    """Where each station belongs, by the names of this moment."""
    query = select(stations.c.station_id, stations.c.name, precincts.c.name.label("precinct")).outerjoin(
        precincts, precincts.c.precinct_id == stations.c.precinct_id
    )
    return {row.station_id: Place(row.name, row.precinct) for row in await connection.execute(query)}


Placed = tuple[LedgerLine, str | None]
"""A line, and the id of the station that its incident belongs to."""


async def lines_of_days(connection: AsyncConnection, days: Sequence[date]) -> list[Placed]:
    """The line of each incident received on these days of Asia/Taipei, by receipt."""
    return await _placed(connection, on_days(days))


async def placed_lines_of(connection: AsyncConnection, incident_ids: Sequence[UUID]) -> list[Placed]:
    """The lines of these incidents, by receipt; without those that there are not."""
    return await _placed(connection, among(incidents.c.incident_id, incident_ids))


async def lines_of(connection: AsyncConnection, incident_ids: Sequence[UUID]) -> list[LedgerLine]:
    """The lines of these incidents, in their order; without those that there are not."""
    found = {line.recorded.incident_id: line for line, _ in await placed_lines_of(connection, incident_ids)}
    return [found[one] for one in incident_ids if one in found]


async def _placed(connection: AsyncConnection, which: ColumnElement[bool]) -> list[Placed]:
    query = select(incidents).where(which).order_by(incidents.c.received_at, incidents.c.incident_id)
    rows = (await connection.execute(query)).all()
    where = [None if row.station_id is None else str(row.station_id) for row in rows]
    return list(zip(await _lines(connection, rows), where, strict=True))


@dataclass(frozen=True, slots=True)
class _Told:
    """What is on record of the arrivals at one incident. `inferred`, `news`: by assignment, of others as well."""

    sent: Sequence[AnyRow]
    inferred: Mapping[UUID, Collection[str]]
    rulings: Sequence[Ruling]
    news: Collection[UUID]


async def _lines(connection: AsyncConnection, rows: Sequence[AnyRow]) -> list[LedgerLine]:
    ids = [row.incident_id for row in rows]
    where = await places(connection)
    sent = await sent_to(connection, ids)
    inferred = await inferred_steps(connection, ids)
    rulings = await rulings_of(connection, ids)
    news = await news_since_rulings(connection, rulings)
    entered = await _entered(connection, rows)

    def drawn() -> list[LedgerLine]:
        return [
            _line(
                row,
                entered[row.incident_id],
                where,
                _Told(sent.get(row.incident_id, ()), inferred, rulings.get(row.incident_id, ()), news),
            )
            for row in rows
        ]

    # Thousands of lines are half a second's work: dispatching goes on beside it.
    return await _with_reasons(connection, await to_thread(drawn))


def _line(
    row: AnyRow,
    entered_at: datetime | None,
    where: Mapping[UUID, Place],
    told: _Told,
) -> LedgerLine:
    sent, rulings = _sent(told.sent), told.rulings
    place = where.get(row.station_id, Place())
    dispatched = [one.dispatched_at for one in sent if one.dispatched_at is not None]
    arrivals = {one.assignment_id: one.on_scene_at for one in sent}
    first = first_there(sent)
    first_ruled = _first_ruled(sent, arrivals, rulings) if rulings else first
    recorded = IncidentRecord(
        incident_id=row.incident_id,
        number=row.number,
        category=Category(row.category),
        priority=Priority(row.priority),
        received_at=row.received_at,
        precinct=place.precinct,
        station=place.station,
        dispatched_at=min(dispatched, default=None),
        on_scene_at=first.on_scene_at if first else None,
        state=IncidentState(row.state),
        exclusion=Exclusion(row.exclusion) if row.exclusion else None,
        unit_type=first.unit_type if first else None,
        cell=None if row.lat is None else cell_of(row.lat, row.lon),
        ended_at=row.ended_at,
    )
    ruled = replace(reviewed(recorded, rulings, arrivals), unit_type=first_ruled.unit_type if first_ruled else None)
    return LedgerLine(
        recorded=recorded,
        reviewed=ruled,
        recorded_course=_course(row.received_at, entered_at, first),
        reviewed_course=_course(row.received_at, entered_at, first_ruled),
        marks=marks_of(recorded, ruled, told.sent, told.inferred, rulings),
        review=state_of(recorded, ruled, told.sent, told.inferred, rulings, told.news),
        ended_at=row.ended_at,
        is_imported=row.import_id is not None,
    )


def _first_ruled(sent: Sequence[Sent], arrivals: Arrivals, rulings: Sequence[Ruling]) -> Sent | None:
    """Who was there first by the rulings; None too where that was somebody who was not sent."""
    after = arrivals_after(arrivals, rulings)
    first = first_there(replace(one, on_scene_at=after[one.assignment_id]) for one in sent)
    unsent = unsent_at(rulings)
    comes_later = first is not None and (
        first.on_scene_at is None or (unsent is not None and unsent < first.on_scene_at)
    )
    return None if unsent is not None and comes_later else first


def _course(received_at: datetime, entered_at: datetime | None, first: Sent | None) -> Course:
    return Course(
        parts=parts_of(received_at, entered_at, first),
        eta_s=first.eta_s if first else None,
        unit=first.unit if first else None,
    )


def _is_late(record: IncidentRecord, clock: Clock) -> bool:
    """Late for good. One that is open and not reached gets its reason when it has ended."""
    said = verdict(record, clock)
    return said is Verdict.NOT_REACHED or (isinstance(said, timedelta) and said.total_seconds() > TARGET_S)


def _has_reason(record: IncidentRecord) -> bool:
    return any(_is_late(record, clock) for clock in CLOCKS)


async def _with_reasons(connection: AsyncConnection, lines: Sequence[LedgerLine]) -> list[LedgerLine]:
    """Why each is late, on each clock and by either figures: the same where nobody ruled otherwise."""
    by_ruling = await late_cases(
        connection, [line.reviewed.incident_id for line in lines if _has_reason(line.reviewed)]
    )
    ruled = [
        line.recorded.incident_id for line in lines if line.reviewed != line.recorded and _has_reason(line.recorded)
    ]
    by_record = await late_cases(connection, ruled, "recorded") if ruled else {}

    def reasoned(line: LedgerLine) -> LedgerLine:
        incident_id = line.recorded.incident_id
        after = _reasoned(line.reviewed, line.reviewed_course, by_ruling.get(incident_id))
        before = after
        if line.reviewed != line.recorded:
            before = _reasoned(line.recorded, line.recorded_course, by_record.get(incident_id))
        (recorded, recorded_course), (ruled, ruled_course) = before, after
        return replace(
            line,
            recorded=recorded,
            recorded_course=recorded_course,
            reviewed=ruled,
            reviewed_course=ruled_course,
        )

    return await to_thread(lambda: [reasoned(line) for line in lines])


def _reasoned(record: IncidentRecord, course: Course, case: LateCase | None) -> tuple[IncidentRecord, Course]:
    if verdict(record, "received") is Verdict.STILL_OPEN:
        return replace(record, late_reason_received=STILL_OPEN, late_reason_dispatched=STILL_OPEN), course
    if case is None:
        return record, course
    by_clock = {clock: why_late(case, clock) if _is_late(record, clock) else None for clock in CLOCKS}
    reasons: dict[str, Any] = {f"late_reason_{clock}": why and str(why.reason) for clock, why in by_clock.items()}
    free_s: dict[str, Any] = {f"nearest_free_s_{clock}": why and why.nearest_free_s for clock, why in by_clock.items()}
    return replace(record, **reasons), replace(course, **free_s)


async def _entered(connection: AsyncConnection, rows: Sequence[AnyRow]) -> dict[UUID, datetime | None]:
    """When each was entered; of several calls that are one incident now, the first of them."""
    found = {row.incident_id: row.created_at for row in rows}
    merged = select(incidents.c.merged_into, func.min(incidents.c.created_at).label("created_at")).where(
        among(incidents.c.merged_into, found)
    )
    for row in await connection.execute(merged.group_by(incidents.c.merged_into)):
        own = found[row.merged_into]
        found[row.merged_into] = row.created_at if own is None else min(own, row.created_at)
    return found


def _sent(rows: Sequence[AnyRow]) -> list[Sent]:
    return [
        Sent(
            assignment_id=row.assignment_id,
            dispatched_at=row.dispatched_at,
            acknowledged_at=row.acknowledged_at,
            en_route_at=row.en_route_at,
            on_scene_at=row.on_scene_at,
            unit=row.unit_name,
            unit_type=row.unit_type,
            eta_s=row.eta_s,
        )
        for row in rows
    ]
