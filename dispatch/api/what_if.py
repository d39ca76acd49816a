"""What-ifs for managers: asked, run by a worker process, compared side by side, kept and repeatable to the digit."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Final, get_args
from uuid import UUID

from fastapi import Depends, Query
from starlette.exceptions import HTTPException

from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas import what_if as schemas
from dispatch.api.signed_in import SignedIn, TheDesk, role
from dispatch.service import what_ifs as service
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.store import what_ifs
from dispatch.store.rows import AnyRow
from dispatch.store.what_if_asked import FEWEST_CALLS, Asked, asked_of

router = api_router("what-if")
DAYS: Final = 7
MAY_ASK: Final = Depends(role("supervisor"))
MAY_LOOK: Final = Depends(role("supervisor", "auditor"))
Asking = Annotated[Person, MAY_ASK]
# Ids are told from `base` by the router already (`:uuid`): DELETE on `base` is a wrong method, not a wrong id.


@router.get("/what-ifs/base", responses=described(401, 403), dependencies=[MAY_LOOK])
async def what_if_base(desk: TheDesk) -> schemas.WhatIfBase:
    """The bureau as it is registered now: what a question begins with, and within which bounds it stays."""
    base = await service.base_of(desk)
    return schemas.WhatIfBase(
        stations=[schemas.BaseStationView.model_validate(station) for station in base.stations],
        units=[schemas.CrewsView.model_validate(crews) for crews in base.units],
        units_without_station=base.units_without_station,
        calls=base.calls,
        first_day=base.first_day,
        last_day=base.last_day,
        has_map=base.has_map,
        policies=list(get_args(schemas.PolicyName)),
        presets=list(get_args(schemas.PresetName)),
        limits=schemas.WhatIfLimits(fewest_calls=FEWEST_CALLS),
    )


@router.post("/what-ifs", status_code=201, responses=described(401, 403, 404, 409))
async def ask_what_if(body: schemas.NewWhatIf, desk: TheDesk, by: Asking) -> schemas.WhatIfView:
    """Queue a question. One runs at a time; the same seed and the same inputs give the same digits."""
    return await _view(desk, await service.ask(desk, by, _wish(body)))


@router.get("/what-ifs", responses=described(401, 403), dependencies=[MAY_LOOK])
async def list_what_ifs(desk: TheDesk, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> schemas.WhatIfList:
    """Newest first, without results."""
    async with desk.engine.connect() as connection:
        rows = await what_ifs.what_if_rows(connection, limit)
    return schemas.WhatIfList(items=[schemas.WhatIfSummary(**_summary(row)) for row in rows])


@router.get("/what-ifs/{what_if_id:uuid}", responses=described(401, 403, 404), dependencies=[MAY_LOOK])
async def read_what_if(what_if_id: UUID, desk: TheDesk) -> schemas.WhatIfView:
    """With its progress, and its result once it is done."""
    return await _view(desk, what_if_id)


@router.post("/what-ifs/{what_if_id:uuid}/cancel", responses=described(401, 403, 404, 409), dependencies=[MAY_ASK])
async def cancel_what_if(what_if_id: UUID, desk: TheDesk) -> schemas.WhatIfView:
    """Its worker ends within seconds; there is no result."""
    await service.cancel(desk, what_if_id)
    return await _view(desk, what_if_id)


@router.post("/what-ifs/{what_if_id:uuid}/repeat", status_code=201, responses=described(401, 403, 404, 409))
async def repeat_what_if(what_if_id: UUID, desk: TheDesk, by: Asking) -> schemas.WhatIfView:
    """Ask the same again, with the same seed, on the streets and calls as they are now; `repeat` says what differs."""
    return await _view(desk, await service.repeat(desk, by, what_if_id))


@router.delete("/what-ifs/{what_if_id:uuid}", status_code=204, responses=described(401, 403, 404, 409))
async def delete_what_if(what_if_id: UUID, desk: TheDesk, session: SignedIn) -> None:
    """For whoever asked it, and for supervisors. Cancel first what is not over."""
    if session.role != "supervisor":
        async with desk.engine.connect() as connection:
            row = await what_ifs.find_what_if(connection, what_if_id)
        if row.created_by != session.user_id:
            raise HTTPException(403, "This is for whoever asked it, and for supervisors.")
    await service.remove(desk, what_if_id)


def _wish(body: schemas.NewWhatIf) -> Asked:
    asked: dict[str, Any] = body.model_dump(mode="json", by_alias=True)
    asked["seed"] = secrets.randbelow(2**31) if body.seed is None else body.seed
    if body.days is None:
        period = body.period
        asked["days"] = (period.end - period.begin).days if period and period.mode == "replay" else DAYS
    return asked_of(asked)


async def _view(desk: Desk, what_if_id: UUID) -> schemas.WhatIfView:
    async with desk.engine.connect() as connection:
        row = await what_ifs.find_what_if(connection, what_if_id)
    return schemas.WhatIfView(
        **_summary(row), asked=schemas.AskedView.model_validate(asked_of(row.asked)), result=row.result
    )


def _summary(row: AnyRow) -> dict[str, Any]:
    members = {name: getattr(row, name) for name in schemas.WhatIfSummary.model_fields if hasattr(row, name)}
    return members | {
        "id": row.what_if_id,
        "created_by": row.created_by_name,
        "variants": [variant["name"] for variant in row.asked["variants"]],
        "repeat": _repeat(row),
    }


def _repeat(row: AnyRow) -> schemas.RepeatView | None:
    if row.result_sha256 is None or row.first_sha256 is None:
        return None
    first = {**row.first_inputs, "engine": row.first_engine}
    return schemas.RepeatView(
        of=row.repeats,
        differing=service.differing(first, {**row.inputs, "engine": row.engine}),
        same_result=row.result_sha256 == row.first_sha256,
    )
