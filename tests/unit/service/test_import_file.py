"""CSV files of all kinds: what is read, and the sentence for each kind that isn't, with the line."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.past_call import RowError
from dispatch.domain.refusals import Invalid
from dispatch.service.import_file import CallFile

COLUMNS = {"incident": "案號", "received_at": "時間"}
TEXT = "案號,時間,地址\n1,t1,甲\n2,t2,乙\n"
BOTH = [(2, {"incident": "1", "received_at": "t1"}), (3, {"incident": "2", "received_at": "t2"})]


def read(
    folder: Path, content: bytes | str, columns: Mapping[str, str] = COLUMNS, encoding: str = "utf-8"
) -> list[tuple[int, Mapping[str, str]] | RowError]:
    """All that comes of a file with this content."""
    path = folder / "calls.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(CallFile(path, columns, encoding).read())


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        "\ufeff" + TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.rstrip("\n"),
        TEXT.replace(",", ";"),
        TEXT.replace(",", "\t"),
        TEXT.replace(",", "|"),
        TEXT + "\n\n,,\n",
        TEXT.replace("t1", '" t1 "').replace("案號", ' "案號"', 1).replace(' "案號"', '"案號"'),
    ],
)
def test_files_that_say_the_same(tmp_path: Path, content: str) -> None:
    """Byte order mark, line ends, separators, quotes, empty rows at the end: none of them matters."""
    assert read(tmp_path, content) == BOTH


def test_big5_when_it_is_said(tmp_path: Path) -> None:
    """It is never guessed: without the option the sentence names line, byte and option; and the other way round."""
    old = TEXT.encode("cp950")
    assert read(tmp_path, old, encoding="big5") == BOTH
    with pytest.raises(Invalid, match=r"calls.csv: line 1: is not utf-8 \(byte 0x.. at place 1\).*--encoding big5"):
        read(tmp_path, old)
    with pytest.raises(Invalid, match=r"line 2: is not big5 .*--encoding utf-8"):
        read(tmp_path, "案號,時間\n1,é\n".encode("cp950", "replace").replace(b"?", b"\xff\xff"), encoding="big5")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "line 1: is empty"),
        (b"\n1,2\n", "line 1: is empty"),
        ("案號,地址\n", "line 1: there is no column 時間 for received_at; separated by comma it has 案號, 地址"),
        ("案號,時間,地址,地址\n", "line 1: there are two columns 地址"),
        ("案號,時間\n1,t\0\n", "line 2: holds a NUL byte"),
        ('案號,時間\n1,t\n2,"t\n3,t\n', "line 3: a quotation mark is opened here or below it and never closed"),
        ('案號,時間\n1,"a"b\n', "line 2: a quotation mark stands inside a cell"),
        ("案號,時間\n1,t\r2,t\r", "line 2: its lines end with CR alone"),
        ("案號,時間\r1,t\r2,t\r", "line 1: its lines end with CR alone"),
        ('"案號\n（總）",時間\n1,t\n', "line 1: a quotation mark is opened in the header and not closed in it"),
        ("sep=;\n案號;時間\n1;t\n", "line 1: 'sep=;' is a line for Excel alone; delete it"),
        ('\ufeff"sep=,"\r\n案號,時間\r\n1,t\r\n', "line 1: 'sep=,' is a line for Excel alone; delete it"),
        (b"PK\x03\x04xlsx", "is a spreadsheet"),
        (b"\xd0\xcf\x11\xe0", "is an old Excel workbook"),
        ("案號,時間\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes | str, sentence: str) -> None:
    """One sentence with the file's name, the line where there is one, and what to do."""
    with pytest.raises(Invalid) as refused:
        read(tmp_path, content)
    assert str(refused.value).startswith("calls.csv: ")
    assert sentence in str(refused.value)


def test_a_file_that_is_one_endless_cell(tmp_path: Path) -> None:
    """A quotation mark that is never closed in a big file: the sentence names the line where the row begins."""
    with pytest.raises(Invalid, match="line 2: a quotation mark is opened"):
        read(tmp_path, '案號,時間\n1,"t\n' + "2,t\n" * 100_000)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("案號,時間\r" + "1,t\r" * 1_000_000, "line 1: its lines end with CR alone"),
        ("案號,時間\n" + "1,t\r" * 1_000_000, "line 2: its lines end with CR alone"),
        ("案號,時間\n1," + "t" * 4_000_000, "line 2: is longer than 1048576 bytes"),
    ],
)
def test_no_line_is_read_without_end(tmp_path: Path, content: str, sentence: str) -> None:
    """A file without line ends, or with those of old Macintoshes, is refused when a line's most is read."""
    path = tmp_path / "calls.csv"
    path.write_text(content, newline="")
    file = CallFile(path, COLUMNS)
    with pytest.raises(Invalid, match=sentence):
        list(file.read())
    assert file.size_bytes < 2**21


def test_rows_that_are_none(tmp_path: Path) -> None:
    """Too few cells, too many: told with the line on which the row begins, and the reading goes on."""
    found = read(tmp_path, '案號,時間,地址\n1,t1,"甲\n乙"\n2,t2\n3,t3,丙,丁\n4,t4,戊\n')
    assert found == [
        (2, {"incident": "1", "received_at": "t1"}),
        RowError(4, "", "", "has 2 cells, the header 3"),
        RowError(5, "", "", "has 4 cells, the header 3"),
        (6, {"incident": "4", "received_at": "t4"}),
    ]


def test_date_and_time_in_two_columns(tmp_path: Path) -> None:
    """Joined by a blank; nothing where one is empty; a column whose name has a + itself is found first."""
    columns = {"incident": "a+b", "received_at": "日期+時間"}
    assert read(tmp_path, "a+b,日期,時間\n1,115/11/23,14:05\n2,,14:05\n", columns) == [
        (2, {"incident": "1", "received_at": "115/11/23 14:05"}),
        (3, {"incident": "2", "received_at": ""}),
    ]
    with pytest.raises(Invalid, match="no column 時刻 for received_at"):
        read(tmp_path, "a+b,日期,時間\n", columns | {"received_at": "日期+時刻"})


def test_the_hash_is_the_files(tmp_path: Path) -> None:
    """Of every byte that was read, with mark and line ends; and progress is told to the last byte."""
    path, content = tmp_path / "calls.csv", ("\ufeff" + TEXT.replace("\n", "\r\n") + "9,t,x\r\n" * 3000).encode()
    path.write_bytes(content)
    told: list[int] = []
    file = CallFile(path, COLUMNS)
    assert len(list(file.read(told.append))) == 3002
    assert (file.sha256, file.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert told == sorted(told)
    assert told[-1] == len(content)


def test_a_missing_file_is_the_systems_error(tmp_path: Path) -> None:
    """The command line says it in one line, with the name."""
    with pytest.raises(FileNotFoundError):
        list(CallFile(tmp_path / "none.csv", COLUMNS).read())


@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Nothing else than Invalid is ever raised."""
    path = tmp_path_factory.mktemp("any") / "calls.csv"
    for begin in (b"", "案號,時間\n".encode()):
        path.write_bytes(begin + content)
        with contextlib.suppress(Invalid):
            assert all(CallFile(path, COLUMNS).read())
