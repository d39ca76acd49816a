"""Rulings on figures, and what makes an arrival worth a supervisor's look. Rulings are only ever added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import exists, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.events import EventKind
from dispatch.domain.incident import IncidentState
from dispatch.domain.kpi import Exclusion, IncidentRecord, cancelled_late, left_out
from dispatch.domain.kpi_line import Mark
from dispatch.domain.parts import Sent, first_there
from dispatch.domain.review import Ruling, RulingKind, is_corrected
from dispatch.domain.review_state import ReviewState, ToldArrival, review_state
from dispatch.store.review_facts import among
from dispatch.store.review_tables import reviews
from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, events

WORDS_ON_ARRIVAL: Final = (EventKind.UNIT_ON_SCENE, EventKind.ARRIVAL_MARKED_FOR_REVIEW)
ENDED: Final = (IncidentState.CLOSED, IncidentState.CANCELLED)


async def add_review(
    connection: AsyncConnection, incident_id: UUID, ruling: Ruling, *, reason: str, at: datetime, by: str
) -> UUID:
    """A new row's id; the incident is locked, so that rulings on one incident have an order."""
    review_id = uuid4()
    values = {
        "review_id": review_id,
        "incident_id": incident_id,
        "assignment_id": ruling.assignment_id,
        "ruling": str(ruling.kind),
        "on_scene_at": ruling.on_scene_at,
        "exclusion": ruling.exclusion and str(ruling.exclusion),
        "reason": reason,
        "decided_at": at,
        "decided_by": by,
    }
    await connection.execute(insert(reviews).values(**values))
    return review_id


async def review_rows(connection: AsyncConnection, incident_ids: Collection[UUID]) -> Mapping[UUID, Sequence[AnyRow]]:
    """Every ruling on each of these incidents, oldest first; without those on which nobody ruled."""
    found: defaultdict[UUID, list[AnyRow]] = defaultdict(list)
    query = select(reviews).where(among(reviews.c.incident_id, incident_ids)).order_by(reviews.c.number)
    for row in await connection.execute(query):
        found[row.incident_id].append(row)
    return found


def ruling_of(row: AnyRow) -> Ruling:
    """The domain's view of a row of `reviews`."""
    exclusion = Exclusion(row.exclusion) if row.exclusion else None
    return Ruling(RulingKind(row.ruling), row.assignment_id, row.on_scene_at, exclusion)


async def rulings_of(connection: AsyncConnection, incident_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Ruling]]:
    """The same as the domain takes them: oldest first; without incidents on which nobody ruled."""
    rows = await review_rows(connection, incident_ids)
    return {incident_id: [ruling_of(row) for row in its] for incident_id, its in rows.items()}


async def news_since_rulings(connection: AsyncConnection, incident_ids: Collection[UUID]) -> Collection[UUID]:
    """Assignments of whose arrival something was heard after the newest ruling on it."""
    ruled = (
        select(reviews.c.assignment_id, func.max(reviews.c.decided_at).label("at"))
        .where(among(reviews.c.incident_id, incident_ids), reviews.c.assignment_id.is_not(None))
        .group_by(reviews.c.assignment_id)
        .subquery()
    )
    query = (
        select(ruled.c.assignment_id)
        .join(assignments, assignments.c.assignment_id == ruled.c.assignment_id)
        .where(
            exists().where(
                events.c.incident_id == assignments.c.incident_id,
                events.c.assignment_id == ruled.c.assignment_id,
                events.c.kind.in_(WORDS_ON_ARRIVAL),
                events.c.recorded_at > ruled.c.at,
            )
        )
    )
    return frozenset((await connection.scalars(query)).all())


def marks_of(
    recorded: IncidentRecord,
    ruled: IncidentRecord,
    sent: Sequence[AnyRow],
    inferred: Mapping[UUID, Collection[str]],
    rulings: Sequence[Ruling],
) -> frozenset[Mark]:
    """What a person should know before trusting a figure. `ruled`: the record after `rulings`, which are oldest first.

    `inferred` looks at the unit that arrived first by the record; where none did, at an arrival that was inferred.
    """
    found = _marks_by_record(sent, inferred)
    if cancelled_late(recorded) or cancelled_late(ruled):
        found.add(Mark.CANCELLED_LATE)
    if rulings:
        found.add(Mark.REVIEWED)
        if is_corrected(left_out(recorded), {row.assignment_id: row.on_scene_at for row in sent}, rulings):
            found.add(Mark.CORRECTED)
    return frozenset(found)


def state_of(
    recorded: IncidentRecord,
    ruled: IncidentRecord,
    sent: Sequence[AnyRow],
    inferred: Mapping[UUID, Collection[str]],
    rulings: Sequence[Ruling],
    news: Collection[UUID],
) -> ReviewState | None:
    """Whether it waits for a supervisor's look; `ruled`: after `rulings`; `news`: of `news_since_rulings`."""
    told = [
        ToldArrival(
            assignment_id=row.assignment_id,
            dispatched_at=row.dispatched_at,
            on_scene_at=row.on_scene_at,
            is_marked=bool(row.review),
            is_inferred=EventKind.UNIT_ON_SCENE in inferred.get(row.assignment_id, ()),
            is_news=row.assignment_id in news,
        )
        for row in sent
    ]
    return review_state(
        told,
        rulings,
        recorded.exclusion,
        has_ended=recorded.state in ENDED,
        cancelled_late=cancelled_late(ruled),
    )


def _marks_by_record(sent: Sequence[AnyRow], inferred: Mapping[UUID, Collection[str]]) -> set[Mark]:
    found = {Mark(reason) for row in sent for reason in row.review}
    first = first_there(
        Sent(assignment_id=row.assignment_id, dispatched_at=row.dispatched_at, on_scene_at=row.on_scene_at)
        for row in sent
    )
    if first is None:
        return found
    if first.on_scene_at is None:
        is_inferred = any("unit_on_scene" in inferred.get(row.assignment_id, ()) for row in sent)
    else:
        is_inferred = first.assignment_id in inferred
    return found | {Mark.INFERRED} if is_inferred else found
