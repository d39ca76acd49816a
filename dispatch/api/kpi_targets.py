"""The yearly targets beside which the share within ten minutes is read."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path

from dispatch.api import schemas
from dispatch.api.problems import described
from dispatch.api.signed_in import MAY_READ, TheDesk, role
from dispatch.domain.kpi import TAIPEI
from dispatch.service.incidents import Person
from dispatch.store import kpi_targets

router = APIRouter(tags=["figures"])
Deciding = Annotated[Person, Depends(role("supervisor", "admin"))]

FIRST_YEAR: Final = 2019
"""108, the first of the plan."""
MINGUO: Final = 1911
TEXT: Final = "<10分鐘"


@router.get("/kpi/targets", responses=described(401, 403), dependencies=[MAY_READ])
async def targets(desk: TheDesk) -> schemas.TargetList:
    """Every year of the plan and after it, up to the next one; and what was set for any other year."""
    async with desk.engine.connect() as connection:
        rows = {row.year: row for row in await kpi_targets.all_targets(connection)}
    this_year = desk.clock().astimezone(TAIPEI).year
    years = sorted({*range(FIRST_YEAR, this_year + 2), *rows})
    return schemas.TargetList(items=[_view(year, rows.get(year)) for year in years])


def _view(year: int, row: object) -> schemas.TargetView:
    known = {name: getattr(row, name, None) for name in ("share", "set_by", "set_at")}
    return schemas.TargetView(year=year, minguo=year - MINGUO, text=TEXT, **known)


@router.put("/kpi/targets/{year}", responses=described(401, 403))
async def set_target(
    desk: TheDesk,
    by: Deciding,
    year: Annotated[int, Path(ge=FIRST_YEAR, le=2200, description="Of the common era")],
    body: schemas.NewTarget,
) -> schemas.TargetView:
    """What share of the measured incidents is to be reached within ten minutes in that year."""
    async with desk.engine.begin() as connection:
        await kpi_targets.set_target(connection, year, body.share, by.username, desk.clock())
        rows = {row.year: row for row in await kpi_targets.all_targets(connection)}
    return _view(year, rows.get(year))
