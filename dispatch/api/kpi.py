"""The ten-minute clock as reports: shares by group, where the time goes, how responses spread, month against month."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

import numpy as np
from fastapi import Query

from dispatch.api import schemas
from dispatch.api.known_query import ONLY_KNOWN
from dispatch.api.kpi_asked import AskedFor, TheBooks
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.signed_in import MAY_READ, TheDesk
from dispatch.domain.control_chart import Limits, chart, differs
from dispatch.domain.hexagon import centre_of, outline_of
from dispatch.domain.incident import TARGET_S
from dispatch.domain.kpi import TAIPEI, UNKNOWN, GroupBy, KpiGroup, kpi, local_day
from dispatch.domain.kpi_books import Asked, Books
from dispatch.domain.kpi_sums import changed_by_review, groups, parts, parts_by, responses_s
from dispatch.service.desk import Desk
from dispatch.service.kpi_ledger import late
from dispatch.store import kpi_targets

router = api_router("figures", dependencies=[MAY_READ, ONLY_KNOWN])

BIN_S: Final = 30
BINS: Final = 60
"""Half an hour; what took longer is counted together."""
MONTHS: Final = 24
NOTHING: Final = kpi([], now=datetime(2000, 1, 1, tzinfo=UTC))[0]
"""The figures of a month without a call."""


@router.get("/kpi", responses=described(401, 403))
async def report(desk: TheDesk, asked: AskedFor, books: TheBooks, group_by: GroupBy | None = None) -> schemas.KpiReport:
    """Incidents received in [from, to): how many had an officer there within 600 s, and what was left out and why.

    `measured` plus the sum of `excluded` equals `incidents`. An incident that nobody reached is measured as late.
    """
    targets = await _targets(desk)
    items, reviewed = await to_thread(_told, books, asked, group_by, targets)
    return schemas.KpiReport(
        clock=asked.clock,
        figures=asked.figures,
        group_by=group_by,
        target_s=TARGET_S,
        target_share=targets.get(_only_year(asked)),
        from_=asked.wanted.start,
        to=asked.wanted.end,
        as_of=asked.now,
        reviewed=reviewed,
        items=items,
    )


def _told(
    books: Books, asked: Asked, group_by: GroupBy | None, targets: Mapping[int | None, float]
) -> tuple[list[schemas.KpiGroup], int]:
    """The groups, and how many incidents have another figure since a review. Five years have 1,826 groups of a day."""
    items = [schemas.KpiGroup.model_validate(one) for one in groups(books, asked, group_by)]
    for one in items:
        if group_by == "cell":
            one.cell = _cell(one.group)
        if group_by in ("day", "month"):
            one.target_share = targets.get(_year_of(one.group))
    return items, changed_by_review(books, asked)


async def _targets(desk: Desk) -> Mapping[int | None, float]:
    """By year what the bureau promised, where it did."""
    async with desk.engine.connect() as connection:
        told = await kpi_targets.target_history(connection)
    return {year: words[-1].share for year, words in told.items() if words[-1].share is not None}


def _only_year(asked: Asked) -> int | None:
    """The year in which the whole period lies; None where it has days of several, or no beginning."""
    if asked.wanted.start is None:
        return None
    year = asked.wanted.start.astimezone(TAIPEI).year
    return year if year == _last_moment(asked).astimezone(TAIPEI).year else None


def _year_of(day_or_month: str) -> int:
    return int(day_or_month[:4])


def _cell(group: str) -> schemas.CellView | None:
    if group == UNKNOWN:
        return None
    lat, lon = centre_of(group)
    return schemas.CellView(lat=lat, lon=lon, boundary=outline_of(group))


@router.get("/kpi/parts", responses=described(401, 403))
async def where_the_time_goes(asked: AskedFor, books: TheBooks) -> schemas.KpiParts:
    """Call handling, dispatch, turnout and travel of the responses: each over those of which it is known."""
    return schemas.KpiParts.model_validate(await to_thread(parts, books, asked))


@router.get("/kpi/parts/groups", responses=described(401, 403))
async def where_the_time_goes_by_group(asked: AskedFor, books: TheBooks, group_by: GroupBy) -> schemas.KpiPartsGroups:
    """The same of each group in which somebody was reached: which station is slow to set out."""

    def told() -> schemas.KpiPartsGroups:
        items = [{"group": group, **spreads} for group, spreads in parts_by(books, asked, group_by)]
        return schemas.KpiPartsGroups.model_validate({"group_by": group_by, "items": items})

    return await to_thread(told)


@router.get("/kpi/distribution", responses=described(401, 403))
async def distribution(asked: AskedFor, books: TheBooks) -> schemas.KpiDistribution:
    """How long responses took, in bins of 30 s. A bin holds what took longer than its begin, up to its end."""
    seconds, unreached = await to_thread(responses_s, books, asked)
    number = np.maximum(np.ceil(seconds / BIN_S).astype(np.int64) - 1, 0)
    counts = np.bincount(np.minimum(number, BINS), minlength=BINS + 1)
    return schemas.KpiDistribution(
        target_s=TARGET_S,
        bin_s=BIN_S,
        bins=[
            schemas.KpiBin(from_s=place * BIN_S, to_s=(place + 1) * BIN_S, n=int(count))
            for place, count in enumerate(counts[:BINS])
        ],
        beyond=int(counts[BINS]),
        unreached=unreached,
        measured=len(seconds) + unreached,
    )


@router.get("/kpi/months", responses=described(401, 403))
async def months(
    desk: TheDesk,
    asked: AskedFor,
    books: TheBooks,
    count: Annotated[int, Query(ge=1, le=120, description="So many months, the last that of `to`")] = MONTHS,
) -> schemas.KpiMonths:
    """A control chart of whole months, each beside the same month a year before. `from` does not narrow it.

    A month that is not over stands at its end as it is so far, and is judged by nothing.
    """
    names = _months_up_to(local_day(_last_moment(asked)), count)
    ever = replace(asked, wanted=replace(asked.wanted, start=None, end=None))
    found = {one.group: one for one in await to_thread(groups, books, ever, "month")}
    over = [name for name in names if name < f"{local_day(asked.now):%Y-%m}"]
    drawn = chart([_hits(found.get(name)) for name in over])
    limits = dict(zip(over, drawn.limits, strict=True))
    targets = await _targets(desk)
    return schemas.KpiMonths(
        centre=drawn.centre,
        items=[
            _month(
                name,
                found.get(name),
                found.get(_a_year_before(name)),
                limits.get(name),
                targets.get(_year_of(name)),
            )
            for name in names
        ],
    )


@router.get("/kpi/late", responses=described(401, 403))
async def why_late(asked: AskedFor, books: TheBooks) -> schemas.LateReport:
    """Late incidents by their largest part, and how many would have been in time with the nearest free unit."""
    found = await to_thread(late, books, asked)
    return schemas.LateReport(
        late=sum(one.n for one in found),
        items=[
            schemas.LateReasonView(
                reason=one.reason,
                n=one.n,
                excess_p50_s=one.excess_p50_s,
                in_time_if_nearest_free=one.in_time,
                unknown=one.unknown,
            )
            for one in found
        ],
    )


def _last_moment(asked: Asked) -> datetime:
    return asked.now if asked.wanted.end is None else asked.wanted.end - timedelta(microseconds=1)


def _months_up_to(last: date, count: int) -> list[str]:
    number = last.year * 12 + last.month - 1
    return [f"{one // 12:04}-{one % 12 + 1:02}" for one in range(number - count + 1, number + 1)]


def _a_year_before(month: str) -> str:
    return f"{int(month[:4]) - 1:04}{month[4:]}"


def _hits(group: KpiGroup | None) -> tuple[int, int]:
    return (0, 0) if group is None else (group.within_target, group.measured)


def _month(
    name: str, group: KpiGroup | None, before: KpiGroup | None, limits: Limits | None, target_share: float | None
) -> schemas.KpiMonth:
    said = asdict(group or NOTHING)
    last_year = None
    if before is not None and limits is not None:
        told = {member: getattr(before, member) for member in schemas.LastYear.model_fields if hasattr(before, member)}
        news = differs(*_hits(group), *_hits(before))
        last_year = schemas.LastYear(month=before.group, differs=news, **told)
    members = {member: said[member] for member in schemas.KpiMonth.model_fields if member in said}
    return schemas.KpiMonth(
        month=name,
        complete=limits is not None,
        limit_low=None if limits is None else limits.low,
        limit_high=None if limits is None else limits.high,
        signal=None if limits is None else limits.signal,
        last_year=last_year,
        target_share=target_share,
        **members,
    )
