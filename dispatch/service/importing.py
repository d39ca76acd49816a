"""A file of past calls becomes incidents: read, checked, compared, and taken whole or not at all.

It writes no line of the log and wakes nobody: nothing of it happens now. What the timeline shows of an imported call is
made from its rows (dispatch.store.imported_lines).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dispatch.domain.incident import Category, Priority
from dispatch.domain.kpi import Exclusion
from dispatch.domain.past_call import PastRow, RowError, RowRules, Words, one_line
from dispatch.domain.past_time import NoZone
from dispatch.domain.refusals import Invalid, Refused
from dispatch.roads.street_map import METRES_PER_DEGREE
from dispatch.service.import_file import CallFile, Tell
from dispatch.service.streets import AREA_MARGIN_M
from dispatch.store.import_staging import Disagreements, begin_staging, contradictions, gather_calls, other_words, stage
from dispatch.store.imports import Begins, clashes, left_out, outside_streets, staged_figures, take_in

BATCH: Final = 5_000
KEPT_ERRORS: Final = 10_000
OTHER_WORDS: Final = 20
_MARGIN_DEG: Final = AREA_MARGIN_M / METRES_PER_DEGREE


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is to be read. `priority`: of calls of which the file says none."""

    columns: Mapping[str, str]
    words: Words
    zone: ZoneInfo | None
    priority: Priority = Priority.ROUTINE
    encoding: str = "utf-8"

    def facts(self) -> dict[str, Any]:
        """For the record of the import."""
        return {
            "columns": dict(self.columns),
            "zone": self.zone.key if self.zone else None,
            "encoding": self.encoding,
            "categories": {word: str(category) for word, category in self.words.categories.items()},
            "category_default": None if self.words.other_category is None else str(self.words.other_category),
            "priorities": {word: int(priority) for word, priority in self.words.priorities.items()},
            "priority_default": int(self.priority),
            "exclusions": {word: str(reason) for word, reason in self.words.exclusions.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of it. Figures are of the new calls alone; `known`: calls that stood here already, as they are."""

    import_id: UUID | None
    """None: nothing was new, or it was a dry run."""
    sha256: str
    rows: int
    calls: int
    known: int
    units: int
    reached: int
    unreached: int
    """By nobody, and measured: they count as late."""
    without_place: int
    far_outside: int
    """Farther than 2 km outside the loaded streets' box."""
    days: int
    """Of Asia/Taipei, whose figures are to be computed anew."""
    first: datetime | None
    last: datetime | None
    other_words: Mapping[str, int]
    """Rows by the file's word for a category, of those that were taken for the default one: the commonest."""
    other_words_in_all: int
    cleared_early: int
    excluded: Mapping[Exclusion, tuple[int, int]]
    """(calls, their rows) by reason."""
    cancelled_and_measured: int
    """Calls with a row that says cancelled, which somebody reached or other rows say otherwise of."""
    words_nowhere: Sequence[str]
    """Words for an exclusion that no row has."""


class RowsRefused(Refused):
    """Rows that can't be taken; nothing of the file was. `errors`: in the order of the file, the first ones."""

    code = "rows_refused"

    def __init__(self, file: str, errors: Sequence[RowError], count: int) -> None:
        many = f"{count} errors" if count > 1 else "1 error"
        super().__init__(f"{file}: {many}; nothing was imported", member="file")
        self.errors, self.count = errors, count


async def import_calls(
    engine: AsyncEngine,
    path: Path,
    reading: Reading,
    *,
    by: str,
    now: datetime,
    dry_run: bool = False,
    tell: Tell = lambda _: None,
    begins: Begins = lambda _: None,
) -> Taken:
    """All of the file in one transaction; with `dry_run` all of it is undone at the end.

    Calls that stand here already, exactly so, are left as they are. Raises RowsRefused; Invalid for the file as a
    whole; OSError where it can't be opened. `tell` hears how many bytes are read, `begins` what comes after that.
    """
    pass_ = _Pass(path, RowRules(reading.columns, reading.words, reading.zone, now), reading, tell)
    async with engine.connect() as connection:
        held = await connection.begin()
        await begin_staging(connection)
        await pass_.stage_all(connection)
        begins(f"sorting {pass_.rows} rows into calls")
        await gather_calls(connection, str(reading.words.other_category or Category.OTHER), int(reading.priority))
        pass_.refuse(await contradictions(connection, pass_.rules, KEPT_ERRORS))
        begins("comparing them with what stands here")
        pass_.refuse(await clashes(connection, pass_.rules, KEPT_ERRORS))
        words, words_in_all = await other_words(connection, OTHER_WORDS)
        not_measured = await left_out(connection)
        figures, far_outside = await staged_figures(connection), await outside_streets(connection, _MARGIN_DEG)
        new = figures.calls - figures.known
        import_id = uuid4() if new and not dry_run else None
        if import_id is not None:
            await take_in(connection, import_id, pass_.facts(by, new, figures.units), now, begins)
            await held.commit()
        else:
            await held.rollback()
    return Taken(
        import_id=import_id,
        sha256=pass_.file.sha256,
        rows=pass_.rows,
        calls=new,
        known=figures.known,
        units=figures.units,
        reached=figures.reached,
        unreached=figures.unreached,
        without_place=figures.without_place,
        far_outside=far_outside,
        days=figures.days,
        first=figures.first,
        last=figures.last,
        other_words=words,
        other_words_in_all=words_in_all,
        cleared_early=pass_.cleared_early,
        excluded=not_measured.by_reason,
        cancelled_and_measured=not_measured.cancelled_and_measured,
        words_nowhere=[word for word in reading.words.exclusions if word not in pass_.words],
    )


class _Pass:
    """One reading of the file, and what was counted on the way."""

    def __init__(self, path: Path, rules: RowRules, reading: Reading, tell: Tell) -> None:
        self.rules, self._reading, self._tell, self._name = rules, reading, tell, path.name
        self.file = CallFile(path, reading.columns, reading.encoding)
        self.rows = self.cleared_early = 0
        self.words: set[str] = set()
        """Those for an exclusion that were met."""

    async def stage_all(self, connection: AsyncConnection) -> None:
        """To the end of the file, so that all errors are told at once. Raises RowsRefused, Invalid."""
        batch: list[PastRow] = []
        errors: list[RowError] = []
        count = 0
        for read in self.file.read(self._tell):
            found = [read] if isinstance(read, RowError) else self._row(*read)
            self.rows += 1
            if isinstance(found, list):
                count += len(found)
                errors.extend(found[: KEPT_ERRORS - len(errors)])
                continue
            self.cleared_early += found.cleared_early
            batch.append(found)
            if len(batch) == BATCH:
                await stage(connection, batch)
                batch.clear()
        if errors:
            raise RowsRefused(self._name, errors, count)
        if not self.rows:
            raise Invalid(f"{self._name}: there are no rows below the header", member="file")
        await stage(connection, batch)

    def _row(self, line: int, cells: Mapping[str, str]) -> PastRow | list[RowError]:
        if (word := one_line(cells.get("exclusion", ""))) in self._reading.words.exclusions:
            self.words.add(word)
        try:
            return self.rules.read(line, cells)
        except NoZone as error:
            raise Invalid(f"{self._name}: {error}", member="zone") from error

    def refuse(self, found: Disagreements) -> None:
        """Raises RowsRefused where there are any."""
        if found.in_all:
            raise RowsRefused(self._name, found.errors, found.in_all)

    def facts(self, by: str, calls: int, units: int) -> dict[str, Any]:
        """For the record of the import."""
        return {
            "file": self._name,
            "sha256": self.file.sha256,
            "size_bytes": self.file.size_bytes,
            "imported_by": by,
            "reading": self._reading.facts(),
            "file_rows": self.rows,
            "calls": calls,
            "units": units,
        }
