"""The ledger: the incidents behind each figure, as pages and as a file."""

from __future__ import annotations

from asyncio import to_thread
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from dispatch.api import schemas
from dispatch.api.kpi_asked import AskedFor, TheBooks
from dispatch.api.problems import described
from dispatch.api.signed_in import MAY_READ, TheDesk
from dispatch.domain.kpi import Exclusion
from dispatch.domain.kpi_line import Mark
from dispatch.domain.refusals import Invalid
from dispatch.service.kpi_ledger import Outcome, Pick, Position, Sort, page, totals
from dispatch.service.ledger_file import ledger_file, rows_of_ledger

router = APIRouter(tags=["figures"], dependencies=[MAY_READ])

ExclusionName = Literal["cancelled", "duplicate", "officer_initiated", "scheduled", "test", "pending", "no_start"]
MarkName = Literal["far_from_scene", "before_gps_arrival", "gps_gap", "inferred", "corrected", "reviewed"]


@router.get("/kpi/ledger", responses=described(401, 403))
async def ledger(
    desk: TheDesk,
    asked: AskedFor,
    books: TheBooks,
    *,
    outcome: Outcome | None = None,
    reason: Annotated[ExclusionName | None, Query(description="Of what is excluded")] = None,
    mark: Annotated[MarkName | None, Query(description="What a person should know of it")] = None,
    sort: Annotated[Sort, Query(description="slowest: what nobody reached comes first")] = "newest",
    reached: Annotated[bool | None, Query(description="Measured, and somebody came or not")] = None,
    over_s: Annotated[float | None, Query(ge=0, description="Responses that took longer")] = None,
    up_to_s: Annotated[float | None, Query(ge=0, description="Responses that took so long at most")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=80, description="next_cursor of the page before")] = None,
) -> schemas.LedgerPage:
    """Every incident of the period is in exactly one row: within, late, or excluded with its reason."""
    excluded, marked = Exclusion(reason) if reason else None, Mark(mark) if mark else None
    pick = Pick(outcome, excluded, marked, sort, reached, over_s, up_to_s)
    rows, more = await to_thread(page, books, asked, pick, limit, _position(cursor))
    async with desk.engine.connect() as connection:
        lines = await rows_of_ledger(connection, asked, [row.incident_id for row in rows])
    sums = await to_thread(totals, books, asked)
    return schemas.LedgerPage(
        totals=schemas.LedgerTotals(
            incidents=sums.incidents, within=sums.within, late=sums.late, excluded=sums.excluded
        ),
        items=[schemas.LedgerRow(**line) for line in lines],
        next_cursor=f"{rows[-1].rank}.{rows[-1].incident_id}" if more else None,
    )


def _position(cursor: str | None) -> Position | None:
    if cursor is None:
        return None
    rank, _, incident_id = cursor.partition(".")
    try:
        return Position(int(rank), UUID(incident_id))
    except ValueError as error:
        raise Invalid("is not one that an answer gave; start again without it", member="cursor") from error


@router.get(
    "/kpi/ledger.csv",
    responses={**described(401, 403), 200: {"content": {"text/csv": {}}, "description": "UTF-8 with BOM"}},
    response_class=Response,
)
async def ledger_as_file(
    desk: TheDesk, asked: AskedFor, books: TheBooks, language: Literal["zh-TW", "en"] = "zh-TW"
) -> Response:
    """All rows, the oldest first, as CSV: UTF-8 with byte order mark, lines ended by CR LF."""
    made = await ledger_file(desk.engine, books, asked, language)
    return Response(
        made.content,
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{made.name}"',
            "X-Ledger-SHA256": made.sha256,
        },
    )
