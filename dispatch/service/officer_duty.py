"""An officer signs on to a unit with a page of the browser, and off again. One officer a unit, one unit an officer."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.refusals import NotFound, Refused
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.store import officers
from dispatch.store.access import log_access
from dispatch.store.rows import AnyRow


class UnitHeld(Refused):
    """Another officer is on this unit; whoever asks may take over."""

    code = "unit_held"


class NoDuty(Refused):
    """The officer is on no unit, or not on this one."""

    code = "no_duty"


async def sign_on(desk: Desk, unit_id: UUID, by: Person, *, take_over: bool) -> AnyRow:
    """The officer's duty on this unit: the standing one where it is the same unit, else a new one.

    Raises NotFound, UnitHeld (without `take_over`). Whoever was on it before is off it; what they pressed counts.
    """
    async with desk.engine.begin() as connection:
        name = await officers.lock_unit(connection, unit_id)
        if name is None:
            raise NotFound(f"There is no unit {unit_id}.", member="unit_id")
        now = desk.clock()
        standing = await officers.standing_duties(connection, user_id=by.user_id, unit_id=unit_id)
        if any(duty.user_id == by.user_id and duty.unit_id == unit_id for duty in standing):
            return await _duty(connection, by)
        holder = next((duty for duty in standing if duty.user_id != by.user_id), None)
        if holder is not None and not take_over:
            raise UnitHeld(f"{holder.username} is on {name}; send take_over to take its place.", member="unit_id")
        for duty in standing:
            mine = duty.user_id == by.user_id
            await officers.end_duty(connection, duty.duty_id, now, "other_unit" if mine else "taken_over")
        await officers.begin_duty(connection, by.user_id, unit_id, now)
        taken = {} if holder is None else {"taken_from": holder.username}
        await log_access(connection, by.username, "duty", str(unit_id), {"began": now.isoformat(), **taken})
        return await _duty(connection, by)


async def sign_off(desk: Desk, by: Person) -> None:
    """The officer leaves the unit; nothing where there is none."""
    async with desk.engine.begin() as connection:
        duty = await officers.duty_of(connection, by.user_id)
        if duty is None:
            return
        now = desk.clock()
        await officers.end_duty(connection, duty.duty_id, now, "left")
        await log_access(connection, by.username, "duty", str(duty.unit_id), {"ended": now.isoformat()})


async def _duty(connection: AsyncConnection, by: Person) -> AnyRow:
    duty = await officers.duty_of(connection, by.user_id)
    if duty is None:
        raise NoDuty("Sign on to a unit first: POST /api/v1/officer/duty.")
    return duty
