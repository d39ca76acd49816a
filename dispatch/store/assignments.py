"""Assignments: rows in, domain objects out. The unique index on active units settles every race."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.assignment import Assignment, AssignmentState
from dispatch.domain.refusals import NotFound, UnitBusy
from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, vehicles


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


async def assignments_on(connection: AsyncConnection, incident_ids: Iterable[UUID]) -> Sequence[AnyRow]:
    """All assignments of these incidents, over or not, in the order in which units were sent."""
    query = select(assignments).where(assignments.c.incident_id.in_(list(incident_ids)))
    return (await connection.execute(query.order_by(assignments.c.dispatched_at, assignments.c.assignment_id))).all()


def _columns(assignment: Assignment) -> dict[str, Any]:
    return asdict(assignment) | {"state": str(assignment.state), "review": list(assignment.review)}
