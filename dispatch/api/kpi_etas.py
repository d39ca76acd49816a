"""ETA honesty: predicted beside real travel times, from the assignments themselves."""

from __future__ import annotations

from fastapi import APIRouter

from dispatch.api.period import PeriodOf
from dispatch.api.problems import described
from dispatch.api.schemas import etas as schemas
from dispatch.api.signed_in import MAY_READ, TheDesk
from dispatch.store.eta_figures import eta_figures
from dispatch.store.rows import AnyRow
from dispatch.store.speed_versions import version_in_force

router = APIRouter(tags=["figures"])


@router.get("/kpi/etas", responses=described(401, 403), dependencies=[MAY_READ])
async def etas(desk: TheDesk, period: PeriodOf, group_by: schemas.EtaGroupName | None = None) -> schemas.EtaReport:
    """Assignments ordered in [from, to) that arrived: the ETA of the order against the time to the scene.

    Real time runs from the order, so the crew's turnout is in it and shows as bias. `hour` is that of Asia/Taipei in
    which the order was given; `street_class` the class on which most metres of the planned way lay.
    """
    async with desk.engine.connect() as connection:
        rows = await eta_figures(connection, period.start, period.end, group_by)
        in_force = await version_in_force(connection)
    return schemas.EtaReport(
        group_by=group_by,
        from_=period.start,
        to=period.end,
        version_in_force=in_force,
        items=[_group(row) for row in sorted(rows, key=_order)],
    )


def _order(row: AnyRow) -> tuple[bool, int, str]:
    """Numbers as numbers, what is unknown last."""
    return (row.group == "unknown", int(row.group) if row.group.isdecimal() else 0, row.group)


def _group(row: AnyRow) -> schemas.EtaGroup:
    low, middle, high = (None if one is None else round(one, 3) for one in row.ratios or (None, None, None))
    return schemas.EtaGroup(
        group=row.group,
        n=row.n,
        bias_s=round(row.bias_s, 1),
        ratio_p10=low,
        ratio_p50=middle,
        ratio_p90=high,
        mae_s=round(float(row.mae_s), 1),
        turnout_p50_s=None if row.turnout_p50_s is None else round(row.turnout_p50_s, 1),
    )
