"""Units as decisions see them: availability, active assignment, live position, vehicle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.geometry import Position
from dispatch.domain.refusals import Invalid
from dispatch.domain.unit import UnitStatus, status_of
from dispatch.store.signs_of_life import link_is_lost
from dispatch.store.tables import assignments, stations, units, vehicles
from gateway.store import car_links, unit_positions


@dataclass(frozen=True, slots=True)
class UnitNow:
    """One unit at this moment. `position` is its newest fix, however old."""

    unit_id: UUID
    name: str
    vehicle_type: str
    available: bool
    unavailable_reason: str | None
    active: AssignmentState | None
    active_assignment_id: UUID | None
    active_incident_id: UUID | None
    position: Position | None
    fixed_at: datetime | None
    link_is_down: bool
    """It was connected once, is not now, and nothing else spoke for it since (a phone, a page)."""
    course_deg: float | None
    speed_mps: float | None
    crew: int
    capabilities: frozenset[str]
    station_id: UUID | None
    shift_ends_at: datetime | None
    diversions: int
    """How often it was sent elsewhere since it last was free."""

    @property
    def status(self) -> UnitStatus:
        """Follows from the assignment and the availability."""
        return status_of(available=self.available, active=self.active)


_now = (
    select(
        units.c.unit_id,
        units.c.name,
        units.c.available,
        units.c.unavailable_reason,
        units.c.station_id,
        units.c.shift_ends_at,
        vehicles.c.type,
        vehicles.c.crew,
        vehicles.c.capabilities,
        assignments.c.diversions,
        assignments.c.state,
        assignments.c.assignment_id,
        assignments.c.incident_id,
        unit_positions.c.lat,
        unit_positions.c.lon,
        unit_positions.c.fixed_at,
        unit_positions.c.course_deg,
        unit_positions.c.speed_mps,
        link_is_lost(units.c.unit_id).label("link_is_down"),
    )
    .outerjoin(car_links, car_links.c.unit_id == units.c.unit_id)
    .outerjoin(vehicles, vehicles.c.unit_id == units.c.unit_id)
    .outerjoin(assignments, and_(assignments.c.unit_id == units.c.unit_id, assignments.c.ended_at.is_(None)))
    .outerjoin(unit_positions, unit_positions.c.unit_id == units.c.unit_id)
    .where(units.c.import_id.is_(None))
)
"""Units of ours: one that only a file of past calls names is on duty nowhere."""


async def units_now(connection: AsyncConnection, unit_ids: Iterable[UUID] | None = None) -> Sequence[UnitNow]:
    """All units, or those asked for, by call sign."""
    query = _now.order_by(units.c.name)
    if unit_ids is not None:
        query = query.where(units.c.unit_id.in_(list(unit_ids)))
    return [
        UnitNow(
            unit_id=row.unit_id,
            name=row.name,
            vehicle_type=row.type or "car",
            available=row.available,
            unavailable_reason=row.unavailable_reason,
            active=AssignmentState(row.state) if row.state else None,
            active_assignment_id=row.assignment_id,
            active_incident_id=row.incident_id,
            position=Position(row.lat, row.lon) if row.lat is not None else None,
            fixed_at=row.fixed_at,
            link_is_down=row.link_is_down,
            course_deg=row.course_deg,
            speed_mps=row.speed_mps,
            crew=2 if row.crew is None else row.crew,
            capabilities=frozenset(row.capabilities or ()),
            station_id=row.station_id,
            shift_ends_at=row.shift_ends_at,
            diversions=row.diversions or 0,
        )
        for row in await connection.execute(query)
    ]


async def unit_now(connection: AsyncConnection, unit_id: UUID) -> UnitNow:
    """One unit. Raises Invalid where there is none, naming the member `unit_id`."""
    found = await units_now(connection, [unit_id])
    if not found:
        raise Invalid(f"there is no unit {unit_id}", member="unit_id")
    return found[0]


async def set_availability(
    connection: AsyncConnection, unit_id: UUID, *, available: bool, reason: str | None, at: datetime
) -> bool:
    """What the crew said last, by the car's time. False where a newer word stands already."""
    statement = (
        update(units)
        .where(units.c.unit_id == unit_id, func.coalesce(units.c.availability_at, at) <= at)
        .values(available=available, unavailable_reason=None if available else reason, availability_at=at)
        .returning(units.c.unit_id)
    )
    return (await connection.execute(statement)).first() is not None


async def change_unit(connection: AsyncConnection, unit_id: UUID, **values: Any) -> None:
    """Sets `shift_ends_at` of the unit, `crew` and `capabilities` of its vehicle.

    Raises Invalid where it has no vehicle that these could belong to.
    """
    of_unit = {name: value for name, value in values.items() if name in units.c}
    of_vehicle = {name: value for name, value in values.items() if name not in units.c}
    if of_unit:
        await connection.execute(update(units).where(units.c.unit_id == unit_id).values(**of_unit))
    if of_vehicle:
        changed = await connection.execute(update(vehicles).where(vehicles.c.unit_id == unit_id).values(**of_vehicle))
        if not changed.rowcount:
            raise Invalid("belongs to a vehicle, and this unit has none", member=min(of_vehicle))


async def links(connection: AsyncConnection) -> dict[UUID, bool]:
    """Is each car's link up?"""
    query = select(car_links.c.unit_id, car_links.c.disconnected_at.is_(None).label("up"))
    return {row.unit_id: row.up for row in await connection.execute(query)}


async def nearest_station(connection: AsyncConnection, place: Position) -> UUID | None:
    """The station nearest to a place; None where no station has a position."""
    east_scale = func.cos(func.radians(place.lat))
    square: Any = func.power(stations.c.lat - place.lat, 2) + func.power((stations.c.lon - place.lon) * east_scale, 2)
    query = select(stations.c.station_id).where(stations.c.lat.is_not(None)).order_by(square).limit(1)
    station_id: UUID | None = await connection.scalar(query)
    return station_id
