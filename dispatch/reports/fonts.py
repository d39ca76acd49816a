"""The letters of a PDF: one small font of just the letters that a report has, cut from the web bundle's Noto Sans TC.

The bundle carries the font in slices of some hundred letters each, with all weights in one file. The slices are looked
through once per process, and each is unpacked once. Noto Sans TC is under the SIL Open Font License 1.1, which lets a
document carry it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from fontTools import subset
from fontTools.merge import Merger
from fontTools.merge import Options as MergeOptions
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from dispatch.reports.refusals import FontMissing

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDERS: Final = (
    ROOT / "web" / "node_modules" / "@fontsource-variable" / "noto-sans-tc" / "files",
    ROOT / "web" / "dist" / "assets",
)
"""The same slices; a machine that only serves may have the bundle alone, which a build takes away for seconds."""
SLICES: Final = "noto-sans-tc-*-wght-normal*.woff2"
REGULAR: Final = 400
BOLD: Final = 700
MISSING: Final = "〓"
"""Stands for a letter that the font does not have, as in print."""
SOME_DAY_S: Final = 3_600_000_000
"""Since 1904, as fonts count."""
_TABLES: Final = (
    "avar",
    "BASE",
    "DSIG",
    "GDEF",
    "GPOS",
    "GSUB",
    "HVAR",
    "STAT",
    "VVAR",
    "gasp",
    "prep",
    "vhea",
    "vmtx",
)


class Letters:
    """The letters that the web bundle carries. Raises FontMissing where there is no bundle."""

    def __init__(self, folders: Sequence[Path] = FOLDERS) -> None:
        self._paths = _found(folders)
        try:
            self._there = _slices(self._paths)
        except FileNotFoundError:
            raise FontMissing from None

    def present(self, text: str) -> str:
        """The text with MISSING for each letter that the font lacks."""
        return "".join(letter if ord(letter) in self._there else MISSING for letter in text)

    def fonts(self, letters: Iterable[str], weights: Sequence[int]) -> Sequence[bytes]:
        """A TrueType font of these letters in each weight (100..900), without those that the font lacks.

        The same letters give the same bytes. Raises FontMissing where the files went away since.
        """
        try:
            return _fonts(self._paths, frozenset(map(ord, letters)), tuple(weights))
        except FileNotFoundError:
            raise FontMissing from None


def _found(folders: Sequence[Path]) -> tuple[Path, ...]:
    for folder in folders:
        if paths := tuple(sorted(folder.glob(SLICES))):
            return paths
    raise FontMissing


@lru_cache(maxsize=4)
def _slices(paths: tuple[Path, ...]) -> dict[int, Path]:
    """Which slice has which letter; of several the first."""
    there: dict[int, Path] = {}
    for path in paths:
        with TTFont(path, lazy=True, recalcTimestamp=False) as font:
            for code in font.getBestCmap():
                there.setdefault(code, path)
    return there


@lru_cache(maxsize=4)
def _fonts(paths: tuple[Path, ...], codes: frozenset[int], weights: tuple[int, ...]) -> tuple[bytes, ...]:
    """Kept, since reports of one bureau and language have the same letters, and it takes seconds."""
    there = _slices(paths)
    wanted: dict[Path, set[int]] = {}
    for code in codes & there.keys():
        wanted.setdefault(there[code], set()).add(code)
    pieces = [_cut(path, wanted[path]) for path in sorted(wanted)]
    return tuple(_merged([_weighed(piece, weight) for piece in pieces]) for weight in weights)


@lru_cache(maxsize=128)
def _unpacked(path: Path) -> bytes:
    """A slice as plain TrueType, about 100 kB. To unpack it is most of what a cut takes; all of them are some 10 MB."""
    font = TTFont(path, recalcTimestamp=False)
    font.flavor = None
    sink = io.BytesIO()
    font.save(sink)
    return sink.getvalue()


def _cut(path: Path, codes: set[int]) -> bytes:
    """These letters of a slice, with all weights still in it."""
    options = subset.Options(
        drop_tables=list(_TABLES),
        hinting=False,
        layout_features=[],
        name_IDs=[1, 2, 4, 6],
        notdef_outline=True,
        recalc_timestamp=False,
    )
    font = TTFont(io.BytesIO(_unpacked(path)), recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=codes)
    cutter.subset(font)
    return _saved(font)


def _weighed(piece: bytes, weight: int) -> io.BytesIO:
    font = TTFont(io.BytesIO(piece), recalcTimestamp=False)
    return io.BytesIO(_saved(instancer.instantiateVariableFont(font, {"wght": weight}, inplace=True)))


def _merged(pieces: Sequence[io.BytesIO]) -> bytes:
    return _saved(Merger(options=MergeOptions()).merge(list(pieces)))


def _saved(font: TTFont) -> bytes:
    font.recalcTimestamp = False
    font["head"].created = font["head"].modified = SOME_DAY_S  # a merger writes the time of day
    font.flavor = None
    sink = io.BytesIO()
    font.save(sink, reorderTables=True)
    return sink.getvalue()
