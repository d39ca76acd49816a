"""ETA honesty: predicted beside real travel times, from the assignments themselves."""

from __future__ import annotations

from asyncio import to_thread
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.api.cursor import from_cursor, to_cursor
from dispatch.api.known_query import ONLY_KNOWN
from dispatch.api.kpi_asked import AskedFor, TheMoment
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas import NO_NUL
from dispatch.api.schemas import etas as schemas
from dispatch.api.signed_in import MAY_READ
from dispatch.domain.assignment import STRAIGHT
from dispatch.domain.eta_sums import EtaBooks, EtaFigure, eta_groups, journey_ids
from dispatch.domain.kpi import UNKNOWN
from dispatch.domain.kpi_columns import to_us
from dispatch.domain.refusals import Invalid
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.store.eta_figures import journeys
from dispatch.store.rows import AnyRow
from dispatch.store.speed_versions import version_in_force

router = api_router("figures", dependencies=[MAY_READ, ONLY_KNOWN])


async def _eta_moment(request: Request, moment: TheMoment) -> tuple[EtaBooks, AsyncConnection]:
    keeper: KpiKeeper = request.app.state.kpi
    return await keeper.etas.books(*moment), moment[1]


TheEtas = Annotated[tuple[EtaBooks, AsyncConnection], Depends(_eta_moment)]
"""The journeys of all that is committed, with a connection that sees the tables as they were then."""


@router.get("/kpi/etas", responses=described(401, 403))
async def etas(asked: AskedFor, moment: TheEtas, group_by: schemas.EtaGroupName | None = None) -> schemas.EtaReport:
    """Assignments of incidents received in [from, to) that arrived: the ETA of the order beside the time of the way.

    An ETA is the way alone; so real time runs from setting out to the arrival, and `n` counts those whose setting out
    is known. `from_order_…` is what the caller waited for: from the order, the crew's turnout in it. `hour` is that of
    Asia/Taipei in which the order was given; `street_class` the class on which most metres of the planned way lay.
    `straight`: no street answered; no version of the speeds had a part in such an ETA. Filters choose incidents, as in
    every figure; arrivals are as recorded, whatever was reviewed.
    """
    books, connection = moment
    return schemas.EtaReport(
        group_by=group_by,
        from_=asked.wanted.start,
        to=asked.wanted.end,
        version_in_force=await version_in_force(connection),
        items=[_group(one) for one in sorted(await to_thread(eta_groups, books, asked, group_by), key=_order)],
    )


@router.get("/kpi/etas/incidents", responses=described(401, 403))
async def incidents_of_etas(
    asked: AskedFor,
    moment: TheEtas,
    *,
    group_by: schemas.EtaGroupName | None = None,
    group: Annotated[str | None, Query(max_length=40, pattern=NO_NUL, description="As an answer named it")] = None,
    of: Annotated[Literal["n", "from_order_n"], Query(description="The count that is opened")] = "n",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=200, description="next_cursor of the page before")] = None,
) -> schemas.EtaIncidentPage:
    """What a figure of /kpi/etas counts, the newest order first; without `group_by` and `group` all that is meant."""
    if group is None and group_by is not None:
        raise Invalid("say which group, as /kpi/etas names it", member="group")
    if group is not None and group_by is None:
        raise Invalid("say what the group is one of", member="group_by")
    books, connection = moment
    last = from_cursor(cursor) if cursor else None
    ids = await to_thread(
        journey_ids,
        books,
        asked,
        (group_by, group) if group_by is not None and group is not None else None,
        with_way=of == "n",
        before=(to_us(last[0]), last[1]) if last else None,
        limit=limit + 1,
    )
    rows = await journeys(connection, ids[:limit])
    return schemas.EtaIncidentPage(
        items=[_item(row) for row in rows],
        next_cursor=to_cursor(rows[-1].dispatched_at, rows[-1].assignment_id) if len(ids) > limit else None,
    )


def _item(row: AnyRow) -> schemas.EtaIncident:
    return schemas.EtaIncident(
        incident_id=row.incident_id,
        number=row.number,
        assignment_id=row.assignment_id,
        unit_name=row.unit_name,
        dispatched_at=row.dispatched_at,
        eta_s=row.eta_s,
        eta_version=row.eta_version,
        real_s=_rounded(row.real_s),
        turnout_s=_rounded(row.turnout_s),
        from_order_s=round(row.from_order_s, 1),
    )


def _order(figure: EtaFigure) -> tuple[bool, int, str]:
    """Numbers as numbers; what lies on no street, and what is unknown, last."""
    name = figure.group
    return (name in (STRAIGHT, UNKNOWN), int(name) if name.isdecimal() else 0, name)


def _group(figure: EtaFigure) -> schemas.EtaGroup:
    return schemas.EtaGroup(
        group=figure.group,
        n=figure.n,
        bias_s=_rounded(figure.bias_s),
        ratio_p10=_rounded(figure.ratio_p10, 3),
        ratio_p50=_rounded(figure.ratio_p50, 3),
        ratio_p90=_rounded(figure.ratio_p90, 3),
        mae_s=_rounded(figure.mae_s),
        turnout_p50_s=_rounded(figure.turnout_p50_s),
        from_order_n=figure.from_order_n,
        from_order_bias_s=round(figure.from_order_bias_s, 1),
    )


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)
