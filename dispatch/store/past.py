"""What the replay of a past period is made of: lines of the log, rows with their times, decisions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Text, and_, cast, column, func, not_, or_, select
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.log import select_lines
from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, decisions, events, incidents, precincts, stations

MARGIN: Final = timedelta(minutes=1)
"""A row's time is that of the start of its transaction; it became known a moment later."""
UNIT_SAYS: Final = ("unit_availability_changed", "unit_connected", "unit_disconnected", "camera_changed")
ALARM_SAYS: Final = ("alarm_acknowledged", "alarm_answered", "alarm_snoozed")
CANDIDATES: Final = 10
"""So many of each decision are told; beyond them lie those that nobody would have sent."""
UNIT_MEMBERS: Final = ("crew", "shift_ends_at", "capabilities")


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of the log, each once, in its order. `before`: those recorded before the period."""

    before: Sequence[AnyRow]
    within: Sequence[AnyRow]
    next_unit_changes: Sequence[AnyRow]
    """The first change of each member of each unit from the start on, even after the end: it tells what was before."""


async def incident_ids(connection: AsyncConnection, start: datetime, end: datetime) -> set[UUID]:
    """The incidents that were open at some moment of the period, and the calls that were merged into them."""
    was_open = and_(
        incidents.c.created_at < end,
        incidents.c.import_id.is_(None),  # no console showed it then
        or_(incidents.c.ended_at.is_(None), incidents.c.ended_at >= start - MARGIN),
    )
    found = set((await connection.execute(select(incidents.c.incident_id).where(was_open))).scalars())
    merged = select(incidents.c.incident_id).where(incidents.c.merged_into.in_(found))
    return found | set((await connection.execute(merged)).scalars())


async def lines(
    connection: AsyncConnection,
    start: datetime,
    end: datetime,
    about: Collection[UUID],
    alarms_since: datetime | None,
) -> Lines:
    """The lines of the period, and those before it that say how these incidents and all units stood at its start.

    `alarms_since`: the lines on alarms are wanted from then on; None where no alarm stood at the start.
    """
    said = events.c.recorded_at
    within = await _all(connection, select_lines().where(said >= start, said < end))
    first = min((row.event_id for row in within), default=None)
    # A line of the period may stand above one that was recorded before it: the order of the log counts.
    early = said < start if first is None else and_(said < start, events.c.event_id < first)
    late = (
        [] if first is None else await _all(connection, select_lines().where(said < start, events.c.event_id > first))
    )
    before = {row.event_id: row for row in await _all(connection, select_lines().where(_in(about), early))}
    for query in (*_unit_says(early), *_unit_changes(early, newest=True)):
        before |= {row.event_id: row for row in await _all(connection, query)}
    if alarms_since is not None:
        query = select_lines().where(events.c.kind.in_(ALARM_SAYS), said >= alarms_since - MARGIN, early)
        before |= {row.event_id: row for row in await _all(connection, query)}
    after: list[AnyRow] = []
    for query in _unit_changes(not_(early), newest=False):
        after += await _all(connection, query)
    return Lines(
        [before[key] for key in sorted(before)],
        sorted([*within, *late], key=lambda row: int(row.event_id)),
        sorted(after, key=lambda row: int(row.event_id)),
    )


def _in(about: Collection[UUID]) -> Any:
    return events.c.incident_id.in_(list(about))


def _unit_says(early: Any) -> list[Select[Any]]:
    """The last word on each unit's availability and link, and on each of its cameras."""
    subject = (events.c.unit_id, _topic(), events.c.data["camera_id"].astext)
    query = select_lines().where(events.c.kind.in_(UNIT_SAYS), early)
    return [query.ext(distinct_on(*subject)).order_by(*subject, events.c.event_id.desc())]


def _topic() -> Any:
    """Going and coming of a link are one matter."""
    return func.replace(events.c.kind, "unit_disconnected", "unit_connected")


def _unit_changes(when: Any, *, newest: bool) -> list[Select[Any]]:
    """For each member of a unit the newest, or the first, line that changes it."""
    order = events.c.event_id.desc() if newest else events.c.event_id
    changed = select_lines().where(events.c.kind == "unit_changed", when)
    return [
        changed.where(events.c.data.has_key(member))
        .ext(distinct_on(events.c.unit_id))
        .order_by(events.c.unit_id, order)
        for member in UNIT_MEMBERS
    ]


async def _all(connection: AsyncConnection, query: Select[Any]) -> Sequence[AnyRow]:
    rows: Sequence[AnyRow] = (await connection.execute(query)).all()
    return rows


async def incident_numbers(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, str]:
    """The number of each of these incidents."""
    query = select(incidents.c.incident_id, incidents.c.number).where(incidents.c.incident_id.in_(list(ids)))
    return {row.incident_id: row.number for row in await connection.execute(query)}


async def station_names(connection: AsyncConnection) -> dict[UUID, tuple[str, str | None]]:
    """Name and precinct of each station."""
    query = select(stations.c.station_id, stations.c.name, precincts.c.name.label("precinct"))
    query = query.outerjoin(precincts, precincts.c.precinct_id == stations.c.precinct_id)
    return {row.station_id: (row.name, row.precinct) for row in await connection.execute(query)}


async def decisions_in(
    connection: AsyncConnection, start: datetime, end: datetime, about: Collection[UUID]
) -> Sequence[AnyRow]:
    """Those of the period, and the last one before it for each of these incidents, oldest first.

    There may be many candidates: only the first ones, the one who was chosen and the count are read.
    """
    elsewhere = incidents.alias("elsewhere")
    ranked, columns = decisions.c.candidates, [one for one in decisions.c if one.name != "candidates"]
    one = func.jsonb_array_elements(ranked).table_valued(column("value", JSONB), name="one")
    chosen = select(one.c.value).where(one.c.value["unit_id"].astext == cast(assignments.c.unit_id, Text)).limit(1)
    sent = (
        select(
            *columns,
            func.jsonb_path_query_array(ranked, cast(f"$[0 to {CANDIDATES - 1}]", JSONPATH), type_=JSONB).label(
                "first_candidates"
            ),
            func.jsonb_array_length(ranked).label("candidates_count"),
            chosen.scalar_subquery().label("candidate_chosen"),
            incidents.c.number,
            elsewhere.c.number.label("leaves_number"),
        )
        .outerjoin(assignments, assignments.c.assignment_id == decisions.c.assignment_id)
        .join(incidents, incidents.c.incident_id == decisions.c.incident_id)
        .outerjoin(elsewhere, elsewhere.c.incident_id == decisions.c.leaves)
    )
    within = await _all(connection, sent.where(decisions.c.decided_at >= start, decisions.c.decided_at < end))
    last = sent.where(decisions.c.incident_id.in_(list(about)), decisions.c.decided_at < start)
    last = last.ext(distinct_on(decisions.c.incident_id))
    before = await _all(connection, last.order_by(decisions.c.incident_id, decisions.c.decided_at.desc()))
    return sorted([*before, *within], key=lambda row: (row.decided_at, str(row.decision_id)))
