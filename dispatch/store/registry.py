"""What is registered rather than dispatched: accounts, stations, vehicles with unit and device, street maps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.refusals import Invalid, NotFound
from dispatch.store.tables import stations, street_maps, units, users, vehicles
from gateway.store import devices


@dataclass(frozen=True, slots=True)
class MapSummary:
    """What is known of a stored map without reading it."""

    map_id: int
    loaded_at: datetime
    source: str
    sha256: str
    generated: bool
    facts: dict[str, Any]
    size_bytes: int


async def add_user(connection: AsyncConnection, username: str, password_hash: str, role: str) -> UUID:
    """A new account. Raises Invalid where the name is taken."""
    statement = (
        insert(users)
        .values(user_id=uuid4(), username=username, password_hash=password_hash, role=role)
        .on_conflict_do_nothing(index_elements=[users.c.username])
        .returning(users.c.user_id)
    )
    user_id: UUID | None = await connection.scalar(statement)
    if user_id is None:
        raise Invalid(f"there is a user {username} already", member="username")
    return user_id


async def station_named(connection: AsyncConnection, name: str) -> tuple[UUID, bool]:
    """The station of that name, and whether it had to be made (without a position)."""
    statement = insert(stations).values(station_id=uuid4(), name=name).on_conflict_do_nothing().returning(stations)
    made = (await connection.execute(statement)).one_or_none()
    if made is not None:
        return made.station_id, True
    found = await connection.scalar(select(stations.c.station_id).where(stations.c.name == name))
    return UUID(str(found)), False


async def add_vehicle(
    connection: AsyncConnection,
    plate: str,
    *,
    unit_name: str,
    vehicle_type: str,
    capabilities: list[str],
    station_id: UUID | None,
    crew: int = 2,
) -> UUID:
    """A vehicle, the unit that drives it and its device, which has no token yet; returns the unit's id.

    A call sign that only files of past calls named so far is that unit's: its past stays with it.
    Raises Invalid where the plate or the call sign is taken.
    """
    if await connection.scalar(select(vehicles.c.plate).where(vehicles.c.plate == plate)):
        raise Invalid(f"there is a vehicle {plate} already", member="plate")
    unit_id, device_id = uuid4(), uuid4()
    new = insert(units).values(unit_id=unit_id, name=unit_name, station_id=station_id)
    statement = new.on_conflict_do_update(
        index_elements=[units.c.name],
        set_={"station_id": station_id, "available": True, "import_id": None},
        where=units.c.import_id.is_not(None),
    )
    known_id: UUID | None = await connection.scalar(statement.returning(units.c.unit_id))
    if known_id is None:
        raise Invalid(f"there is a unit {unit_name} already", member="unit")
    unit_id = known_id
    await connection.execute(insert(devices).values(device_id=device_id, unit_id=unit_id, unit_name=unit_name))
    statement = (
        insert(vehicles)
        .values(
            vehicle_id=uuid4(),
            plate=plate,
            type=vehicle_type,
            capabilities=capabilities,
            crew=crew,
            unit_id=unit_id,
            device_id=device_id,
        )
        .on_conflict_do_nothing(index_elements=[vehicles.c.plate])
    )
    if await connection.scalar(statement.returning(vehicles.c.plate)) is None:  # somebody was faster
        raise Invalid(f"there is a vehicle {plate} already", member="plate")
    return unit_id


async def set_device_token(connection: AsyncConnection, plate: str, token_sha256: str | None, at: datetime) -> UUID:
    """Let the vehicle's device sign in with this token alone, or with none; returns the device's id.

    Raises NotFound where there is no such vehicle.
    """
    device_id: UUID | None = await connection.scalar(select(vehicles.c.device_id).where(vehicles.c.plate == plate))
    if device_id is None:
        raise NotFound(f"there is no vehicle {plate}; add it with `patrol vehicle add`", member="plate")
    change = {"enrolled_at": at, "revoked_at": None} if token_sha256 else {"revoked_at": at}
    await connection.execute(
        update(devices)
        .where(devices.c.device_id == device_id)
        .values(token_sha256=token_sha256, next_token_sha256=None, **change)
    )
    return device_id


async def store_map(
    connection: AsyncConnection, *, source: str, sha256: str, generated: bool, facts: dict[str, Any], content: bytes
) -> int:
    """Make this the loaded map; the ones before it go. Returns its id."""
    statement = insert(street_maps).values(
        source=source, sha256=sha256, generated=generated, facts=facts, content=content
    )
    map_id = int((await connection.execute(statement.returning(street_maps.c.map_id))).scalar_one())
    await connection.execute(delete(street_maps).where(street_maps.c.map_id < map_id))
    return map_id


async def loaded_map(connection: AsyncConnection) -> MapSummary | None:
    """What map is loaded; None where none is."""
    columns = [column for column in street_maps.c if column.name != "content"]
    query = select(*columns, func.octet_length(street_maps.c.content).label("size_bytes"))
    row = (await connection.execute(query.order_by(street_maps.c.map_id.desc()).limit(1))).one_or_none()
    return None if row is None else MapSummary(**row._mapping)
