"""Reads a CSV file of past calls row by row: encoding, separator, header and rows that are none.

Not here: what the cells mean (dispatch.domain.past_call).
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from dispatch.domain.past_call import RowError
from dispatch.domain.refusals import Invalid

ENCODINGS: Final = {"utf-8": "utf-8-sig", "big5": "cp950"}
SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
JOIN: Final = "+"
"""Between two columns of the file that make one field: a date's and a time's."""
LINE_MAX_BYTES: Final = 2**20
_OLD_MACINTOSH: Final = "its lines end with CR alone, as on old Macintoshes; save it with LF or CRLF"
_NOT_TEXT: Final = {
    b"PK\x03\x04": "is a spreadsheet or another archive; save it as CSV (UTF-8) first",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook; save it as CSV (UTF-8) first",
    b"\xff\xfe": "is text in UTF-16; save it as CSV (UTF-8) first",
    b"\xfe\xff": "is text in UTF-16; save it as CSV (UTF-8) first",
}

Cells = tuple[int, Mapping[str, str]]
Tell = Callable[[int], None]


class CallFile:
    """One pass over a file. `sha256` and `size_bytes` are of all that was read, complete when the pass is."""

    def __init__(self, path: Path, columns: Mapping[str, str], encoding: str = "utf-8") -> None:
        self._path, self._columns, self._encoding = path, columns, encoding
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """Hex."""
        return self._hash.hexdigest()

    def read(self, tell: Tell = lambda _: None) -> Iterator[Cells | RowError]:
        """Each row's first line and its cells by field, without blanks around, or why it is none.

        `tell` hears now and then how many bytes are read. Raises Invalid where the file as a whole can't be read: the
        sentence names the file and, where there is one, line and column.
        """
        lines = self._lines(tell)
        separator, header = self._header(next(lines, ""))
        places = {name: self._places(column, header) for name, column in self._columns.items()}
        reader = csv.reader(lines, delimiter=separator, strict=True)
        done = 1
        while True:
            line = done + 1
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise self._refused(f"line {line}: {_why(error)}") from error
            if row is None:
                return
            done = 1 + reader.line_num
            if not any(row):  # a blank line, or the empty rows that a spreadsheet leaves at the end
                continue
            if len(row) != len(header):
                yield RowError(line, "", "", f"has {len(row)} cells, the header {len(header)}")
                continue
            yield line, {name: _cell(row, where) for name, where in places.items()}

    def _lines(self, tell: Tell) -> Iterator[str]:
        codec = ENCODINGS[self._encoding]
        with self._path.open("rb") as file:
            for number, raw in enumerate(iter(lambda: file.readline(LINE_MAX_BYTES + 1), b""), start=1):
                if number == 1:
                    self._check_text(raw)
                self._hash.update(raw)
                self.size_bytes += len(raw)
                if len(raw) > LINE_MAX_BYTES:
                    longer = f"is longer than {LINE_MAX_BYTES} bytes; this is no table"
                    said = _OLD_MACINTOSH if b"\r" in raw else longer
                    raise self._refused(f"line {number}: {said}")
                if b"\0" in raw:
                    raise self._refused(f"line {number}: holds a NUL byte; the file is damaged, or no text")
                try:
                    yield raw.decode(codec if number == 1 or codec != "utf-8-sig" else "utf-8")
                except UnicodeDecodeError as error:
                    other = next(name for name in ENCODINGS if name != self._encoding)
                    byte = f"byte 0x{raw[error.start]:02X} at place {error.start + 1}"
                    said = f"line {number}: is not {self._encoding} ({byte}); if it is {other}, say --encoding {other}"
                    raise self._refused(said) from error
                if number % 1000 == 0:
                    tell(self.size_bytes)
        tell(self.size_bytes)

    def _check_text(self, begin: bytes) -> None:
        for mark, said in _NOT_TEXT.items():
            if begin.startswith(mark):
                raise self._refused(said)

    def _header(self, line: str) -> tuple[str, Sequence[str]]:
        """The separator with which all wanted columns are there, and the columns."""
        if not line.strip():
            raise self._refused("line 1: is empty; the names of the columns belong there")
        read = {separator: self._split(line, separator) for separator in SEPARATORS}
        missing = {separator: self._missing(header) for separator, header in read.items()}
        separator = min(SEPARATORS, key=lambda one: (len(missing[one]), -len(read[one])))
        header = read[separator]
        if missing[separator]:
            if why := _why_no_header(line):
                raise self._refused(f"line 1: {why}")
            name, column = missing[separator][0]
            there = ", ".join(header)
            said = (
                f"line 1: there is no column {column} for {name}; separated by {SEPARATORS[separator]} it has {there}"
            )
            raise self._refused(said)
        twice = [name for name, count in Counter(header).items() if name and count > 1]
        if twice:
            raise self._refused(f"line 1: there are two columns {twice[0]}; which is meant can't be told")
        return separator, header

    def _split(self, line: str, separator: str) -> Sequence[str]:
        try:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, strict=True))]
        except csv.Error:
            return []

    def _missing(self, header: Sequence[str]) -> list[tuple[str, str]]:
        return [
            (name, part)
            for name, column in self._columns.items()
            if column not in header
            for part in column.split(JOIN)
            if part.strip() not in header
        ]

    @staticmethod
    def _places(column: str, header: Sequence[str]) -> Sequence[int]:
        parts = [column] if column in header else [part.strip() for part in column.split(JOIN)]
        return [header.index(part) for part in parts]

    def _refused(self, said: str) -> Invalid:
        return Invalid(f"{self._path.name}: {said}", member="file")


def _cell(row: Sequence[str], where: Sequence[int]) -> str:
    """Of two columns both, or nothing where one is empty."""
    parts = [row[place].strip() for place in where]
    return " ".join(parts) if all(parts) else ""


def _why_no_header(line: str) -> str | None:
    said = line.strip().strip('"')
    if said.lower().startswith("sep=") and len(said) <= len("sep=;"):
        return f"{said!r} is a line for Excel alone; delete it, so that the names of the columns come first"
    if "\r" in line.rstrip("\r\n"):
        return _OLD_MACINTOSH
    if line.count('"') % 2:
        return "a quotation mark is opened in the header and not closed in it; each name has to stand in one line"
    return None


def _why(error: csv.Error) -> str:
    said = str(error)
    if "unexpected end of data" in said or "field larger" in said:
        return "a quotation mark is opened here or below it and never closed"
    if "expected after" in said:
        return "a quotation mark stands inside a cell; within a quoted cell it has to be doubled"
    if "new-line character" in said:
        return _OLD_MACINTOSH
    return said
