"""The files of the car's page, built from web/ into vehicle_agent/page; a checkout that was not built says so.

Compressed copies are made in memory on first use. Files in assets/ carry the hash of their content in their name.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

START: Final = "index.html"
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
    "png": "image/png",
}
_PACKED: Final = {"html", "css", "js", "mjs", "svg", "json"}
_NOT_BUILT: Final = (
    "<!doctype html><meta charset=utf-8><title>patrol-agent</title>"
    "<h1>The car's page was not built</h1><p>Run <code>make setup</code> in the checkout, or install a wheel. "
    "The agent itself works: <a href=/api/state>/api/state</a>."
)


@dataclass(frozen=True)
class PageFile:
    """One file, ready to be served. `packed` is its gzip, where that is worth it."""

    content: bytes
    packed: bytes | None
    media_type: str
    lasting: bool


class PageFiles:
    """What the folder holds, by path below it."""

    def __init__(self, root: Traversable | None = None) -> None:
        self._root = root if root is not None else resources.files("vehicle_agent").joinpath("page")
        self._read: dict[str, PageFile] = {}

    def find(self, path: str) -> PageFile | None:
        """The file at this path ("" is the page itself); None where there is none."""
        name = path or START
        if name not in self._read:
            made = self._load(name)
            if made is None:
                return None
            self._read[name] = made
        return self._read[name]

    def _load(self, name: str) -> PageFile | None:
        parts = name.split("/")
        kind = name.rpartition(".")[2]
        if kind not in _TYPES or any(part in {"", ".", ".."} or "\\" in part for part in parts):
            return None
        found = self._root.joinpath(*parts)
        if not found.is_file():
            return PageFile(_NOT_BUILT.encode(), None, _TYPES["html"], lasting=False) if name == START else None
        content = found.read_bytes()
        packed = gzip.compress(content, 9) if kind in _PACKED else None
        return PageFile(content, packed, _TYPES[kind], lasting=parts[0] == "assets")
