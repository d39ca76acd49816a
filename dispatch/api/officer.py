"""For officers without an agent: sign on to a unit, see its job, report steps. The page at /car uses it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas import officer as schemas
from dispatch.api.signed_in import TheDesk, role
from dispatch.service.incidents import Person
from dispatch.service.officer_duty import sign_off, sign_on
from dispatch.service.officer_messages import take_messages
from dispatch.service.officer_state import Shown, officer_state
from dispatch.store.officers import units_and_holders

router = api_router("officer")
Officer = Annotated[Person, Depends(role("officer"))]


def _shown(request: Request) -> Shown:
    shown: Shown | None = getattr(request.app.state, "orders_shown", None)
    if shown is None:
        shown = request.app.state.orders_shown = Shown()
    return shown


@router.get("/officer/units", responses=described(401, 403))
async def list_units(desk: TheDesk, by: Officer) -> schemas.OfficerUnits:
    """All units by call sign, and who is on them."""
    async with desk.engine.connect() as connection:
        rows = await units_and_holders(connection)
    return schemas.OfficerUnits(
        items=[
            schemas.OfficerUnit(
                unit_id=row.unit_id, name=row.name, held_by=row.username, mine=row.user_id == by.user_id
            )
            for row in rows
        ]
    )


@router.post("/officer/duty", responses=described(401, 403, 404, 409))
async def begin(body: schemas.SignOn, desk: TheDesk, by: Officer) -> schemas.Duty:
    """Sign on to a unit; the same one again changes nothing. 409 `unit_held` where another officer is on it."""
    return schemas.Duty.model_validate(await sign_on(desk, body.unit_id, by, take_over=body.take_over))


@router.delete("/officer/duty", status_code=204, responses=described(401, 403))
async def end(desk: TheDesk, by: Officer) -> None:
    """Leave the unit. What was pressed before and comes later still counts."""
    await sign_off(desk, by)


@router.get("/officer/state", responses=described(401, 403, 409))
async def state(
    desk: TheDesk,
    by: Officer,
    shown: Annotated[Shown, Depends(_shown)],
    boot: UUID | None = None,
    heard: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
) -> schemas.OfficerState:
    """The unit's screen, and how far the page's journal `boot` is taken. 409 `no_duty` for who is on no unit."""
    return schemas.OfficerState.model_validate(await officer_state(desk, shown, by, boot=boot, heard=heard))


@router.post("/officer/messages", responses=described(401, 403, 409))
async def report(body: schemas.OfficerMessages, desk: TheDesk, by: Officer) -> schemas.OfficerAck:
    """Messages of the page's journal, each once however often it is sent; acknowledged when they are durable."""
    taken = await take_messages(
        desk, by, duty_id=body.duty_id, boot=body.boot, clock_ms=body.clock_ms, messages=body.messages
    )
    rejected = [schemas.OfficerRefusal(seq=one.seq, code=one.code, message=one.message) for one in taken.refused]
    return schemas.OfficerAck(acked=taken.acked, rejected=rejected)
