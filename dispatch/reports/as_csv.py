"""A document as CSV (RFC 4180): UTF-8 with a byte order mark, lines end in CRLF. One table after another.

Shares are numbers from 0 to 1, times are seconds; an empty cell is no figure.
"""

from __future__ import annotations

import csv
import io
from typing import Final

from dispatch.domain.formulas import no_formula
from dispatch.reports.document import Cell, Document, Percent, Seconds

BYTE_ORDER_MARK: Final = "\ufeff"


def as_csv(document: Document) -> bytes:
    """The file."""
    sink = io.StringIO(newline="")
    rows = csv.writer(sink, lineterminator="\r\n")

    def write(*cells: Cell) -> None:
        rows.writerow([plain(cell) for cell in cells])

    write(document.title)
    write(document.subtitle)
    write()
    for name, value in document.facts:
        write(name, value)
    write()
    write(document.definition_title)
    for sentence in document.definition:
        write(sentence)
    for table in document.tables:
        write()
        write(table.title)
        if table.over:
            write(*(cell for words, count in table.over for cell in (words, *[""] * (count - 1))))
        write(*table.columns)
        for row in table.rows:
            write(*row)
        for note in table.notes:
            write(note)
    return (BYTE_ORDER_MARK + sink.getvalue()).encode()


def plain(cell: Cell) -> str:
    """As programs read it. A name that a spreadsheet would take for a formula gets an apostrophe before it."""
    if cell is None:
        return ""
    if isinstance(cell, Percent | Seconds):
        return cell.digits
    return no_formula(cell) if isinstance(cell, str) else str(cell)
