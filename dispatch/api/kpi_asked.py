"""What a figure is asked for, as the query of a request: period, clock, filters. The same for all figures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from dispatch.api.period import Period, PeriodOf
from dispatch.api.schemas import CategoryName
from dispatch.api.signed_in import TheDesk
from dispatch.domain.hexagon import is_cell
from dispatch.domain.kpi import UNKNOWN
from dispatch.domain.kpi_books import Asked, Books
from dispatch.domain.kpi_filter import KpiFilter
from dispatch.domain.refusals import Invalid
from dispatch.service.desk import Desk
from dispatch.store.stations import place_names

Clock = Annotated[Literal["received", "dispatched"], Query(description="From which moment a response is timed")]
Figures = Annotated[
    Literal["reviewed", "recorded"], Query(description="With what supervisors decided, or as it was recorded")
]
LateReason = Literal[
    "no_unit_free",
    "late_entry",
    "late_dispatch",
    "late_acknowledgement",
    "turnout",
    "travel_longer_than_eta",
    "too_far",
    "place_wrong",
    "stopped_on_the_way",
    "nobody_came",
    "unknown",
    "still_open",
    "none",
]


def _several(description: str) -> Any:
    """A parameter that may come several times, once for each kind that is meant."""
    return Query(default_factory=_none_chosen, description=description, max_length=200)


def _none_chosen() -> list[str]:
    """In place of `list`, whose signature is worked out anew in each request, for as long as a short query takes."""
    return []


async def _asked(
    desk: TheDesk,
    period: PeriodOf,
    clock: Clock = "received",
    figures: Figures = "reviewed",
    *,
    precinct: Annotated[list[str], _several("By name; unknown: of none")],
    station: Annotated[list[str], _several("By name; unknown: of none")],
    priority: Annotated[list[Literal["1", "2", "3", "4"]], _several("1 is the highest")],
    category: Annotated[list[CategoryName], _several("The 110 categories")],
    unit_type: Annotated[
        list[Literal["car", "motorcycle", "other", "unknown"]],
        _several("Of the unit that arrived first, else that was sent first"),
    ],
    shift: Annotated[list[Literal["night", "day", "evening"]], _several("From 0, 8, 16 o'clock")],
    hour: Annotated[list[Annotated[int, Query(ge=0, le=23)]], _several("By the wall clock of Asia/Taipei")],
    weekday: Annotated[list[Annotated[int, Query(ge=1, le=7)]], _several("1: Monday")],
    cell: Annotated[list[str], _several("Hexagons (h3, resolution 8); unknown: of none")],
    late_reason: Annotated[list[LateReason], _several("docs/why-late.md")],
) -> Asked:
    for one in cell:
        if one != UNKNOWN and not is_cell(one):
            raise Invalid(f"{one} is no hexagon of resolution 8", member="cell")
    if precinct or station:
        await _check_places(desk, precinct=precinct, station=station)
    return Asked(
        now=desk.clock(),
        wanted=KpiFilter(
            start=period.start,
            end=period.end,
            precinct=_set(precinct),
            station=_set(station),
            priority=_set(priority),
            category=_set(category),
            unit_type=_set(unit_type),
            shift=_set(shift),
            hour=_set([f"{one:02}" for one in hour]),
            weekday=_set(weekday),
            cell=_set(cell),
            late_reason=_set(late_reason),
        ),
        clock=clock,
        figures=figures,
    )


async def _check_places(desk: Desk, **chosen: list[str]) -> None:
    """A name that is misspelt counts nothing, and nothing must not look like a figure.

    Incidents have the names of today: one that was given up counts nothing either.
    """
    async with desk.engine.connect() as connection:
        known = await place_names(connection)
    for member, names in chosen.items():
        if not known[member].issuperset(name for name in names if name != UNKNOWN):
            raise Invalid(f"there is no {member} of this name; {UNKNOWN}: of none", member=member)


def _set(values: list[Any]) -> frozenset[str] | None:
    return frozenset(map(str, values)) or None


AskedFor = Annotated[Asked, Depends(_asked)]


async def _books(request: Request) -> Books:
    books: Books = await request.app.state.kpi.books()
    return books


TheBooks = Annotated[Books, Depends(_books)]
"""All that is committed, as of now."""


async def _moment(request: Request) -> AsyncIterator[tuple[Books, AsyncConnection]]:
    async with request.app.state.kpi.moment() as moment:
        yield moment


TheMoment = Annotated[tuple[Books, AsyncConnection], Depends(_moment)]
"""The same, with a connection that sees the tables as they were when these were read."""


def period_of(asked: Asked) -> Period:
    """The period that was asked for."""
    return Period(asked.wanted.start, asked.wanted.end)
