"""Other people's software opens the files and reads the same figures: LibreOffice and poppler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.reports.as_ods import as_ods, sheet_name
from dispatch.reports.as_odt import as_odt
from dispatch.reports.as_pdf import as_pdf
from dispatch.reports.content import document_of
from dispatch.reports.document import Cell, Document, shown
from dispatch.reports.rendering import Format, render
from dispatch.reports.words import LANGUAGES, Language
from tests.support import office
from tests.support.report_figures import some_figures, some_records


@pytest.fixture(scope="module")
def reviewed() -> Mapping[Language, tuple[Document, Mapping[Format, bytes]]]:
    """A month with a review, as document and files, in each language."""
    records = some_records()
    figures = some_figures([replace(records[0], on_scene_at=None), *records[1:]], recorded=records)
    return {language: (document_of(figures, language), render(figures, language)) for language in LANGUAGES}


def number_of(cell: Cell | str) -> float | str:
    """What a cell says, as a number where it is one; 70% and 70.00% are the same."""
    words = cell if isinstance(cell, str) else shown(cell)
    try:
        return round(float(words.removesuffix("%")) / 100, 6) if words.endswith("%") else float(words)
    except ValueError:
        return words


@pytest.mark.parametrize("language", LANGUAGES)
def test_libreoffice_reads_the_spreadsheet(
    language: Language, reviewed: Mapping[Language, tuple[Document, Mapping[Format, bytes]]], tmp_path: Path
) -> None:
    """Every sheet, every row, every figure is what was written."""
    office.need_libreoffice()
    document, files = reviewed[language]
    path = tmp_path / "report.ods"
    path.write_bytes(files["ods"])
    sheets = office.sheets_by_libreoffice(path, tmp_path)
    assert len(sheets) == 1 + len(document.tables)
    facts = next(iter(set(sheets) - {sheet_name(table) for table in document.tables}))
    assert [row[:2] for row in sheets[facts][3 : 3 + len(document.facts)]] == [list(fact) for fact in document.facts]
    for table in document.tables:
        read = sheets[sheet_name(table)]
        head = 3 + bool(table.over)
        assert read[head - 1] == list(table.columns)
        body = [[number_of(cell) for cell in row] for row in read[head : head + len(table.rows)]]
        assert body == [[number_of(cell) for cell in row] for row in table.rows], table.name


def test_libreoffice_reads_the_text(
    reviewed: Mapping[Language, tuple[Document, Mapping[Format, bytes]]], tmp_path: Path
) -> None:
    """Title, definition, every table's every cell in order."""
    office.need_libreoffice()
    document, files = reviewed["zh-TW"]
    path = tmp_path / "report.odt"
    path.write_bytes(files["odt"])
    read = iter(office.text_by_libreoffice(path, tmp_path).split("\n"))
    wanted = [document.title, document.subtitle, *document.definition]
    wanted += [shown(cell) for table in document.tables for row in table.rows for cell in row]
    assert all(words in (line.strip("\t\r ") for line in read) for words in wanted)


@pytest.mark.parametrize("language", LANGUAGES)
def test_poppler_reads_the_pdf(
    language: Language, reviewed: Mapping[Language, tuple[Document, Mapping[Format, bytes]]], tmp_path: Path
) -> None:
    """Every figure of every table stands in its row's order; letters are the file's own, Chinese ones as well."""
    office.need_poppler()
    document, files = reviewed[language]
    path = tmp_path / "report.pdf"
    path.write_bytes(files["pdf"])
    read = office.text_by_poppler(path)
    assert document.title in read
    assert document.facts[-1][1] in read
    squeezed = [line.split() for line in read.splitlines()]
    for table in document.tables[1:]:
        for row in table.rows:
            figures = [shown(cell) for cell in row if not isinstance(cell, str)]
            assert any(line[-len(figures) :] == figures for line in squeezed), (table.name, row)
    rows = office.fonts_by_poppler(path)
    assert len(rows) == 2
    assert all("NotoSansTC" in row and " yes yes yes " in row for row in rows), rows  # embedded, a subset, searchable


def test_chinese_letters_are_drawn(
    reviewed: Mapping[Language, tuple[Document, Mapping[Format, bytes]]], tmp_path: Path
) -> None:
    """The page has ink where its Chinese title is (that each letter has its own shape: test_files)."""
    office.need_poppler()
    _, files = reviewed["zh-TW"]
    path = tmp_path / "report.pdf"
    path.write_bytes(files["pdf"])
    assert "雲端智慧巡邏車" in office.text_by_poppler(path)
    header, size, _, pixels = office.first_page_by_poppler(path).split(b"\n", 3)
    width, height = map(int, size.split())
    assert (header, len(pixels)) == (b"P5", width * height)
    inked = [y for y in range(height // 8) if min(pixels[y * width : (y + 1) * width]) < 100]
    assert len(inked) > 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_keeps_a_pdf_from_being_made(language: Language, tmp_path: Path) -> None:
    """A station of 900 letters, a bureau of thousands, a letter that no font has: cut, and shown as missing."""
    office.need_poppler()
    figures = some_figures(bureau="嘉義\U00030000局" + "長" * 5000)
    named = [replace(figures.groups["station"][0], key=name) for name in ("站" * 900, "station " * 200)]
    document = document_of(replace(figures, groups={**figures.groups, "station": named}), language)
    path = tmp_path / "report.pdf"
    path.write_bytes(as_pdf(document))
    said = office.text_by_poppler(path)
    assert "嘉義〓局" in said
    assert "…" in said
    for content in (as_ods(document), as_odt(document)):  # no letter is lost elsewhere
        assert ("站" * 900).encode() in content
