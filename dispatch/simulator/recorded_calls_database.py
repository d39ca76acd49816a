"""Past calls and streets from the database of the bureau."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.incident import AccidentClass, Category
from dispatch.domain.refusals import Invalid
from dispatch.roads.street_map import StreetMap
from dispatch.service.streets import Streets
from dispatch.simulator.demand_kinds import DatabaseDemand
from dispatch.simulator.recorded_calls import RecordedCall, RecordedCalls, gather
from dispatch.store.past_calls import past_calls


async def load_recorded_calls(engine: AsyncEngine, demand: DatabaseDemand) -> RecordedCalls:
    """The calls of the demand's period. Raises Invalid where there are none."""
    zone = ZoneInfo(demand.zone)
    first_day, end_day = date.fromisoformat(demand.from_date), date.fromisoformat(demand.to_date)
    begin, end = (datetime.combine(day, time(), zone) for day in (first_day, end_day))
    async with engine.connect() as connection:
        rows = await past_calls(connection, begin, end)
    if not rows:
        said = f"the database has no calls received from {first_day} to before {end_day}"
        raise Invalid(said, member="demand.from")
    calls = [
        RecordedCall(
            received_at=row.received_at,
            lat=row.lat,
            lon=row.lon,
            category=Category(row.category),
            priority=row.priority,
            accident_class=AccidentClass(row.accident_class) if row.accident_class else None,
            on_scene_at=row.on_scene_at,
            cleared_at=row.cleared_at,
        )
        for row in rows
    ]
    return gather(calls, zone=zone, first_day=first_day, days=(end_day - first_day).days)


async def load_streets(engine: AsyncEngine) -> StreetMap | None:
    """The street map that the server works with; None where none is loaded."""
    streets = Streets()
    await streets.refresh(engine)
    return streets.loaded.streets if streets.loaded is not None else None
