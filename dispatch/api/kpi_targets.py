"""The yearly targets beside which the share within ten minutes is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Depends, Path

from dispatch.api import schemas
from dispatch.api.known_query import ONLY_KNOWN
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.signed_in import TheDesk, role
from dispatch.domain.kpi import TAIPEI
from dispatch.service.incidents import Person
from dispatch.store import kpi_targets
from dispatch.store.rows import AnyRow

router = api_router("figures")
MAY_DECIDE: Final = Depends(role("supervisor", "admin"))
Deciding = Annotated[Person, MAY_DECIDE]
MAY_LOOK: Final = Depends(role("dispatcher", "supervisor", "auditor", "admin"))

FIRST_YEAR: Final = 2019
"""108, the first of the plan."""
MINGUO: Final = 1911
TEXT: Final = "<10分鐘"


@router.get("/kpi/targets", responses=described(401, 403), dependencies=[MAY_LOOK, ONLY_KNOWN])
async def targets(desk: TheDesk) -> schemas.TargetList:
    """Every year of the plan and after it, up to the next one; and any other year for which one was set."""
    async with desk.engine.connect() as connection:
        told = await kpi_targets.target_history(connection)
    this_year = desk.clock().astimezone(TAIPEI).year
    years = sorted({*range(FIRST_YEAR, this_year + 2), *told})
    return schemas.TargetList(items=[_view(year, told.get(year, ())) for year in years])


def _view(year: int, told: Sequence[AnyRow]) -> schemas.TargetView:
    history = [schemas.TargetSetting(share=row.share, set_by=row.set_by, set_at=row.set_at) for row in told]
    newest = told[-1] if told else None
    known = {name: getattr(newest, name, None) for name in ("share", "set_by", "set_at")}
    return schemas.TargetView(year=year, minguo=year - MINGUO, text=TEXT, **known, history=history)


@router.put("/kpi/targets/{year}", responses=described(401, 403), dependencies=[MAY_DECIDE, ONLY_KNOWN])
async def set_target(
    desk: TheDesk,
    by: Deciding,
    year: Annotated[int, Path(ge=FIRST_YEAR, le=2200, description="Of the common era")],
    body: schemas.NewTarget,
) -> schemas.TargetView:
    """What share of the measured incidents is to be reached within ten minutes in that year.

    What was set before stays in its `history`, with when and by whom.
    """
    async with desk.engine.begin() as connection:
        await kpi_targets.set_target(connection, year, body.share, by.username, desk.clock())
        told = await kpi_targets.target_history(connection)
    return _view(year, told.get(year, ()))
