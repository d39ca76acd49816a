"""The incidents of a day as lines of the ledger, from the tables that are the truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.hexagon import cell_of
from dispatch.domain.incident import TARGET_S, Category, IncidentState, Priority
from dispatch.domain.kpi import TAIPEI, Exclusion, IncidentRecord, Verdict, verdict
from dispatch.domain.kpi_filter import Place
from dispatch.domain.kpi_line import LedgerLine, Mark
from dispatch.domain.parts import Sent, first_there, parts_of
from dispatch.domain.review import Ruling, arrivals_after, reviewed
from dispatch.domain.why_late import LateCase, why_late
from dispatch.store.reviews import marks_of, rulings_of
from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, incidents, precincts, stations, units, vehicles
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


async def lines_of_days(connection: AsyncConnection, days: Sequence[date]) -> list[tuple[LedgerLine, UUID | None]]:
    """The line of each incident received on these days of Asia/Taipei, by receipt, and its station."""
    query = select(incidents).where(on_days(days)).order_by(incidents.c.received_at, incidents.c.incident_id)
    rows = (await connection.execute(query)).all()
    return list(zip(await _lines(connection, rows), [row.station_id for row in rows], strict=True))


async def lines_of(connection: AsyncConnection, incident_ids: Sequence[UUID]) -> list[LedgerLine]:
    """The lines of these incidents, in their order; without those that there are not."""
    query = select(incidents).where(incidents.c.incident_id.in_(incident_ids))
    lines = await _lines(connection, (await connection.execute(query)).all())
    found = {line.recorded.incident_id: line for line in lines}
    return [found[one] for one in incident_ids if one in found]


async def _lines(connection: AsyncConnection, rows: Sequence[AnyRow]) -> list[LedgerLine]:
    ids = [row.incident_id for row in rows]
    where = await places(connection)
    sent = await _sent(connection, ids)
    rulings = await rulings_of(connection, ids)
    marks = await marks_of(connection, ids)
    lines = [
        _line(row, sent.get(row.incident_id, ()), where, rulings.get(row.incident_id, ()), marks.get(row.incident_id))
        for row in rows
    ]
    cases = await late_cases(connection, [line.reviewed.incident_id for line in lines if _is_late(line.reviewed)])
    return [_with_why(line, cases.get(line.reviewed.incident_id)) for line in lines]


def _line(
    row: AnyRow,
    sent: Sequence[Sent],
    where: Mapping[UUID, Place],
    rulings: Sequence[Ruling],
    marks: frozenset[Mark] | None,
) -> LedgerLine:
    first = first_there(sent)
    place = where.get(row.station_id, Place())
    dispatched = [one.dispatched_at for one in sent if one.dispatched_at is not None]
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
    )
    ruled = recorded
    if rulings:
        arrivals = {one.assignment_id: one.on_scene_at for one in sent}
        after = arrivals_after(arrivals, rulings)
        first = first_there(replace(one, on_scene_at=after[one.assignment_id]) for one in sent)
        ruled = replace(reviewed(recorded, rulings, arrivals), unit_type=first.unit_type if first else None)
    return LedgerLine(
        recorded=recorded,
        reviewed=ruled,
        parts=parts_of(row.received_at, row.created_at, first),
        eta_s=first.eta_s if first else None,
        marks=marks or frozenset(),
        unit=first.unit if first else None,
    )


def _is_late(record: IncidentRecord) -> bool:
    """Late for good. One that is open and not reached gets its reason when it has ended."""
    said = verdict(record, "received")
    return said is Verdict.NOT_REACHED or (isinstance(said, timedelta) and said.total_seconds() > TARGET_S)


def _with_why(line: LedgerLine, case: LateCase | None) -> LedgerLine:
    if case is None:
        return line
    why = why_late(case)
    ruled = replace(line.reviewed, late_reason=str(why.reason))
    recorded = ruled if line.recorded is line.reviewed else replace(line.recorded, late_reason=str(why.reason))
    return replace(line, recorded=recorded, reviewed=ruled, nearest_free_s=why.nearest_free_s)


async def _sent(connection: AsyncConnection, incident_ids: Sequence[UUID]) -> Mapping[UUID, list[Sent]]:
    """Who was sent to each incident; who was sent to a call that is merged now, counts for what it is merged into."""
    found: defaultdict[UUID, list[Sent]] = defaultdict(list)
    if not incident_ids:
        return found
    merged = incidents.alias("merged")
    of_merged = (
        select(merged.c.incident_id, merged.c.merged_into)
        .where(merged.c.merged_into.in_(incident_ids))
        .union_all(
            select(merged.c.incident_id, merged.c.incident_id).where(
                merged.c.incident_id.in_(incident_ids), merged.c.merged_into.is_(None)
            )
        )
        .subquery()
    )
    query = (
        select(
            of_merged.c.merged_into.label("counts_for"),
            assignments.c.assignment_id,
            assignments.c.dispatched_at,
            assignments.c.acknowledged_at,
            assignments.c.en_route_at,
            assignments.c.on_scene_at,
            assignments.c.eta_s,
            units.c.name.label("unit"),
            vehicles.c.type.label("unit_type"),
        )
        .join(assignments, assignments.c.incident_id == of_merged.c.incident_id)
        .join(units, units.c.unit_id == assignments.c.unit_id)
        .outerjoin(vehicles, vehicles.c.unit_id == units.c.unit_id)
    )
    for row in await connection.execute(query):
        values = {name: getattr(row, name) for name in Sent.__dataclass_fields__}
        found[row.counts_for].append(Sent(**values))
    return found
