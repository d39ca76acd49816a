"""The bureau as it is registered now, for a what-if to begin with: stations, and which vehicles belong to each."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.rows import AnyRow
from dispatch.store.tables import stations, units, vehicles
from gateway.store import unit_positions


async def registered_stations(connection: AsyncConnection) -> Sequence[AnyRow]:
    """station_id, name, lat, lon (null: not known), by name."""
    query = select(stations.c.station_id, stations.c.name, stations.c.lat, stations.c.lon)
    return (await connection.execute(query.order_by(stations.c.name))).all()


async def registered_crews(connection: AsyncConnection) -> Sequence[AnyRow]:
    """One row a unit: station_id (null: of none), type of its vehicle, capabilities, last position (null: none)."""
    query = (
        select(units.c.station_id, vehicles.c.type, vehicles.c.capabilities, unit_positions.c.lat, unit_positions.c.lon)
        .join(vehicles, vehicles.c.unit_id == units.c.unit_id)
        .outerjoin(unit_positions, unit_positions.c.unit_id == units.c.unit_id)
        .order_by(units.c.name)
    )
    return (await connection.execute(query)).all()
