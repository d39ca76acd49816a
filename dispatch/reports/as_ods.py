"""A document as a spreadsheet (ODS): one sheet for what it says, one for each table. Figures are numbers, not text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from dispatch.reports import odf
from dispatch.reports.document import Cell, Document, Percent, Seconds, Table, shown
from dispatch.reports.odf import attribute, text

MIMETYPE: Final = "application/vnd.oasis.opendocument.spreadsheet"
WIDTH_CM: Final = 26.0
FACTS: Final = {"zh-TW": "報告", "en": "Report"}
_NOT_IN_NAMES: Final = re.compile(r"[\[\]*?:/\\']")

_CELLS: Final = {
    "title": '<style:text-properties fo:font-size="16pt" style:font-size-asian="16pt" fo:font-weight="bold" '
    'style:font-weight-asian="bold"/>',
    "name": '<style:table-cell-properties style:vertical-align="top" fo:wrap-option="wrap"/><style:text-properties '
    'fo:font-weight="bold" style:font-weight-asian="bold"/>',
    "words": '<style:table-cell-properties style:vertical-align="top" fo:wrap-option="wrap"/>',
    "head": '<style:table-cell-properties fo:background-color="#dde5ee" fo:border="0.5pt solid #5a6b7d" '
    'fo:wrap-option="wrap" style:vertical-align="middle"/><style:paragraph-properties fo:text-align="center"/>'
    '<style:text-properties fo:font-weight="bold" style:font-weight-asian="bold"/>',
    "cell": '<style:table-cell-properties fo:border="0.5pt solid #5a6b7d" fo:wrap-option="wrap"/>',
    "none": '<style:table-cell-properties fo:border="0.5pt solid #5a6b7d"/><style:paragraph-properties '
    'fo:text-align="end"/>',
}
_NUMBERS: Final = {
    "whole": '<number:number-style style:name="n-whole"><number:number number:decimal-places="0" '
    'number:min-integer-digits="1"/></number:number-style>',
    "share": '<number:percentage-style style:name="n-share"><number:number number:decimal-places="2" '
    'number:min-integer-digits="1"/><number:text>%</number:text></number:percentage-style>',
    "time": '<number:number-style style:name="n-time"><number:number number:decimal-places="1" '
    'number:min-integer-digits="1"/></number:number-style>',
}


def as_ods(document: Document) -> bytes:
    """The file."""
    widths: dict[str, str] = {}
    sheets = [_facts(document, widths), *(_sheet(table, widths) for table in document.tables)]
    columns = "".join(
        f'<style:style style:name="{name}" style:family="table-column"><style:table-column-properties '
        f'style:column-width="{width}"/></style:style>'
        for width, name in widths.items()
    )
    body = f"<office:spreadsheet>{''.join(sheets)}</office:spreadsheet>"
    parts = {"content.xml": odf.content(_styles() + columns, body), "styles.xml": odf.styles()}
    return odf.package(MIMETYPE, document, parts)


def sheet_name(table: Table) -> str:
    """Its name as a sheet: at most 31 letters, none that a spreadsheet forbids."""
    return _NOT_IN_NAMES.sub(" ", table.name)[:31]


def _styles() -> str:
    bordered = '<style:table-cell-properties fo:border="0.5pt solid #5a6b7d"/>'
    cells = "".join(_NUMBERS.values())
    for name, properties in _CELLS.items():
        cells += f'<style:style style:name="{name}" style:family="table-cell">{properties}</style:style>'
    for name in _NUMBERS:
        cells += (
            f'<style:style style:name="{name}" style:family="table-cell" style:data-style-name="n-{name}">{bordered}'
            "</style:style>"
        )
    return (
        '<style:style style:name="sheet" style:family="table" style:master-page-name="Standard">'
        f'<style:table-properties table:display="true"/></style:style>{cells}'
    )


def _facts(document: Document, widths: dict[str, str]) -> str:
    rows = [_row(_words(document.title, "title")), _row(_words(document.subtitle, "title")), _row("")]
    rows += [_row(_words(name, "name") + _words(value, "words")) for name, value in document.facts]
    rows += [_row(""), _row(_words(document.definition_title, "name"))]
    rows += [_row(_words("", "words") + _words(sentence, "words")) for sentence in document.definition]
    return _table(FACTS[document.language], [_column(w, widths) for w in (6.0, WIDTH_CM - 6.0)], rows)


def _sheet(table: Table, widths: dict[str, str]) -> str:
    whole = sum(table.width_of(n) for n in range(len(table.columns)))
    columns = [_column(WIDTH_CM * table.width_of(n) / whole, widths) for n in range(len(table.columns))]
    rows = [_row(_words(table.title, "title")), _row("")]
    head = [_row("".join(_over(words, count) for words, count in table.over))] if table.over else []
    head.append(_row("".join(_words(words, "head") for words in table.columns)))
    rows.append(f"<table:table-header-rows>{''.join(head)}</table:table-header-rows>")
    rows += [_row("".join(_cell(cell) for cell in row)) for row in table.rows]
    rows += [_row(_words(note, "plain")) for note in table.notes]
    return _table(sheet_name(table), columns, rows)


def _table(name: str, columns: Sequence[str], rows: Sequence[str]) -> str:
    return (
        f'<table:table table:name={attribute(name)} table:style-name="sheet">{"".join(columns)}{"".join(rows)}'
        "</table:table>"
    )


def _column(width_cm: float, widths: dict[str, str]) -> str:
    name = widths.setdefault(f"{width_cm:.2f}cm", f"co{len(widths) + 1}")
    return f'<table:table-column table:style-name="{name}"/>'


def _row(cells: str) -> str:
    return f"<table:table-row>{cells or '<table:table-cell/>'}</table:table-row>"


def _over(words: str, count: int) -> str:
    covered = f'<table:covered-table-cell table:number-columns-repeated="{count - 1}"/>' if count > 1 else ""
    return (
        f'<table:table-cell office:value-type="string" table:style-name="head" table:number-columns-spanned="{count}" '
        f'table:number-rows-spanned="1"><text:p>{text(words)}</text:p></table:table-cell>{covered}'
    )


def _words(words: str, style: str) -> str:
    styled = "" if style == "plain" else f' table:style-name="{style}"'
    return f'<table:table-cell office:value-type="string"{styled}><text:p>{text(words)}</text:p></table:table-cell>'


def _cell(cell: Cell) -> str:
    if isinstance(cell, Percent):
        return _number("percentage", cell.digits, "share", shown(cell))
    if isinstance(cell, Seconds):
        return _number("float", cell.digits, "time", shown(cell))
    if isinstance(cell, int):
        return _number("float", str(cell), "whole", shown(cell))
    return _words(shown(cell), "none" if cell is None else "cell")


def _number(kind: str, value: str, style: str, words: str) -> str:
    return (
        f'<table:table-cell office:value-type="{kind}" office:value="{value}" table:style-name="{style}">'
        f"<text:p>{words}</text:p></table:table-cell>"
    )
