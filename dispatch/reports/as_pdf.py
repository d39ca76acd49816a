"""A document as PDF: A4, landscape, with the letters that it has and no others, so that it looks the same everywhere.

Its text can be searched and copied. The only time in it is the document's; its id is the hash of its content.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos
from fpdf.fonts import FontFace

from dispatch.reports.document import Cell, Document, Table, shown
from dispatch.reports.fonts import BOLD, FOLDERS, REGULAR, Letters

FAMILY: Final = "noto"
MARGIN_MM: Final = 12.0
ROW_MM: Final = 6.0
SHORT: Final = 10
"""Tables of at most so many rows are not broken over pages."""
LETTERS: Final = 80
FACT_LETTERS: Final = 400
"""A longer text of a cell is cut: its row would not fit on a page."""
HEAD: Final = FontFace(emphasis="BOLD", fill_color=(221, 229, 238))
_ALWAYS: Final = "".join(map(chr, range(0x20, 0x7F)))
# What it says about fonts that were cut is about tables that a PDF has no use for.
logging.getLogger("fontTools").setLevel(logging.ERROR)


class _Pages(FPDF):
    """With the subtitle and the page's number at the foot of each."""

    def __init__(self, foot: str) -> None:
        super().__init__(orientation="landscape", unit="mm", format="A4")
        self._foot = foot

    def footer(self) -> None:
        """Drawn by fpdf2 at the end of each page."""
        self.set_y(-MARGIN_MM)
        self.set_font(FAMILY, size=8)
        self.cell(0, 6, f"{self._foot}  {self.page_no()} / {{nb}}", align="R")


def as_pdf(document: Document, folders: Sequence[Path] = FOLDERS) -> bytes:
    """The file. Raises FontMissing where the web bundle, which carries the letters, is not there."""
    letters = Letters(folders)
    document = _printable(document, letters)
    pdf = _Pages(document.subtitle)
    pdf.set_title(f"{document.title} {document.subtitle}")
    pdf.set_lang(document.language)
    pdf.set_creator("patrol")
    pdf.set_producer("patrol")
    pdf.set_creation_date(document.dated)
    pdf.set_margin(MARGIN_MM)
    pdf.set_auto_page_break(auto=True, margin=MARGIN_MM + 4)
    fonts = letters.fonts(document.letters() + _ALWAYS, (REGULAR, BOLD))
    # fpdf2 reads fonts from files alone, and only here.
    with tempfile.TemporaryDirectory(prefix="patrol-report-") as folder:
        for style, font in zip(("", "B"), fonts, strict=True):
            path = Path(folder) / f"noto{style}.ttf"
            path.write_bytes(font)
            pdf.add_font(FAMILY, style, path)
        wrap = WrapMode.WORD if document.language == "en" else WrapMode.CHAR
        pdf.add_page()
        _opening(pdf, document, wrap)
        for table in document.tables:
            _table(pdf, table, wrap)
        return bytes(pdf.output())


def _printable(document: Document, letters: Letters) -> Document:
    """Letters that the font lacks are shown as such, and long names cut: the bureau's and its stations' may have any.

    A row must fit on a page.
    """

    def cells(row: Sequence[Cell]) -> list[Cell]:
        return [_cut(letters.present(cell), LETTERS) if isinstance(cell, str) else cell for cell in row]

    tables = [replace(table, rows=[cells(row) for row in table.rows]) for table in document.tables]
    facts = [(name, _cut(letters.present(value), FACT_LETTERS)) for name, value in document.facts]
    return replace(document, tables=tables, facts=facts)


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _opening(pdf: FPDF, document: Document, wrap: WrapMode) -> None:
    _line(pdf, document.title, 17, bold=True)
    _line(pdf, document.subtitle, 13)
    pdf.ln(2)
    pdf.set_font(FAMILY, size=9)
    with pdf.table(
        col_widths=(1, 4), first_row_as_headings=False, line_height=5.2, text_align="LEFT", wrapmode=wrap, padding=0.8
    ) as grid:
        for name, value in document.facts:
            row = grid.row()
            row.cell(name, style=HEAD)
            row.cell(value)
    _heading(pdf, document.definition_title)
    for sentence in document.definition:
        _sentence(pdf, sentence, wrap)


def _table(pdf: FPDF, table: Table, wrap: WrapMode) -> None:
    heads = 2 if table.over else 1
    together = len(table.rows) if len(table.rows) <= SHORT else 2
    if pdf.will_page_break(12 + ROW_MM * (heads + together)):
        pdf.add_page()
    _heading(pdf, table.title)
    pdf.set_font(FAMILY, size=7.5)
    with pdf.table(
        col_widths=tuple(table.width_of(n) for n in range(len(table.columns))),
        num_heading_rows=heads,
        headings_style=HEAD,
        line_height=4.2,
        text_align="RIGHT",
        wrapmode=wrap,
        padding=0.7,
    ) as grid:
        if table.over:
            row = grid.row()
            for words, count in table.over:
                row.cell(words, colspan=count, align="CENTER")
        row = grid.row()
        for words in table.columns:
            row.cell(words, align="CENTER")
        for cells in table.rows:
            row = grid.row()
            for cell in cells:
                row.cell(shown(cell), align="LEFT" if isinstance(cell, str) else "RIGHT")
    for note in table.notes:
        _sentence(pdf, note, wrap)


def _heading(pdf: FPDF, words: str) -> None:
    pdf.ln(3)
    _line(pdf, words, 11, bold=True)


def _line(pdf: FPDF, words: str, points: float, *, bold: bool = False) -> None:
    pdf.set_font(FAMILY, "B" if bold else "", points)
    pdf.multi_cell(0, points * 0.5, words, align="LEFT", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _sentence(pdf: FPDF, words: str, wrap: WrapMode) -> None:
    pdf.set_font(FAMILY, size=8.5)
    pdf.multi_cell(0, 4.6, words, align="LEFT", wrapmode=wrap, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(0.8)
