"""Monthly and yearly reports: asked for, listed, downloaded. A download is on record before its first byte."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Final
from uuid import UUID

import structlog
from fastapi import Depends, Query, Request, Response

from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas.reports import NewReport, ReportFileView, ReportFormat, ReportList, ReportView
from dispatch.api.signed_in import TheDesk, role
from dispatch.domain.refusals import Invalid
from dispatch.domain.report_period import Period
from dispatch.reports.rendering import MEDIA_TYPES
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.reporting import make_report, outdated
from dispatch.store import reports
from dispatch.store.access import log_access
from dispatch.store.rows import AnyRow

_log = structlog.get_logger()
router = api_router("reports")
Asking = Annotated[Person, Depends(role("supervisor"))]
MAY_LOOK: Final = Depends(role("supervisor", "auditor"))
Looking = Annotated[Person, MAY_LOOK]
TYPES: Final[Mapping[str, str]] = {str(name): kind for name, kind in MEDIA_TYPES.items()} | {
    reports.LEDGER: "application/gzip"
}
_FILE: Final = {
    "content": {media_type.partition(";")[0]: {} for media_type in TYPES.values()},
    "description": "The file",
}


@router.get("/reports", responses=described(401, 403), dependencies=[MAY_LOOK])
async def list_reports(
    request: Request,
    desk: TheDesk,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
    cursor: Annotated[str | None, Query(max_length=40, description="next_cursor of the page before")] = None,
) -> ReportList:
    """Every version of every report that was made; none is ever deleted."""
    after = None if cursor is None else _position(cursor)
    async with desk.engine.connect() as connection:
        rows = await reports.report_rows(connection, limit + 1, after)
    page = rows[:limit]
    last = page[-1] if len(rows) > limit else None
    return ReportList(
        items=await _views(request, desk, page),
        next_cursor=f"{last.period}.{last.language}.{last.version}" if last else None,
    )


def _position(cursor: str) -> tuple[str, str, int]:
    found = re.fullmatch(r"(\d{4}(?:-\d{2})?)\.(zh-TW|en)\.(\d{1,9})", cursor, re.ASCII)
    if found is None:
        raise Invalid("is no cursor of this list; leave it out to begin anew", member="cursor")
    return found[1], found[2], int(found[3])


@router.post(
    "/reports",
    status_code=201,
    responses={**described(401, 403, 409), 200: {"model": ReportView, "description": "Nothing changed since"}},
)
async def new_report(body: NewReport, request: Request, response: Response, desk: TheDesk, by: Asking) -> ReportView:
    """Make the report of a month or year that is over, with what is on record now.

    201 with a new version; 200 with the newest one where its figures would be the same. The answer comes when it is
    made: of a year of a city after minutes. Until 06:00 (Asia/Taipei) of the day after the period it is refused,
    `period_not_over`; so is a period before the first call.
    """
    period = Period.of(body.kind, body.year, body.month)
    made = await make_report(desk, request.app.state.kpi, period, body.language, by.username)
    if made.new:
        _log.info("report_made", report_id=str(made.report_id), period=str(period), language=body.language)
    else:
        response.status_code = 200
    async with desk.engine.connect() as connection:
        row = await reports.find_report(connection, made.report_id)
    return (await _views(request, desk, [row]))[0]


@router.get("/reports/{report_id:uuid}", responses=described(401, 403, 404), dependencies=[MAY_LOOK])
async def read_report(report_id: UUID, request: Request, desk: TheDesk) -> ReportView:
    """One version, with the hashes of its files."""
    async with desk.engine.connect() as connection:
        row = await reports.find_report(connection, report_id)
    return (await _views(request, desk, [row]))[0]


@router.get(
    "/reports/{report_id:uuid}/{format}",
    responses={**described(401, 403, 404), 200: _FILE},
    response_class=Response,
)
async def download_report(
    report_id: UUID,
    format: ReportFormat,  # noqa: A002 - the address's own word
    desk: TheDesk,
    by: Looking,
) -> Response:
    """The file as it was made. `X-Ledger-SHA256` is the hash of the ledger behind it, `ETag` the file's own.

    `ledger` is that ledger, in Chinese, packed: `gunzip` gives the CSV whose SHA-256 the report tells.
    """
    async with desk.engine.begin() as connection:
        row = await reports.find_report(connection, report_id)
        file = await reports.file_of(connection, report_id, format)
        await log_access(connection, by.username, "report_download", str(report_id), reports.as_accessed(row, format))
    headers = {
        "Content-Disposition": f'attachment; filename="{reports.file_name(row, format)}"',
        "X-Ledger-SHA256": row.ledger_sha256,
        "ETag": f'"{file.sha256}"',
    }
    return Response(file.content, media_type=TYPES[format], headers=headers)


async def _views(request: Request, desk: Desk, rows: Sequence[AnyRow]) -> list[ReportView]:
    async with desk.engine.connect() as connection:
        files = await reports.files_of(connection, [row.report_id for row in rows])
    old = await outdated(desk, request.app.state.kpi, rows)
    return [_view(row, files, is_outdated=old[row.report_id]) for row in rows]


def _view(row: AnyRow, files: Sequence[AnyRow], *, is_outdated: bool | None) -> ReportView:
    return ReportView(
        id=row.report_id,
        kind=row.kind,
        period=row.period,
        minguo=Period.read(row.period).minguo,
        language=row.language,
        version=row.version,
        made_at=row.made_at,
        made_by=row.made_by,
        ledger_sha256=row.ledger_sha256,
        figures_sha256=row.figures_sha256,
        outdated=is_outdated,
        files=[
            ReportFileView(format=file.format, size_bytes=file.size_bytes, sha256=file.sha256)
            for file in files
            if file.report_id == row.report_id
        ],
    )
