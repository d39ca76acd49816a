"""Vehicles enter and leave service: registered with unit and device, given a token, taken it away again."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.refusals import Invalid
from dispatch.store import enrolment, registry
from gateway import enrol_protocol

VEHICLE_TYPES: Final = ("car", "motorcycle", "other")
TOKEN_BYTES: Final = 32
CREW_LIMIT: Final = 20
MIN_CODE_LIFE: Final = timedelta(minutes=1)
MAX_CODE_LIFE: Final = timedelta(days=7)
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
        device_id = await registry.set_device_token(connection, plate, digest, clock())
        await enrolment.drop_codes(connection, device_id)
        return token, device_id


async def enrolment_code(engine: AsyncEngine, plate: str, valid: timedelta, clock: Clock) -> str:
    """A one-time code with which this vehicle's device gets its token, as it is shown to people; the codes before it
    are worth nothing from now on, the token stays until the new one is used.

    Only the code's hash is kept. Raises NotFound where there is no such vehicle, Invalid for an impossible time.
    """
    if not MIN_CODE_LIFE <= valid <= MAX_CODE_LIFE:
        raise Invalid("a code is good for 1 minute to 7 days", member="valid")
    code = "".join(secrets.choice(enrol_protocol.ALPHABET) for _ in range(enrol_protocol.CODE_LENGTH))
    now = clock()
    async with engine.begin() as connection:
        await enrolment.add_code(connection, plate, enrol_protocol.digest(code), now, now + valid)
    return enrol_protocol.grouped(code)


async def revoke(engine: AsyncEngine, plate: str, clock: Clock) -> UUID:
    """Token and codes of the vehicle are worth nothing from now on; returns the device's id. Raises NotFound."""
    async with engine.begin() as connection:
        device_id = await registry.set_device_token(connection, plate, None, clock())
        await enrolment.drop_codes(connection, device_id)
        return device_id
