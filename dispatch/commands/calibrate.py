"""`patrol calibrate`: speed factors from the fleet's own tracks, shown first, and in force only on command."""

from __future__ import annotations

import getpass
import json
import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from dispatch.commands.access import Access, DataOption, with_data
from dispatch.domain.kpi import TAIPEI

if TYPE_CHECKING:
    from dispatch.service.calibrating import Calibrated

app = typer.Typer(help="Speed factors learned from the fleet's own tracks.")
DAYS: Final = 56
_DAY: Final = ["%Y-%m-%d"]

ByOption = Annotated[str | None, typer.Option(metavar="NAME", help="Who answers for it; kept with the version.")]


@app.callback(invoke_without_command=True)
def calibrate(
    context: typer.Context,
    *,
    start: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="First day. [default: 56 days in all]")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Last day. [default: yesterday]")] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Put the new version in force where it is better; needs --by.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --apply: also where it is not shown to be better.")
    ] = False,
    by: ByOption = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write figures and factors there.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Learn from the days given, and show how far ETAs were off before and after, on days not learned from.

    Changes no ETA without --apply. With it the version must be better than what is in force; else it is kept (exit 1).
    """
    if context.invoked_subcommand is not None:
        return
    # numpy, scipy, shapely: no other command has to wait for them
    from dispatch.service import calibrating  # noqa: PLC0415

    last = end.date() if end is not None else datetime.now(TAIPEI).date() - timedelta(days=1)
    first = start.date() if start is not None else last - timedelta(days=DAYS - 1)
    if last < first:
        raise typer.BadParameter(f"the period ends ({last}) before it begins ({first})", param_hint="--to")
    if force and not apply:
        raise typer.BadParameter("there is nothing to force without --apply", param_hint="--force")
    name = _named(by) if apply else by or getpass.getuser()
    if json_file is not None:
        _require_writable(json_file)

    async def run(access: Access) -> tuple[Calibrated, bool]:
        done = await calibrating.calibrate(access.engine, first, last, by=name)
        for line in _shown(done):
            typer.echo(line)
        applied = apply and (force or _is_better(done))
        if applied:
            await calibrating.put_in_force(access.engine, done.version, name)
            await access.announce("map", {})
        return done, applied

    done, applied = with_data(data, run)
    if json_file is not None:
        json_file.write_text(json.dumps(done.as_json() | {"applied": applied}, indent=1) + "\n")
    if applied:
        typer.echo("in force")
        return
    typer.echo(f"not in force; `patrol calibrate apply {done.version} --by NAME` does that")
    if apply:
        typer.echo(
            f"Version {done.version} was not put in force: it is not shown to be better than version "
            f"{done.before_version}. --force does so all the same.",
            err=True,
        )
        raise typer.Exit(1)


@app.command("apply")
def apply_(
    version: Annotated[int, typer.Argument(min=0, help="0: back to the priors.")],
    *,
    by: ByOption = None,
    data: DataOption = None,
) -> None:
    """Put a version in force: every ETA from now on is made with it."""
    from dispatch.service import calibrating  # noqa: PLC0415

    name = _named(by)

    async def run(access: Access) -> None:
        await calibrating.put_in_force(access.engine, version, name)
        await access.announce("map", {})

    with_data(data, run)
    typer.echo(f"version {version} is in force")


@app.command("versions")
def versions(*, data: DataOption = None) -> None:
    """List the versions, and which is in force."""
    from dispatch.store import speed_versions  # noqa: PLC0415

    async def read(access: Access) -> tuple[int, Any]:
        async with access.engine.connect() as connection:
            return await speed_versions.version_in_force(connection), await speed_versions.versions(connection)

    in_force, rows = with_data(data, read)
    for row in rows:
        made = f"made {row.made_at.astimezone(TAIPEI):%Y-%m-%d %H:%M} by {row.made_by}"
        applied = f"; applied {row.applied_at.astimezone(TAIPEI):%Y-%m-%d %H:%M} by {row.applied_by}"
        marks = (applied if row.applied_at else "") + ("; in force" if row.version == in_force else "")
        typer.echo(f"{row.version:>4}  {made}{marks}")


def _require_writable(path: Path) -> None:
    """Before a version is made that nobody would hear of. Raises BadParameter."""
    was_there = path.exists()
    try:
        path.open("a").close()
    except OSError as error:
        raise typer.BadParameter(f"{path} can't be written: {error.strerror}", param_hint="--json") from error
    if not was_there:
        path.unlink()


def _named(by: str | None) -> str:
    if by is None or not by.strip():
        raise typer.BadParameter("say who puts it in force", param_hint="--by")
    return by.strip()


def _is_better(done: Calibrated) -> bool:
    """Its error is smaller. Also on days that the version in force learned from: those flatter that one, never this."""
    return done.after.mae_s < done.before.mae_s


def _shown(done: Calibrated) -> list[str]:
    checked, overlap = ", ".join(map(str, done.checked_days)), len(done.overlap_days)
    nobody = "not learned from" if overlap or not done.before_version else "that neither version learned from"
    lines = [
        f"version {done.version}: learned from {done.learned_drives} drives on {done.learned_days} days, "
        f"{done.start} to {done.end}; {done.unmatched} drives could not be used",
        f"checked on {done.after.drives} drives of days {nobody}: {checked}",
        f"{'':<22}{'bias':>8}{'mean error':>12}{'9 of 10 within':>16}",
    ]
    for title, one in ((f"before (version {done.before_version})", done.before), ("after", done.after)):
        bias = 100 * math.expm1(one.median_log_ratio)
        lines.append(f"{title:<22}{bias:>+7.1f}%{one.mae_s:>10.0f} s{one.p90_s:>14.0f} s")
    lines.append("bias: how much longer the middle drive took than was said")
    if overlap:
        lines.append(
            f"But version {done.before_version} learned from {overlap} of these {len(done.checked_days)} days, so its "
            "error looks smaller here than it is; give days that it has not seen (--from) to compare them."
        )
    elif not _is_better(done):
        lines.append("It is no better than what is in force: there is no reason to apply it.")
    return lines
