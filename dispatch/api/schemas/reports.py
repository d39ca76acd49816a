"""Reports, as the API gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from dispatch.api.schemas.basics import Body, View

ReportFormat = Literal["ods", "odt", "pdf", "csv", "ledger"]
ReportLanguage = Literal["zh-TW", "en"]


class NewReport(Body):
    kind: Literal["month", "year"]
    year: int = Field(strict=True, description="As 2026, not as 115")
    month: int | None = Field(default=None, strict=True, description="1 to 12; for a month alone")
    language: ReportLanguage = "zh-TW"


class ReportFileView(View):
    format: ReportFormat = Field(description="`ledger`: the one that it was counted from, as CSV packed by gzip")
    size_bytes: int
    sha256: str


class ReportView(View):
    id: UUID
    kind: Literal["month", "year"]
    period: str = Field(description="2026-10, 2026")
    minguo: int = Field(description="Its year as Taiwan counts it: 115")
    language: ReportLanguage
    version: int = Field(description="From 1; a new one was asked for and came out otherwise")
    made_at: datetime
    made_by: str = Field(description="User name; `server` where the calendar made it")
    ledger_sha256: str = Field(description="Of what its figures were counted from: of its file `ledger`, unpacked")
    figures_sha256: str = Field(description="Of all that it says: equal ones have equal files")
    outdated: bool | None = Field(
        description="A later version stands, or rows of its period or targets were changed since; null: not known"
    )
    files: list[ReportFileView]


class ReportList(View):
    items: list[ReportView] = Field(description="The newest period first, of each its newest version first")
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last")
