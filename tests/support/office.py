"""LibreOffice and poppler for tests: what somebody else's software makes of our files."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

from tests.support.debian import need_programs

_LIMIT_S = 120
_EVERY_SHEET_AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


def need_libreoffice() -> None:
    """soffice that reads spreadsheets and texts."""
    need_programs(["soffice"], ["libreoffice-calc-nogui", "libreoffice-writer-nogui"])


def need_poppler() -> None:
    """pdftotext and its kin."""
    need_programs(["pdftotext", "pdffonts", "pdftoppm"], ["poppler-utils"])


def sheets_by_libreoffice(ods: Path, folder: Path) -> dict[str, list[list[str]]]:
    """Every sheet as LibreOffice shows it, by its name."""
    _soffice(_EVERY_SHEET_AS_SHOWN, ods, folder)
    sheets = {}
    for path in sorted(folder.glob(f"{ods.stem}-*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            sheets[path.stem.removeprefix(f"{ods.stem}-")] = list(csv.reader(file))
    return sheets


def text_by_libreoffice(odt: Path, folder: Path) -> str:
    """All its words, as LibreOffice reads them."""
    _soffice("txt:Text (encoded):UTF8", odt, folder)
    return (folder / f"{odt.stem}.txt").read_text(encoding="utf-8-sig")


def text_by_poppler(pdf: Path) -> str:
    """All its words, laid out as on the page."""
    return _said(["pdftotext", "-layout", str(pdf), "-"])


def fonts_by_poppler(pdf: Path) -> list[str]:
    """A line for each font of the file."""
    return _said(["pdffonts", str(pdf)]).splitlines()[2:]


def first_page_by_poppler(pdf: Path) -> bytes:
    """Its first page as a picture: rows of grey, after a header that ends with 255."""
    return subprocess.run(
        ["pdftoppm", "-gray", "-r", "60", "-f", "1", "-l", "1", str(pdf)],
        check=True,
        capture_output=True,
        timeout=_LIMIT_S,
    ).stdout


def _said(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=_LIMIT_S).stdout


def _soffice(into: str, file: Path, folder: Path) -> None:
    """With a profile of its own: two at a time with one profile are one."""
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", into, "--outdir", str(folder), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
