"""`patrol incidents import`: a bureau's past calls from a CSV file, so that its own years stand in the figures."""

from __future__ import annotations

import contextlib
import getpass
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dispatch.commands import import_options as options
from dispatch.commands.access import Access, DataOption, with_data
from dispatch.domain.incident import Priority
from dispatch.domain.kpi import TAIPEI
from dispatch.domain.past_call import Words

if TYPE_CHECKING:
    from dispatch.service.import_file import Tell
    from dispatch.service.importing import RowsRefused, Taken
    from dispatch.store.imports import Begins

SHOWN: Final = 100
app = typer.Typer(help="Incidents of the past.", no_args_is_help=True)


class Encoding(StrEnum):
    """As `import_file.ENCODINGS`."""

    UTF_8 = "utf-8"
    BIG5 = "big5"


@app.callback()
def incidents() -> None:
    """Incidents of the past."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="One row a call, or one a call and unit.")],
    *,
    map_: Annotated[
        list[str],
        typer.Option("--map", metavar="FIELD=COLUMN", help="Which column holds a field; two as DATE+TIME. Repeat it."),
    ],
    zone: Annotated[str | None, typer.Option(metavar="TZ", help="Of times without offset: Asia/Taipei.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all of it and keep nothing.")] = False,
    category: Annotated[
        list[str] | None, typer.Option(metavar="WORD=CATEGORY", help="What a word of the file stands for. Repeat it.")
    ] = None,
    category_default: Annotated[
        str, typer.Option(metavar="CATEGORY", help="For all other words; `refuse` makes them errors.")
    ] = "other",
    priority: Annotated[
        list[str] | None, typer.Option(metavar="WORD=1..4", help="What a word of the file stands for. Repeat it.")
    ] = None,
    priority_default: Annotated[int, typer.Option(metavar="1..4", min=1, max=4, help="Where the file has none.")] = 3,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD=REASON", help="Calls left out: cancelled, test …; of --map exclusion. Repeat it."),
    ] = None,
    encoding: Annotated[Encoding, typer.Option(help="Of the file.")] = Encoding.UTF_8,
    data: DataOption = None,
) -> None:
    """Take past calls in, all or none; what stands here already, exactly so, is left as it is."""
    # SQLAlchemy's tables and what is behind them: no other command has to wait for them
    from dispatch.service.importing import Reading, RowsRefused, import_calls  # noqa: PLC0415

    columns = options.columns_of(map_)
    reading = Reading(
        columns=columns,
        words=Words(
            options.category_words(category or ()),
            options.priority_words(priority or ()),
            options.default_category(category_default),
            options.exclusion_words(exclude or (), columns),
        ),
        zone=options.zone_of(zone),
        priority=Priority(priority_default),
        encoding=encoding.value,
    )
    if reading.words.other_category is None and "category" not in reading.columns:
        raise typer.BadParameter("`refuse` needs --map category=COLUMN", param_hint="--category-default")
    size_bytes = file.stat().st_size

    async def run(access: Access) -> Taken:
        by = f"{getpass.getuser()} (command line)"
        with _progress(size_bytes) as (tell, begins):
            return await import_calls(
                access.engine, file, reading, by=by, now=datetime.now(UTC), dry_run=dry_run, tell=tell, begins=begins
            )

    try:
        taken = with_data(data, run)
    except RowsRefused as refusal:
        _tell_errors(refusal)
        raise
    _say(file.name, taken, dry_run=dry_run)
    _say_what_is_left_out(taken, excludes=bool(reading.words.exclusions))
    if taken.calls and "priority" not in reading.columns:
        typer.echo(f"no column for the priority: all have {priority_default} (--priority-default)")
    if dry_run:
        typer.echo("dry run: nothing was kept")
    elif not taken.calls:
        typer.echo("nothing was changed")
    else:
        days = f"{taken.days} days" if taken.days > 1 else "1 day"
        typer.echo(
            f"figures of {days} are to be computed now, or when the system starts; the page 統計 answers "
            "when all are done: seconds for a month, minutes for years"
        )


def _say(name: str, taken: Taken, *, dry_run: bool) -> None:
    verb = "would be new" if dry_run else "are new"
    known = f", {taken.known} stand here already" if taken.known else ""
    typer.echo(f"{name}: {taken.rows} rows, {taken.calls + taken.known} calls; {taken.calls} {verb}{known}")
    typer.echo(f"sha256 {taken.sha256}")
    if taken.first is not None and taken.last is not None:
        first, last = (at.astimezone(TAIPEI).isoformat(sep=" ", timespec="seconds") for at in (taken.first, taken.last))
        typer.echo(f"{taken.units} units sent, {taken.reached} calls reached; received {first} to {last}")
        if taken.without_place:
            typer.echo(f"calls without a position, which count and stand on no map: {taken.without_place}")
        if taken.far_outside:
            typer.echo(f"calls more than 2 km outside the loaded streets; is this the right file? {taken.far_outside}")
        if taken.cleared_early:
            typer.echo(f"rows cleared before a step on the way, kept as they are: {taken.cleared_early}")
        if taken.other_words:
            words = _counts(taken.other_words, taken.other_words_in_all)
            typer.echo(f"words that are no category of ours (--category WORD=…), by rows: {words}")


def _say_what_is_left_out(taken: Taken, *, excludes: bool) -> None:
    for reason, (calls, rows) in taken.excluded.items():
        typer.echo(f"calls left out of the figures as {reason}: {calls}, of rows: {rows}")
    if taken.cancelled_and_measured:
        typer.echo(
            "calls with rows that say cancelled, measured because somebody arrived or other rows say otherwise: "
            f"{taken.cancelled_and_measured}"
        )
    if taken.words_nowhere:
        typer.echo(f"words of --exclude that stand in no row: {', '.join(taken.words_nowhere)}")
    if taken.unreached:
        how = "" if excludes else "; were some cancelled, say so: --map exclusion=COLUMN --exclude WORD=cancelled"
        typer.echo(f"calls that nobody reached, which count as late: {taken.unreached}{how}")


def _tell_errors(refusal: RowsRefused) -> None:
    for error in refusal.errors[:SHOWN]:
        typer.echo(str(error), err=True)
    if refusal.count > SHOWN:
        rest = Counter(error.column or "whole row" for error in refusal.errors[SHOWN:])
        kept = len(refusal.errors)
        of = f", of the first {kept}" if kept < refusal.count else ""
        typer.echo(f"and {refusal.count - SHOWN} more{of}: {_counts(dict(rest.most_common()), len(rest))}", err=True)


def _counts(found: Mapping[str, int], in_all: int) -> str:
    shown = ", ".join(f"{word} {count}" for word, count in found.items())
    return shown + (f" and {in_all - len(found)} others" if in_all > len(found) else "")


@contextlib.contextmanager
def _progress(size_bytes: int) -> Iterator[tuple[Tell, Begins]]:
    """On standard error, where that is a terminal: a bar while the file is read, then a line for each further part."""
    if not sys.stderr.isatty():
        yield lambda _: None, lambda _: None
        return
    began = time.monotonic()
    with contextlib.ExitStack() as shown:
        bar = shown.enter_context(typer.progressbar(length=size_bytes, label="reading", file=sys.stderr))

        def begins(part: str) -> None:
            shown.close()  # the bar's line ends
            typer.echo(f"{time.monotonic() - began:4.0f} s  {part} …", err=True)

        yield lambda read_bytes: bar.update(read_bytes - bar.pos), begins
