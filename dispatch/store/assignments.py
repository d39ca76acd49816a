"""Assignments: rows in, domain objects out. The unique index on active units settles every race."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.assignment import Assignment, AssignmentState
from dispatch.domain.refusals import NotFound, UnitBusy
from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, events, incidents, vehicles
from gateway.store import fixes, unit_positions


def assignment_of(row: AnyRow) -> Assignment:
    """The domain's view of a row of `assignments`."""
    values = {name: getattr(row, name) for name in Assignment.__dataclass_fields__}
    return Assignment(**values | {"state": AssignmentState(row.state), "review": tuple(row.review)})


async def add_assignment(connection: AsyncConnection, assignment: Assignment) -> None:
    """A new row. Raises UnitBusy where the unit has an active assignment, by whoever was faster."""
    kind = select(vehicles.c.type).where(vehicles.c.unit_id == assignment.unit_id).scalar_subquery()
    try:
        async with connection.begin_nested():
            await connection.execute(insert(assignments).values(**_columns(assignment), unit_type=kind))
    except IntegrityError as error:
        if "uq_assignments_active_unit" not in str(error.orig):
            raise
        raise UnitBusy(
            "This unit was given another incident a moment ago; choose another unit, or end that assignment first.",
            member="unit_id",
        ) from error


async def save_assignment(connection: AsyncConnection, assignment: Assignment) -> None:
    """Writes what a step changed."""
    statement = update(assignments).where(assignments.c.assignment_id == assignment.assignment_id)
    await connection.execute(statement.values(**_columns(assignment)))


async def find_assignment(connection: AsyncConnection, assignment_id: UUID, *, lock: bool = False) -> Assignment:
    """The assignment as it stands. Raises NotFound."""
    query = select(assignments).where(assignments.c.assignment_id == assignment_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no assignment {assignment_id}.", member="assignment_id")
    return assignment_of(row)


async def set_review(connection: AsyncConnection, assignment_id: UUID, reasons: Sequence[str]) -> None:
    """Why a person should look at this arrival; touches nothing else of the row."""
    statement = update(assignments).where(assignments.c.assignment_id == assignment_id)
    await connection.execute(statement.values(review=list(reasons)))


async def lock_assignment(connection: AsyncConnection, assignment_id: UUID) -> Assignment:
    """The assignment, held against other commands; its incident is to be locked before. Raises NotFound."""
    return await find_assignment(connection, assignment_id, lock=True)


async def active_assignments(connection: AsyncConnection, incident_id: UUID) -> Sequence[Assignment]:
    """The units on one incident, locked, in the order in which they were sent."""
    query = (
        select(assignments)
        .where(assignments.c.incident_id == incident_id, assignments.c.ended_at.is_(None))
        .order_by(assignments.c.dispatched_at)
        .with_for_update()
    )
    return [assignment_of(row) for row in await connection.execute(query)]


async def overdue_acknowledgements(connection: AsyncConnection, dispatched_before: datetime) -> Sequence[UUID]:
    """Assignments that nobody has acknowledged and that were ordered before that time."""
    query = select(assignments.c.assignment_id).where(
        assignments.c.ended_at.is_(None),
        assignments.c.state == "dispatched",
        assignments.c.dispatched_at < dispatched_before,
    )
    return list((await connection.execute(query)).scalars())


async def watched_assignments(
    connection: AsyncConnection, *, ended_after: datetime, news_since: datetime
) -> Sequence[AnyRow]:
    """Assignments whose arrival GPS may still tell: active ones, and those that ended a little while ago.

    Only those for which fixes of their time, or a press of any button, came in since `news_since` (server's clock);
    `lat` and `lon` are the unit's live position, `scene_lat` and `scene_lon` the place.
    """
    pressed = exists().where(
        events.c.incident_id == assignments.c.incident_id,
        events.c.assignment_id == assignments.c.assignment_id,
        events.c.said_by == "button",
        events.c.recorded_at >= news_since,
    )
    seen = exists().where(
        fixes.c.unit_id == assignments.c.unit_id,
        fixes.c.fixed_at >= assignments.c.dispatched_at - text("interval '1 minute'"),
        or_(assignments.c.ended_at.is_(None), fixes.c.fixed_at <= assignments.c.ended_at),
        fixes.c.received_at >= news_since,
    )
    query = (
        select(
            assignments,
            incidents.c.lat.label("scene_lat"),
            incidents.c.lon.label("scene_lon"),
            unit_positions.c.lat,
            unit_positions.c.lon,
        )
        .join(incidents, incidents.c.incident_id == assignments.c.incident_id)
        .outerjoin(unit_positions, unit_positions.c.unit_id == assignments.c.unit_id)
        .where(
            assignments.c.state != "declined",
            assignments.c.import_line.is_(None),
            or_(assignments.c.ended_at.is_(None), assignments.c.ended_at > ended_after),
            or_(seen, pressed),
        )
    )
    return (await connection.execute(query)).all()


async def assignments_on(connection: AsyncConnection, incident_ids: Iterable[UUID]) -> Sequence[AnyRow]:
    """All assignments of these incidents, over or not, in the order in which units were sent."""
    query = select(assignments).where(assignments.c.incident_id.in_(list(incident_ids)))
    return (await connection.execute(query.order_by(assignments.c.dispatched_at, assignments.c.assignment_id))).all()


def _columns(assignment: Assignment) -> dict[str, Any]:
    return asdict(assignment) | {"state": str(assignment.state), "review": list(assignment.review)}
