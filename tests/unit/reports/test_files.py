"""The files of a report: the same bytes for the same figures, valid as what they claim to be, true to the figures."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest
import time_machine
from fontTools.ttLib import TTFont
from odfdo import Document as Odf

from dispatch.domain.report_period import Period
from dispatch.reports import fonts
from dispatch.reports.as_csv import as_csv, plain
from dispatch.reports.as_ods import as_ods
from dispatch.reports.as_ods import sheet_name as sheet_name_of
from dispatch.reports.as_odt import as_odt
from dispatch.reports.content import document_of
from dispatch.reports.document import Document, Percent, Seconds, Table
from dispatch.reports.refusals import FontMissing
from dispatch.reports.rendering import FORMATS, render
from dispatch.reports.words import LANGUAGES, WORDS, Language
from tests.support.report_figures import some_figures, some_records

ROOT: Final = Path(__file__).resolve().parents[3]
HASHES: Final = """
import hashlib, sys
from dispatch.domain.report_period import Period
from dispatch.reports.rendering import render
from tests.support.report_figures import some_figures
for language in ("zh-TW", "en"):
    for name, content in render(some_figures(period=Period.read(sys.argv[1])), language).items():
        print(name, hashlib.sha256(content).hexdigest())
"""


def in_another_process(seed: str, zone: str, period: str) -> list[str]:
    """The hashes of all files, made by a process of its own, with its own order of sets and its own time zone."""
    done = subprocess.run(
        [sys.executable, "-c", HASHES, period],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LANG": "C"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return done.stdout.split("\n")


def test_the_same_figures_give_the_same_bytes() -> None:
    """In two processes with other hash seeds and zones, and here under a clock of years later: not one byte differs."""
    first = in_another_process("1", "Asia/Taipei", "2026-10")
    assert len(first) == 1 + len(FORMATS) * len(LANGUAGES)
    assert first == in_another_process("4711", "America/New_York", "2026-10")
    with time_machine.travel("2041-03-04T05:06:07Z"):
        later = [f"{name} {hashlib.sha256(c).hexdigest()}" for name, c in render(some_figures(), "zh-TW").items()]
    assert later == first[: len(FORMATS)]


def test_other_figures_give_other_bytes() -> None:
    """One incident that came otherwise is to be seen in each file."""
    records = some_records()
    changed = some_figures([replace(records[0], on_scene_at=None), *records[1:]], recorded=records)
    before, after = render(some_figures(), "zh-TW"), render(changed, "zh-TW")
    assert all(before[name] != after[name] for name in FORMATS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("period", [Period(2026, 10), Period(2026)], ids=str)
def test_an_odf_file_is_a_package(language: Language, period: Period) -> None:
    """mimetype first, stored and bare; the manifest names every file; all is XML; every style that is used is there."""
    document = document_of(some_figures(period=period), language)
    for content, kind in ((as_ods(document), "spreadsheet"), (as_odt(document), "text")):
        mimetype = f"application/vnd.oasis.opendocument.{kind}"
        assert content[30 : 38 + len(mimetype)] == f"mimetype{mimetype}".encode()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            assert names[0] == "mimetype"
            assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
            assert not archive.infolist()[0].extra
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            trees = {name: ElementTree.fromstring(archive.read(name)) for name in names[1:]}
        manifest = trees.pop("META-INF/manifest.xml")
        space = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
        assert {entry.get(f"{space}full-path") for entry in manifest} == {"/", *trees}
        assert manifest[0].get(f"{space}media-type") == mimetype
        assert _styles_used(trees) <= _styles_named(trees)


def _styles_used(trees: dict[str, ElementTree.Element]) -> set[str]:
    ends = ("}style-name", "}data-style-name", "}page-layout-name", "}master-page-name")
    return {v for tree in trees.values() for one in tree.iter() for k, v in one.attrib.items() if k.endswith(ends)}


def _styles_named(trees: dict[str, ElementTree.Element]) -> set[str]:
    name = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}name"
    return {one.attrib[name] for tree in trees.values() for one in tree.iter() if name in one.attrib}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_spreadsheet_holds_the_document_s_figures(language: Language) -> None:
    """Read back by odfdo: each table a sheet, each figure a number with all the digits that are shown."""
    document = document_of(some_figures(), language)
    book = Odf(io.BytesIO(as_ods(document)))
    for table in document.tables:
        sheet = book.body.get_table(name=sheet_name_of(table))
        assert sheet is not None
        head = 3 + bool(table.over)
        for y, row in enumerate(table.rows):
            for x, cell in enumerate(row):
                found = sheet.get_value((x, y + head))
                if isinstance(cell, Percent | Seconds):
                    assert float(str(found)) == float(cell.digits)
                else:
                    assert found == ("—" if cell is None else cell), (table.name, x, y)


def test_the_text_holds_the_document_s_tables() -> None:
    """Read back by odfdo: every table with every cell, as it is shown."""
    document = document_of(some_figures(), "zh-TW")
    text = Odf(io.BytesIO(as_odt(document)))
    tables = text.body.get_tables()[1:]
    assert [one.name for one in tables] == [table.name for table in document.tables]
    for table, found in zip(document.tables, tables, strict=True):
        shown = [[str(value) for value in row] for row in found.get_values()]
        assert shown[-len(table.rows) :] == [["—" if c is None else str(c) for c in row] for row in table.rows]


def test_the_csv_is_as_excel_wants_it() -> None:
    """A byte order mark, CR LF at the end of every line and nowhere else, and figures that a program reads."""
    document = document_of(some_figures(), "zh-TW")
    content = as_csv(document)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    at = rows.index([WORDS["zh-TW"]["summary"]])
    summary = document.tables[1]
    assert rows[at + 1] == list(summary.columns)
    assert rows[at + 2] == [plain(cell) for cell in summary.rows[0]]


@pytest.mark.parametrize("name", ["=1+1", "+886", "-x", "@SUM(A1)", "\tx", "＝1+1", "＠SUM(A1)", " －1"])
def test_no_name_becomes_a_formula(name: str) -> None:
    """A station's name is text in a spreadsheet, whatever somebody called it."""
    assert plain(name) == f"'{name}"
    figures = some_figures()
    named = {**figures.groups, "station": [replace(figures.groups["station"][0], key=name)]}
    content = as_csv(document_of(replace(figures, groups=named), "zh-TW")).decode()
    assert f"\n'{name}," in content
    assert f"\n{name}" not in content


