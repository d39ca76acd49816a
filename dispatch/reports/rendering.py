"""The four files of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from dispatch.domain.report import ReportFigures
from dispatch.reports.as_csv import as_csv
from dispatch.reports.as_ods import MIMETYPE as ODS
from dispatch.reports.as_ods import as_ods
from dispatch.reports.as_odt import MIMETYPE as ODT
from dispatch.reports.as_odt import as_odt
from dispatch.reports.content import document_of
from dispatch.reports.words import Language

Format = Literal["ods", "odt", "pdf", "csv"]
FORMATS: Final[tuple[Format, ...]] = ("ods", "odt", "pdf", "csv")
MEDIA_TYPES: Final[Mapping[Format, str]] = {
    "ods": ODS,
    "odt": ODT,
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
}


def render(figures: ReportFigures, language: Language) -> dict[Format, bytes]:
    """The same figures and language give the same bytes. Takes some seconds of a core; raises FontMissing."""
    # A server reads the libraries of fonts and PDF when a report is due, not at each start.
    from dispatch.reports.as_pdf import as_pdf  # noqa: PLC0415

    document = document_of(figures, language)
    return {"ods": as_ods(document), "odt": as_odt(document), "pdf": as_pdf(document), "csv": as_csv(document)}
