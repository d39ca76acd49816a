"""The ledger as rows and as a file that a stranger can check: its hash is that of its bytes."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dispatch.domain.kpi import TAIPEI, Exclusion, IncidentRecord, outcome
from dispatch.domain.kpi_line import MARKS, LedgerLine
from dispatch.domain.kpi_sums import Asked, Books
from dispatch.domain.parts import PARTS
from dispatch.service.kpi_ledger import every
from dispatch.store.kpi_lines import lines_of

Language = Literal["zh-TW", "en"]
AT_ONCE: Final = 2000
"""Incidents of one query."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula at the head of a text."""

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


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """Its name, its bytes, and the SHA-256 of these as hexadecimal digits."""

    name: str
    content: bytes
    sha256: str


async def rows_of_ledger(
    connection: AsyncConnection, asked: Asked, incident_ids: Sequence[UUID]
) -> list[dict[str, Any]]:
    """The rows of these incidents, in their order."""
    return [_row(line, asked) for line in await lines_of(connection, incident_ids)]


async def ledger_file(engine: AsyncEngine, books: Books, asked: Asked, language: Language) -> LedgerFile:
    """All rows of what was asked for, the oldest first: UTF-8 with byte order mark, CR LF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS.values() if language == "zh-TW" else COLUMNS)
    ids = every(books, asked)
    for begin in range(0, len(ids), AT_ONCE):
        async with engine.connect() as connection:
            rows = await rows_of_ledger(connection, asked, ids[begin : begin + AT_ONCE])
        writer.writerows([_cell(name, row[name]) for name in COLUMNS] for row in rows)
    content = text.getvalue().encode("utf-8-sig")
    return LedgerFile(f"ledger{_period(asked)}.csv", content, hashlib.sha256(content).hexdigest())


def _period(asked: Asked) -> str:
    days = [one.astimezone(TAIPEI) for one in (asked.wanted.start, asked.wanted.end) if one is not None]
    return "".join(f"-{day:%Y%m%d}" for day in days)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "received_at":
        return str(value.astimezone(TAIPEI).isoformat(timespec="seconds"))
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list):
        return " ".join(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(line: LedgerLine, asked: Asked) -> dict[str, Any]:
    record = line.reviewed if asked.figures == "reviewed" else line.recorded
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
        "unit": line.unit,
        "unit_type": record.unit_type,
        "outcome": said,
        "reason": reason,
        "response_s": response_s,
        "recorded_outcome": before,
        "recorded_reason": reason_before,
        "recorded_response_s": response_before_s,
        **{f"{part}_s": line.parts.get(part) for part in PARTS},
        "eta_s": line.eta_s,
        "late_reason": record.late_reason,
        "nearest_free_s": line.nearest_free_s,
        "marks": [str(mark) for mark in MARKS if mark in line.marks],
    }


def _outcome(record: IncidentRecord, asked: Asked) -> tuple[str, str | None, float | None]:
    found = outcome(record, asked.now, asked.clock, asked.target_s)
    if isinstance(found, Exclusion):
        return "excluded", str(found), None
    if math.isinf(found):
        return "late", None, None
    return "within" if found <= asked.target_s else "late", None, found