def test_what_xml_cannot_carry_is_left_out() -> None:
    """A control character or a bracket in a name breaks no file."""
    table = Table("a", "b<>&\"'\x00\x0b", ["c"], [["<x>\x1f"]])
    document = replace(document_of(some_figures(), "en"), tables=[table])
    for content in (as_ods(document), as_odt(document)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            words = "".join(ElementTree.fromstring(archive.read("content.xml")).itertext())
        assert "b<>&\"'  " in words
        assert "<x> " in words


def test_rows_that_do_not_fit_are_no_table() -> None:
    """A missing cell is found before a file is written."""
    with pytest.raises(ValueError, match="columns"):
        Table("a", "b", ["c", "d"], [["e"]])
    with pytest.raises(ValueError, match="columns"):
        Table("a", "b", ["c", "d"], [], over=[("e", 1)])


def test_a_letter_that_the_font_lacks_is_shown_as_missing() -> None:
    """And no report without letters at all: the refusal says what to do."""
    assert fonts.Letters().present("嘉義\U000e0001") == "嘉義〓"
    with pytest.raises(FontMissing, match="make setup"):
        fonts.Letters([Path("/nowhere")])


def test_the_bundle_and_its_package_give_the_same_letters(tmp_path: Path) -> None:
    """A machine with web/dist alone makes the same bytes; slices that a new build takes away meanwhile are refused."""
    package, bundle = (fonts.Letters([folder]).fonts("嘉義 110", (fonts.REGULAR,)) for folder in fonts.FOLDERS)
    assert package == bundle
    for path in fonts.FOLDERS[0].glob(fonts.SLICES):
        (tmp_path / path.name).symlink_to(path)
    letters = fonts.Letters([tmp_path])
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(FontMissing):
        letters.fonts("嘉義", (fonts.REGULAR,))


def test_each_letter_has_its_own_shape() -> None:
    """The font that goes into a PDF draws Chinese letters, each otherwise, heavier where they are bold."""
    words = "雲端智慧巡邏車績效報告內到達現場"
    shapes = []
    for content in fonts.Letters().fonts(words, (fonts.REGULAR, fonts.BOLD)):
        font = TTFont(io.BytesIO(content))
        letters = [font["glyf"][font.getBestCmap()[ord(letter)]] for letter in words]
        assert all(letter.numberOfContours > 1 for letter in letters)
        shapes += [bytes(str(list(letter.coordinates)), "ascii") for letter in letters]
    assert len(set(shapes)) == 2 * len(set(words))


def test_documents_are_plain_data() -> None:
    """The same figures make equal documents, so that a writer can't see when it runs."""
    document = document_of(some_figures(), "en")
    assert isinstance(document, Document)
    assert document == document_of(some_figures(), "en")
