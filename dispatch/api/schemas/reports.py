"""Reports, as the API gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from dispatch.api.schemas.basics import Body, View

ReportFormat = Literal["ods", "odt", "pdf", "csv"]
ReportLanguage = Literal["zh-TW", "en"]


class NewReport(Body):
    kind: Literal["month", "year"]
    year: int = Field(strict=True, description="As 2026, not as 115")
    month: int | None = Field(default=None, strict=True, description="1 to 12; for a month alone")
    language: ReportLanguage = "zh-TW"


class ReportFileView(View):
    format: ReportFormat
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
    ledger_sha256: str = Field(description="Of the ledger that its figures were counted from")
    figures_sha256: str = Field(description="Of all that it says: equal ones have equal files")
    files: list[ReportFileView]


class ReportList(View):
    items: list[ReportView] = Field(description="The newest period first, of each its newest version first")
