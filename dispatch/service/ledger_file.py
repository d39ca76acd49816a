"""The ledger as rows and as a file that a stranger can check: its hash is that of its bytes."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from asyncio import to_thread
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import IO, Any, Final, Literal, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dispatch.domain.formulas import no_formula
from dispatch.domain.kpi import TAIPEI, Exclusion, IncidentRecord, local_day, outcome
from dispatch.domain.kpi_books import Asked, Books
from dispatch.domain.kpi_filter import KpiFilter
from dispatch.domain.kpi_line import MARKS, LedgerLine
from dispatch.domain.parts import PARTS
from dispatch.service.kpi_ledger import Pick, every
from dispatch.store.database import one_moment
from dispatch.store.kpi_lines import lines_of

Language = Literal["zh-TW", "en"]
AT_ONCE: Final = 200
"""Incidents of one query: lines are made on the event loop; 2,000 hold it for a quarter of a second, 200 don't."""

EVERY_ROW: Final = Pick()

COLUMNS: Final[Mapping[str, str]] = {
    "number": "案件編號",
    "received_at": "受理時間",
    "category": "類別",
    "priority": "優先序",
    "precinct": "分局",
    "station": "派出所",
    "unit": "最先到達單位",
    "unit_type": "車種",
    "outcome": "結果",
    "reason": "排除原因",
    "response_s": "反應秒數",
    "recorded_outcome": "原紀錄結果",
    "recorded_reason": "原紀錄排除原因",
    "recorded_response_s": "原紀錄反應秒數",
    "handling_s": "受理秒數",
    "dispatch_s": "派遣秒數",
    "turnout_s": "出動秒數",
    "travel_s": "行車秒數",
    "eta_s": "預估到達秒數",
    "late_reason": "逾時主因",
    "nearest_free_s": "派最近可用單位之秒數",
    "marks": "註記",
}
"""The columns of the file in their order, with their heads in Chinese; the values are the API's words."""


class Digest(Protocol):
    """A hash in the making."""

    def update(self, data: bytes, /) -> None:
        """Some more bytes."""


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """Its name, its bytes, and the SHA-256 of these as hexadecimal digits."""

    name: str
    content: bytes
    sha256: str


Outcomes = Counter[str]
"""How many are within, late, or left out for each reason."""


@dataclass(slots=True)
class Written:
    """What a file says: its SHA-256, and the sums of its rows, as asked for and as recorded."""

    sha256: str = ""
    outcomes: Outcomes = field(default_factory=Counter)
    recorded: Outcomes = field(default_factory=Counter)


async def rows_of_ledger(
    connection: AsyncConnection, asked: Asked, incident_ids: Sequence[UUID]
) -> list[dict[str, Any]]:
    """The rows of these incidents, in their order."""
    return [_row(line, asked) for line in await lines_of(connection, incident_ids)]


async def ledger_file(engine: AsyncEngine, books: Books, asked: Asked, language: Language) -> LedgerFile:
    """All rows of what was asked for, from one view of the tables; see `write_ledger`."""
    file = io.BytesIO()
    async with one_moment(engine) as connection:
        written = await write_ledger(connection, books, asked, language, file)
    return LedgerFile(ledger_name(asked), file.getvalue(), written.sha256)


async def write_ledger(
    connection: AsyncConnection,
    books: Books,
    asked: Asked,
    language: Language,
    file: IO[bytes],
    pick: Pick = EVERY_ROW,
) -> Written:
    """Writes all rows that are picked, the oldest first: UTF-8 with byte order mark, CR LF."""
    digest, written = hashlib.sha256(), Written()
    ids = await to_thread(every, books, asked, pick)
    await to_thread(_write, file, digest, [list(COLUMNS.values() if language == "zh-TW" else COLUMNS)], BOM_UTF8)
    for begin in range(0, len(ids), AT_ONCE):
        lines = await lines_of(connection, ids[begin : begin + AT_ONCE])
        await to_thread(_write, file, digest, (_counted_cells(line, asked, written) for line in lines))
    written.sha256 = digest.hexdigest()
    return written


def _write(file: IO[bytes], digest: Digest, rows: Iterable[Sequence[str]], mark: bytes = b"") -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    content = mark + text.getvalue().encode()
    digest.update(content)
    file.write(content)


def _counted_cells(line: LedgerLine, asked: Asked, written: Written) -> list[str]:
    row = _row(line, asked)
    written.outcomes[row["reason"] or row["outcome"]] += 1
    written.recorded[row["recorded_reason"] or row["recorded_outcome"]] += 1
    return [_cell(name, row[name]) for name in COLUMNS]


def ledger_name(asked: Asked, pick: Pick = EVERY_ROW) -> str:
    """Says which days are in it, the last one included, and whatever makes it another ledger than the bureau's own."""
    wanted = asked.wanted
    last = None if wanted.end is None else wanted.end - timedelta(microseconds=1)
    days = [f"{local_day(one):%Y%m%d}" for one in (wanted.start, last) if one is not None]
    others = [
        *(["dispatched"] if asked.clock == "dispatched" else []),
        *(["recorded"] if asked.figures == "recorded" else []),
        *(["filtered"] if replace(wanted, start=None, end=None) != KpiFilter() or pick != EVERY_ROW else []),
    ]
    return f"{'-'.join(['ledger', *days, *others])}.csv"


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "received_at":
        return str(value.astimezone(TAIPEI).isoformat(timespec="seconds"))
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list):
        return " ".join(value)
    return no_formula(str(value))


def _row(line: LedgerLine, asked: Asked) -> dict[str, Any]:
    record, course = line.of(asked.figures)
    said, reason, response_s = _outcome(record, asked)
    before, reason_before, response_before_s = _outcome(line.recorded, asked)
    return {
        "incident_id": record.incident_id,
        "number": record.number,
        "received_at": record.received_at,
        "category": str(record.category),
        "priority": int(record.priority),
        "precinct": record.precinct,
        "station": record.station,
        "unit": course.unit,
        "unit_type": record.unit_type,
        "outcome": said,
        "reason": reason,
        "response_s": response_s,
        "recorded_outcome": before,
        "recorded_reason": reason_before,
        "recorded_response_s": response_before_s,
        **{f"{part}_s": course.parts.get(part) for part in PARTS},
        "eta_s": course.eta_s,
        "late_reason": record.late_reason(asked.clock) if said == "late" else None,
        "nearest_free_s": course.nearest_free_s(asked.clock),
        "marks": [str(mark) for mark in MARKS if mark in line.marks],
        "ended_at": line.ended_at,
        "is_imported": line.is_imported,
    }


def _outcome(record: IncidentRecord, asked: Asked) -> tuple[str, str | None, float | None]:
    found = outcome(record, asked.now, asked.clock, asked.target_s)
    if isinstance(found, Exclusion):
        return "excluded", str(found), None
    if math.isinf(found):
        return "late", None, None
    return "within" if found <= asked.target_s else "late", None, found
