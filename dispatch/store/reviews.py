"""Rulings on figures, and what makes an arrival worth a supervisor's look. Rulings are only ever added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.kpi import Exclusion
from dispatch.domain.kpi_line import Mark
from dispatch.domain.parts import Sent, first_there
from dispatch.domain.review import Ruling, RulingKind, is_corrected
from dispatch.store.review_facts import among, inferred_steps, sent_to
from dispatch.store.review_tables import reviews
from dispatch.store.rows import AnyRow
from dispatch.store.tables import incidents


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


async def marks_of(connection: AsyncConnection, incident_ids: Collection[UUID]) -> Mapping[UUID, frozenset[Mark]]:
    """What a person should know before trusting each figure; without incidents that carry no mark.

    `inferred` looks at the unit that arrived first by the record; where none did, at an arrival that was inferred.
    """
    sent = await sent_to(connection, incident_ids)
    inferred = await inferred_steps(connection, incident_ids)
    rulings = await rulings_of(connection, incident_ids)
    query = select(incidents.c.incident_id, incidents.c.exclusion).where(among(incidents.c.incident_id, rulings))
    excluded = {row.incident_id: row.exclusion for row in await connection.execute(query)}
    marks = {}
    for incident_id in {*sent, *rulings}:
        found = marks_by_record(sent.get(incident_id, ()), inferred)
        if incident_id in rulings:
            found.add(Mark.REVIEWED)
            recorded = Exclusion(excluded[incident_id]) if excluded[incident_id] else None
            arrivals = {row.assignment_id: row.on_scene_at for row in sent.get(incident_id, ())}
            if is_corrected(recorded, arrivals, rulings[incident_id]):
                found.add(Mark.CORRECTED)
        if found:
            marks[incident_id] = frozenset(found)
    return marks


def marks_by_record(sent: Sequence[AnyRow], inferred: Mapping[UUID, Collection[str]]) -> set[Mark]:
    """The marks of an incident before anybody looked, from its assignments."""
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
