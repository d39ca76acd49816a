"""`patrol report`: the report of a month or year as files in a folder, and kept in the database as any other."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from dispatch.commands.access import Access, DataOption, with_data
from dispatch.domain.refusals import Invalid
from dispatch.domain.report_period import Period, PeriodKind


def report(
    *,
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="As 2026-10.")] = None,
    year: Annotated[str | None, typer.Option(metavar="YYYY", help="As 2026.")] = None,
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where the files are written.")] = Path(),
    language: Annotated[str, typer.Option(metavar="LANGUAGE", help="zh-TW or en.")] = "zh-TW",
    data: DataOption = None,
) -> None:
    """Make the report of a month or year that is over, and write it as ODS, ODT, PDF and CSV; prints the files.

    The ledger that it was counted from is written beside them. Where nothing changed since the newest version, its
    files are written as they were made.
    """
    # fontTools, fpdf2, numpy: no other command has to wait for them.
    from dispatch.reports.words import LANGUAGES  # noqa: PLC0415
    from dispatch.service.bus import Bus  # noqa: PLC0415
    from dispatch.service.desk import Desk  # noqa: PLC0415
    from dispatch.service.kpi_keeper import KpiKeeper  # noqa: PLC0415
    from dispatch.service.reporting import make_report  # noqa: PLC0415
    from dispatch.service.streets import Streets  # noqa: PLC0415
    from dispatch.store import reports  # noqa: PLC0415
    from dispatch.store.access import log_access  # noqa: PLC0415

    period = _period(month, year)
    chosen = next((one for one in LANGUAGES if one == language), None)
    if chosen is None:
        raise typer.BadParameter(f"one of {', '.join(LANGUAGES)}", param_hint="--language")

    async def run(access: Access) -> list[Path]:
        settings = access.settings
        desk = Desk(settings, access.engine, Bus(settings.nats_url, settings.bureau), Streets())
        by = f"{getpass.getuser()} (command line)"
        made = await make_report(desk, KpiKeeper(desk), period, chosen, by)
        written = []
        to.mkdir(parents=True, exist_ok=True)
        async with access.engine.begin() as connection:
            row = await reports.find_report(connection, made.report_id)
            for known in await reports.files_of(connection, [made.report_id]):
                file = await reports.file_of(connection, made.report_id, known.format)
                await log_access(
                    connection, by, "report_download", str(made.report_id), reports.as_accessed(row, known.format)
                )
                path = to / reports.file_name(row, known.format)
                path.write_bytes(file.content)
                written.append(path)
        return written

    for path in with_data(data, run):
        typer.echo(path)


def _period(month: str | None, year: str | None) -> Period:
    if (month is None) == (year is None):
        raise typer.BadParameter("name one period: --month 2026-10, or --year 2026", param_hint="--month")
    kind: PeriodKind = "month" if month is not None else "year"
    try:
        period = Period.read(month or year or "")
    except Invalid as error:
        raise typer.BadParameter(error.detail, param_hint=f"--{kind}") from None
    if period.kind != kind:
        raise typer.BadParameter(f"{period} is a {period.kind}, not a {kind}", param_hint=f"--{kind}")
    return period
