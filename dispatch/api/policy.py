"""Who goes, and by whose word: the settings and the mode in force, and how the decisions fare."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import Depends, Request

from dispatch.api import schemas
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.signed_in import MAY_READ, TheDesk, role
from dispatch.domain.kpi import TAIPEI
from dispatch.domain.mode import Mode
from dispatch.service.deciding import POLICY_NAME
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.loop import DispatcherLoop
from dispatch.service.policy_mode import change_mode
from dispatch.service.seen import policy_record
from dispatch.store.database import one_moment
from dispatch.store.decisions import last_round, rounds_since
from dispatch.store.policy_modes import mode_set

router = api_router("policy")
DAY: Final = timedelta(days=1)
Supervising = Annotated[Person, Depends(role("supervisor"))]


@router.get("/policy", responses=described(401, 403), dependencies=[MAY_READ])
async def look_at(desk: TheDesk, request: Request) -> schemas.PolicyView:
    """What is in force, and how the decisions fare: how long they take, how often the solver was too late."""
    return await _policy(desk, request.app.state.loop)


@router.put("/policy/mode", responses=described(401, 403))
async def set_mode(body: schemas.NewMode, desk: TheDesk, request: Request, by: Supervising) -> schemas.PolicyView:
    """From the next decision on, in every server, until it is set again."""
    await change_mode(desk, Mode(body.mode), by)
    return await _policy(desk, request.app.state.loop)


async def _policy(desk: Desk, loop: DispatcherLoop) -> schemas.PolicyView:
    now = desk.clock()
    async with one_moment(desk.engine) as connection:
        known = await mode_set(connection)
        newest = await last_round(connection)
        rounds, fallbacks = await rounds_since(connection, now - DAY)
    settings, figures = desk.settings, loop.deciding.figures
    rules = settings.mode_rules(known.mode if known else None)
    hour = now.astimezone(TAIPEI).hour
    return schemas.PolicyView(
        policy=POLICY_NAME,
        mode=schemas.ModeView(
            mode=rules.mode.value,
            default=settings.dispatch_mode.value,
            set_at=known.set_at if known else None,
            set_by=known.set_by if known else None,
            automatic_now=[priority for priority in (1, 2, 3, 4) if rules.sends_by_itself(priority, hour)],
            automatic_priorities=sorted(rules.priorities),
            night_from=rules.night_from,
            night_to=rules.night_to,
        ),
        automatic_diversion=settings.automatic_diversion,
        decision_deadline_ms=settings.decision_deadline_ms,
        tick_s=settings.tick_s,
        settings=policy_record(settings.policy()),
        counts=schemas.DecisionCounts(
            leads=loop.leading,
            rounds=figures.rounds,
            fallbacks=figures.fallbacks,
            skipped=figures.skipped,
            last_decided_at=figures.last_at,
            last_took_ms=figures.last["took_ms"] if figures.last else None,
            last_fallback=figures.last["fallback"] if figures.last else None,
        ),
        rounds_last_day=rounds,
        fallbacks_last_day=fallbacks,
        last_round=schemas.RoundView.model_validate(newest) if newest is not None else None,
    )
