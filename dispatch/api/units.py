"""Units: live state, past positions, a word to the crew."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from dispatch.api import present, schemas
from dispatch.api.period import PeriodOf
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.signed_in import MAY_READ, Dispatching, Reading, TheDesk
from dispatch.domain.refusals import NotFound
from dispatch.service.notices import send_notice
from dispatch.service.unit_changes import amend_unit
from dispatch.store.access import log_access
from dispatch.store.agent_health import health_rows
from dispatch.store.database import one_moment
from dispatch.store.tracks import track_rows

router = api_router("units")
TRACK_LIMIT: Final = 20_000
TRACK_SPAN: Final = timedelta(hours=1)


@router.get("/units", responses=described(401, 403), dependencies=[MAY_READ])
async def list_units(desk: TheDesk) -> schemas.UnitList:
    """All units as they are now, by call sign."""
    async with one_moment(desk.engine) as connection:
        return schemas.UnitList(items=await present.unit_views(connection))


@router.get("/units/{unit_id}", responses=described(401, 403, 404), dependencies=[MAY_READ])
async def look_at(unit_id: UUID, desk: TheDesk) -> schemas.UnitDetail:
    """One unit as it is now, and how the program in its car is."""
    async with one_moment(desk.engine) as connection:
        found = await present.unit_views(connection, [unit_id])
        said = await health_rows(connection, [unit_id])
    if not found:
        raise NotFound(f"There is no unit {unit_id}.", member="unit_id")
    health = schemas.AgentHealth.model_validate(said[0]) if said else None
    return schemas.UnitDetail(**dict(found[0]), agent_health=health)


@router.patch("/units/{unit_id}", responses=described(401, 403, 404))
async def change(unit_id: UUID, body: schemas.UnitChange, desk: TheDesk, by: Dispatching) -> schemas.UnitDetail:
    """Change what is given: the crew, the end of its shift (null: not said), what it can do."""
    await amend_unit(desk, unit_id, body.model_dump(exclude_unset=True), by)
    return await look_at(unit_id, desk)


@router.get("/units/{unit_id}/track", responses=described(401, 403, 404))
async def track(unit_id: UUID, desk: TheDesk, by: Reading, period: PeriodOf) -> schemas.Track:
    """Past positions in [from, to) by the receiver's time, oldest first; the last hour where neither is given.

    The look is logged: an officer's track is personal.
    """
    now = desk.clock()
    end = period.end or max(now, period.start or now) + timedelta(minutes=5)
    start = period.start or end - TRACK_SPAN
    async with desk.engine.begin() as connection:
        if not await present.unit_views(connection, [unit_id]):
            raise NotFound(f"There is no unit {unit_id}.", member="unit_id")
        rows = await track_rows(connection, unit_id, start, end, TRACK_LIMIT + 1)
        detail = {"from": start.isoformat(), "to": end.isoformat()}
        await log_access(connection, by.username, "track", str(unit_id), detail)
    items = [present.position_view(row) for row in rows[:TRACK_LIMIT]]
    return schemas.Track(unit_id=unit_id, items=items, truncated=len(rows) > TRACK_LIMIT)


@router.post("/units/{unit_id}/notices", status_code=202, responses=described(401, 403, 404))
async def notify(unit_id: UUID, body: schemas.NewNotice, desk: TheDesk, by: Dispatching) -> None:
    """A message for the crew; it reaches the car at once, or when its link is back."""
    await send_notice(desk, unit_id, body.text, body.level, by)
