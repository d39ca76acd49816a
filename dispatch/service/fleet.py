"""Vehicles enter and leave service: registered with unit and device, given a token, taken it away again."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.refusals import Invalid
from dispatch.store import registry

VEHICLE_TYPES: Final = ("car", "motorcycle", "other")
TOKEN_BYTES: Final = 32
CREW_LIMIT: Final = 20
NAME_LIMIT: Final = 200  # as the link's `unit_name`

Clock = Callable[[], datetime]


async def add_vehicle(
    engine: AsyncEngine,
    plate: str,
    *,
    unit_name: str,
    vehicle_type: str,
    capabilities: list[str] | None = None,
    station: str | None = None,
    crew: int | None = None,
) -> bool:
    """Register a vehicle, its unit and its device; True where the station had to be made as well.

    `crew`: officers on it; one on a motorcycle, else two, where it is not said. Raises Invalid for an impossible name,
    type or crew, or where the plate or the call sign is taken.
    """
    named = {"plate": plate, "unit": unit_name, **({"station": station} if station is not None else {})}
    for member, name in [*named.items(), *(("capability", capability) for capability in capabilities or ())]:
        if not name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
            raise Invalid(f"a {member} has 1 to {NAME_LIMIT} printable characters", member=member)
    if vehicle_type not in VEHICLE_TYPES:
        raise Invalid(f"a type is one of {', '.join(VEHICLE_TYPES)}", member="type")
    if crew is not None and not 1 <= crew <= CREW_LIMIT:
        raise Invalid(f"a crew has 1 to {CREW_LIMIT} officers", member="crew")
    async with engine.begin() as connection:
        station_id, made = await registry.station_named(connection, station) if station else (None, False)
        await registry.add_vehicle(
            connection,
            plate,
            unit_name=unit_name,
            vehicle_type=vehicle_type,
            capabilities=sorted(set(capabilities or ())),
            station_id=station_id,
            crew=crew or usual_crew(vehicle_type),
        )
    return made


def usual_crew(vehicle_type: str) -> int:
    """Officers on a vehicle of this type where nobody says otherwise."""
    return 1 if vehicle_type == "motorcycle" else 2


async def enrol(engine: AsyncEngine, plate: str, clock: Clock) -> tuple[str, UUID]:
    """A fresh device token and the device's id; an earlier token is worth nothing from now on.

    Only the token's hash is kept. Raises NotFound where there is no such vehicle.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    async with engine.begin() as connection:
        digest = hashlib.sha256(token.encode()).hexdigest()
        return token, await registry.set_device_token(connection, plate, digest, clock())


async def revoke(engine: AsyncEngine, plate: str, clock: Clock) -> UUID:
    """The vehicle's token is worth nothing from now on; returns the device's id. Raises NotFound."""
    async with engine.begin() as connection:
        return await registry.set_device_token(connection, plate, None, clock())
