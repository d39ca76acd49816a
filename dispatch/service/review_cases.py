"""An incident as a supervisor reviews it: what each witness said, the figure as recorded and as ruled, the rulings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.incident import Category, IncidentState, Priority
from dispatch.domain.kpi import Exclusion, IncidentRecord
from dispatch.domain.kpi_line import Mark
from dispatch.domain.review import Witnessed, arrivals_after, reviewed, unsent_at
from dispatch.store import review_facts, reviews, views
from dispatch.store.rows import AnyRow


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit that was sent. `sent`: its row with the call sign; `counts_at`: its arrival after all rulings."""

    sent: AnyRow
    witnessed: Witnessed
    radio_at: datetime | None
    inferred: Collection[str]
    counts_at: datetime | None


@dataclass(frozen=True, slots=True)
class Case:
    """`reviews`: rows, oldest first; `counting`: the ids of those in force. `ended_at`: of the incident.

    `unsent_at`: when somebody who was not sent was there, as ruled.
    """

    recorded: IncidentRecord
    reviewed: IncidentRecord
    marks: Collection[Mark]
    units: Sequence[Unit]
    reviews: Sequence[AnyRow]
    counting: Collection[UUID]
    ended_at: datetime | None = None
    unsent_at: datetime | None = None
    is_imported: bool = False


async def cases(connection: AsyncConnection, incident_ids: Sequence[UUID]) -> list[Case]:
    """These incidents, in this order; without those that are not there."""
    found = {row.incident_id: row for row in await views.incident_rows(connection, incident_ids)}
    sent = await review_facts.sent_to(connection, incident_ids)
    told = await review_facts.witnesses(connection, incident_ids)
    inferred = await review_facts.inferred_steps(connection, incident_ids)
    rows = await reviews.review_rows(connection, incident_ids)

    def case(incident_id: UUID) -> Case:
        its, ruled = sent.get(incident_id, ()), rows.get(incident_id, ())
        rulings = [reviews.ruling_of(row) for row in ruled]
        arrivals = {row.assignment_id: row.on_scene_at for row in its}
        recorded = _record(found[incident_id], its)
        ruled_record = reviewed(recorded, rulings, arrivals)
        after = arrivals_after(arrivals, rulings)
        units = [
            Unit(
                sent=row,
                witnessed=Witnessed(row.on_scene_at, said.get("button"), said.get("gps")),
                radio_at=said.get("dispatcher"),
                inferred=sorted(inferred.get(row.assignment_id, ())),
                counts_at=after[row.assignment_id],
            )
            for row in its
            for said in (told.get(row.assignment_id, {}),)
        ]
        newest = {ruling.subject: row.review_id for ruling, row in zip(rulings, ruled, strict=True)}
        return Case(
            recorded=recorded,
            reviewed=ruled_record,
            marks=reviews.marks_of(recorded, ruled_record, its, inferred, rulings),
            units=units,
            reviews=ruled,
            counting=set(newest.values()),
            ended_at=found[incident_id].ended_at,
            unsent_at=unsent_at(rulings),
            is_imported=found[incident_id].import_id is not None,
        )

    return [case(incident_id) for incident_id in incident_ids if incident_id in found]


def _record(row: AnyRow, sent: Sequence[AnyRow]) -> IncidentRecord:
    return IncidentRecord(
        incident_id=row.incident_id,
        number=row.number,
        category=Category(row.category),
        priority=Priority(row.priority),
        received_at=row.received_at,
        precinct=row.precinct,
        station=row.station,
        dispatched_at=min((one.dispatched_at for one in sent if one.dispatched_at is not None), default=None),
        on_scene_at=min((one.on_scene_at for one in sent if one.on_scene_at is not None), default=None),
        state=IncidentState(row.state),
        exclusion=Exclusion(row.exclusion) if row.exclusion else None,
        ended_at=row.ended_at,
    )
