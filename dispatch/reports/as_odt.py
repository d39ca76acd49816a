"""A document as text (ODT), to be read, signed and filed: A4, landscape, each table under its heading."""

from __future__ import annotations

from typing import Final

from dispatch.reports import odf
from dispatch.reports.document import Cell, Document, Table, shown
from dispatch.reports.odf import attribute, text

MIMETYPE: Final = "application/vnd.oasis.opendocument.text"
WIDTH_CM: Final = 26.7
_BOLD: Final = 'fo:font-weight="bold" style:font-weight-asian="bold"'


def _paragraph(name: str, paragraph: str, letters: str, shown_as: str = "") -> str:
    more = f' style:display-name="{shown_as}" style:default-outline-level="1"' if shown_as else ""
    return (
        f'<style:style style:name="{name}" style:family="paragraph"{more}><style:paragraph-properties {paragraph}/>'
        f"<style:text-properties {letters}/></style:style>"
    )


def _size(points: float) -> str:
    return f'fo:font-size="{points}pt" style:font-size-asian="{points}pt"'


_NAMED: Final = (
    '<style:style style:name="Standard" style:family="paragraph"/>'
    + _paragraph("Title", 'fo:margin-bottom="0.1cm"', f"{_size(18)} {_BOLD}")
    + _paragraph("Subtitle", 'fo:margin-bottom="0.3cm"', _size(14))
    + _paragraph(
        "Heading_20_1",
        'fo:margin-top="0.5cm" fo:margin-bottom="0.2cm" fo:keep-with-next="always"',
        f"{_size(13)} {_BOLD}",
        "Heading 1",
    )
    + _paragraph("Words", 'fo:margin-bottom="0.15cm"', _size(10))
    + _paragraph("Name", 'fo:text-align="start"', f"{_size(9)} {_BOLD}")
    + _paragraph("Head", 'fo:text-align="center"', f"{_size(8)} {_BOLD}")
    + _paragraph("Cell", 'fo:text-align="start"', _size(8))
    + _paragraph("Figure", 'fo:text-align="end"', _size(8))
)
_CELLS: Final = "".join(
    f'<style:style style:name="{name}" style:family="table-cell"><style:table-cell-properties fo:padding="0.07cm" '
    f'fo:border="0.5pt solid #5a6b7d" style:vertical-align="middle"{more}/></style:style>'
    for name, more in (("c-head", ' fo:background-color="#dde5ee"'), ("c-cell", ""))
)


def as_odt(document: Document) -> bytes:
    """The file."""
    styles: list[str] = [_CELLS]
    body = [
        f'<text:p text:style-name="Title">{text(document.title)}</text:p>',
        f'<text:p text:style-name="Subtitle">{text(document.subtitle)}</text:p>',
        _facts(document, styles),
        _heading(document.definition_title),
        *(_words(sentence) for sentence in document.definition),
    ]
    for number, table in enumerate(document.tables, start=1):
        body += [_heading(table.title), _table(f"T{number}", table, styles), *(_words(note) for note in table.notes)]
    parts = {
        "content.xml": odf.content("".join(styles), f"<office:text>{''.join(body)}</office:text>"),
        "styles.xml": odf.styles(_NAMED),
    }
    return odf.package(MIMETYPE, document, parts)


def _heading(words: str) -> str:
    return f'<text:h text:style-name="Heading_20_1" text:outline-level="1">{text(words)}</text:h>'


def _words(words: str) -> str:
    return f'<text:p text:style-name="Words">{text(words)}</text:p>'


def _facts(document: Document, styles: list[str]) -> str:
    columns = _columns("T0", [6.0, WIDTH_CM - 6.0], styles)
    rows = "".join(
        f"<table:table-row>{_td(name, 'Name')}{_td(value)}</table:table-row>" for name, value in document.facts
    )
    return f'<table:table table:name="T0" table:style-name="T0">{columns}{rows}</table:table>'


def _table(name: str, table: Table, styles: list[str]) -> str:
    whole = sum(table.width_of(n) for n in range(len(table.columns)))
    columns = _columns(name, [WIDTH_CM * table.width_of(n) / whole for n in range(len(table.columns))], styles)
    head = ""
    if table.over:
        head = f"<table:table-row>{''.join(_over(words, count) for words, count in table.over)}</table:table-row>"
    head += f"<table:table-row>{''.join(_td(words, 'Head') for words in table.columns)}</table:table-row>"
    rows = "".join(f"<table:table-row>{''.join(_cell(cell) for cell in row)}</table:table-row>" for row in table.rows)
    return (
        f'<table:table table:name={attribute(table.name)} table:style-name="{name}">{columns}'
        f"<table:table-header-rows>{head}</table:table-header-rows>{rows}</table:table>"
    )


def _columns(name: str, widths_cm: list[float], styles: list[str]) -> str:
    styles.append(
        f'<style:style style:name="{name}" style:family="table"><style:table-properties style:width="{WIDTH_CM}cm" '
        'table:align="left" table:border-model="collapsing"/></style:style>'
    )
    for number, width_cm in enumerate(widths_cm, start=1):
        styles.append(
            f'<style:style style:name="{name}.{number}" style:family="table-column"><style:table-column-properties '
            f'style:column-width="{width_cm:.2f}cm"/></style:style>'
        )
    return "".join(f'<table:table-column table:style-name="{name}.{n}"/>' for n in range(1, len(widths_cm) + 1))


def _over(words: str, count: int) -> str:
    return _td(words, "Head", f' table:number-columns-spanned="{count}"') + "<table:covered-table-cell/>" * (count - 1)


def _cell(cell: Cell) -> str:
    return _td(shown(cell), "Cell" if isinstance(cell, str) else "Figure")


def _td(words: str, style: str = "Cell", more: str = "") -> str:
    box = "c-head" if style == "Head" else "c-cell"
    return (
        f'<table:table-cell table:style-name="{box}" office:value-type="string"{more}>'
        f'<text:p text:style-name="{style}">{text(words)}</text:p></table:table-cell>'
    )
