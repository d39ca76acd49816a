"""The ten-minute clock as a report."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from dispatch.api import schemas
from dispatch.api.period import PeriodOf
from dispatch.api.problems import described
from dispatch.api.signed_in import MAY_READ, TheDesk
from dispatch.domain.incident import TARGET_S, Category, IncidentState, Priority
from dispatch.domain.kpi import Exclusion, IncidentRecord, kpi
from dispatch.store import views
from dispatch.store.rows import AnyRow

router = APIRouter(tags=["figures"])

GroupBy = Literal["day", "month", "hour", "weekday", "precinct", "station", "priority", "category"]


@router.get("/kpi", responses=described(401, 403), dependencies=[MAY_READ])
async def report(
    desk: TheDesk,
    period: PeriodOf,
    group_by: GroupBy | None = None,
    clock: Annotated[
        Literal["received", "dispatched"], Query(description="From which moment a response is timed")
    ] = "received",
) -> schemas.KpiReport:
    """Incidents received in [from, to): how many had an officer there within 600 s, and what was left out and why.

    `measured` plus the sum of `excluded` equals `incidents`. An incident that nobody reached is measured as late.
    """
    async with desk.engine.connect() as connection:
        rows = await views.kpi_rows(connection, period.start, period.end)
    groups = kpi([_record(row) for row in rows], now=desk.clock(), clock=clock, group_by=group_by)
    return schemas.KpiReport(
        clock=clock,
        group_by=group_by,
        target_s=TARGET_S,
        from_=period.start,
        to=period.end,
        items=[schemas.KpiGroup(**asdict(group)) for group in groups],
    )


def _record(row: AnyRow) -> IncidentRecord:
    return IncidentRecord(
        incident_id=row.incident_id,
        number=row.number,
        category=Category(row.category),
        priority=Priority(row.priority),
        received_at=row.received_at,
        precinct=row.precinct,
        station=row.station,
        dispatched_at=row.dispatched_at,
        on_scene_at=row.on_scene_at,
        state=IncidentState(row.state),
        exclusion=Exclusion(row.exclusion) if row.exclusion else None,
    )
