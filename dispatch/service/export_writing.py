"""Writes an export: as a ZIP in pieces while it is sent, or as a folder. Each file's hash is taken on the way."""

from __future__ import annotations

import hashlib
import io
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from dispatch.domain.refusals import RecordingNotHere
from dispatch.service.exporting import Export, Exported
from dispatch.store.recording_files import CHUNK_BYTES


class Damaged(RecordingNotHere):
    """A kept file has another hash than when it arrived: the export ends there, and can't be taken for whole."""


def sums(export: Export, texts: dict[str, bytes]) -> bytes:
    """The file that `sha256sum -c` reads."""
    lines = [f"{file.sha256}  {file.name}" for file in export.files]
    lines += [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in texts.items()]
    return ("\n".join(lines) + "\n").encode()


def pieces(file: Exported) -> Iterator[bytes]:
    """The file, checked. Raises Damaged at its end, OSError."""
    digest = hashlib.sha256()
    with file.path.open("rb") as source:
        while piece := source.read(CHUNK_BYTES):
            digest.update(piece)
            yield piece
    if digest.hexdigest() != file.sha256:
        raise Damaged(f"{file.path.name} has another SHA-256 than when it arrived")


def as_zip(export: Export) -> Iterator[bytes]:
    """A ZIP64 without compression; video does not get smaller. Raises Damaged, OSError: then it has no directory."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for file in export.files:
            entry = zipfile.ZipInfo(f"{export.folder}/{file.name}", _zip_time(file.ended_at.timestamp()))
            entry.external_attr = 0o600 << 16
            with archive.open(entry, "w", force_zip64=True) as target:
                for piece in pieces(file):
                    target.write(piece)
                    yield sink.taken()
        for name, content in _texts(export).items():
            archive.writestr(zipfile.ZipInfo(f"{export.folder}/{name}", _zip_time(time.time())), content)
        yield sink.taken()
    yield sink.taken()


def as_folder(export: Export, target: Path) -> Path:
    """The folder, below `target`, 0700. Raises Damaged, OSError."""
    folder = target / export.folder
    folder.mkdir(mode=0o700, parents=True)
    for file in export.files:
        with open(os.open(folder / file.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for piece in pieces(file):
                out.write(piece)
    for name, content in _texts(export).items():
        with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
    return folder


def _texts(export: Export) -> dict[str, bytes]:
    return export.texts | {"SHA256SUMS": sums(export, export.texts)}


def _zip_time(moment_s: float) -> tuple[int, int, int, int, int, int]:
    """As ZIP keeps times: local, from 1980 on. This one is UTC, as the manifest."""
    at = time.gmtime(max(moment_s, 315_532_800))
    return (at.tm_year, at.tm_mon, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec)


class _Sink(io.RawIOBase):
    """A file that is written once, from the front, and taken away in pieces."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._held += piece
        return len(piece)

    def taken(self) -> bytes:
        """What was written since."""
        held = bytes(self._held)
        self._held.clear()
        return held
