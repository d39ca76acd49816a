"""The ledger: the incidents behind each figure, as pages and as a file."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Iterator
from dataclasses import replace
from tempfile import TemporaryFile
from typing import IO, Annotated, Final, Literal

from fastapi import Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from dispatch.api import schemas
from dispatch.api.cursor import from_page_end, to_page_end
from dispatch.api.known_query import ONLY_KNOWN
from dispatch.api.kpi_asked import AskedFor, TheMoment
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.signed_in import MAY_READ, Reading, TheDesk
from dispatch.domain.kpi import Exclusion
from dispatch.domain.kpi_line import Mark
from dispatch.domain.parts import Part
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.service.kpi_ledger import Nearest, Outcome, Pick, Sort, page, totals
from dispatch.service.ledger_file import ledger_name, rows_of_ledger, write_ledger
from dispatch.store.access import log_access

router = api_router("figures", dependencies=[MAY_READ, ONLY_KNOWN])

PIECE: Final = 1 << 18
"""Bytes of a file that are sent at once."""

ExclusionName = Literal["cancelled", "duplicate", "officer_initiated", "scheduled", "test", "pending", "no_start"]
MarkName = Literal[
    "far_from_scene", "before_gps_arrival", "gps_gap", "inferred", "corrected", "reviewed", "cancelled_late"
]


def _picked(
    outcome: Outcome | None = None,
    *,
    reason: Annotated[ExclusionName | None, Query(description="Of what is excluded")] = None,
    mark: Annotated[MarkName | None, Query(description="What a person should know of it")] = None,
    changed: Annotated[bool | None, Query(description="Has it another figure since a review")] = None,
    reached: Annotated[bool | None, Query(description="Measured, and somebody came or not")] = None,
    over_s: Annotated[float | None, Query(ge=0, description="Responses that took longer")] = None,
    up_to_s: Annotated[float | None, Query(ge=0, description="Responses that took so long at most")] = None,
    part: Annotated[Part | None, Query(description="Reached, and it is known how long this part took")] = None,
    nearest: Annotated[
        Nearest | None, Query(description="Had the nearest free unit gone at once: in time, or nobody can say")
    ] = None,
) -> Pick:
    return Pick(
        outcome=outcome,
        reason=Exclusion(reason) if reason else None,
        mark=Mark(mark) if mark else None,
        changed=changed,
        reached=reached,
        over_s=over_s,
        up_to_s=up_to_s,
        part=part,
        nearest=nearest,
    )


Picked = Annotated[Pick, Depends(_picked)]


@router.get("/kpi/ledger", responses=described(401, 403))
async def ledger(
    asked: AskedFor,
    moment: TheMoment,
    pick: Picked,
    *,
    sort: Annotated[Sort, Query(description="slowest: what nobody reached comes first")] = "newest",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=80, description="next_cursor of the page before")] = None,
) -> schemas.LedgerPage:
    """Every incident of the period is in exactly one row: within, late, or excluded with its reason."""
    books, connection = moment
    rows, more = await to_thread(
        page, books, asked, replace(pick, sort=sort), limit, from_page_end(cursor) if cursor else None
    )
    lines = await rows_of_ledger(connection, asked, [row.incident_id for row in rows])
    sums = await to_thread(totals, books, asked)
    return schemas.LedgerPage(
        totals=schemas.LedgerTotals(
            incidents=sums.incidents, within=sums.within, late=sums.late, excluded=sums.excluded
        ),
        items=[schemas.LedgerRow(**line) for line in lines],
        next_cursor=to_page_end(rows[-1]) if more else None,
    )


@router.get(
    "/kpi/ledger.csv",
    responses={**described(401, 403), 200: {"content": {"text/csv": {}}, "description": "UTF-8 with BOM"}},
    response_class=Response,
)
async def ledger_as_file(
    request: Request,
    desk: TheDesk,
    by: Reading,
    asked: AskedFor,
    pick: Picked,
    language: Literal["zh-TW", "en"] = "zh-TW",
) -> StreamingResponse:
    """All rows, the oldest first, as CSV: UTF-8 with byte order mark, CR LF. Years of them take minutes."""
    keeper: KpiKeeper = request.app.state.kpi
    name = ledger_name(asked, pick)
    async with desk.engine.begin() as connection:
        await log_access(connection, by.username, "ledger_download", name, {"query": str(request.url.query)})
    file = TemporaryFile()  # noqa: SIM115 - closed when the last piece of it is sent
    try:
        async with keeper.one_file, keeper.moment() as (books, connection):
            written = await write_ledger(connection, books, asked, language, file, pick)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    return StreamingResponse(
        _pieces(file),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Length": str(size),
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Ledger-SHA256": written.sha256,
        },
    )


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece
