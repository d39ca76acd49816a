"""An export's ZIP while it is written: whole or not a ZIP at all."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from dispatch.service.export_writing import Damaged, as_folder, as_zip
from dispatch.service.exporting import Export, Exported

CONTENT = b"0123456789" * 300_000


def export_of(path: Path) -> Export:
    """One file, as it was when it had CONTENT."""
    file = Exported("001_R1_a.mp4", path, hashlib.sha256(CONTENT).hexdigest(), datetime(2026, 11, 25, tzinfo=UTC))
    return Export(uuid4(), "patrol-export", [file], {"manifest.json": b"{}"})


def test_a_zip_has_the_files_in_one_folder(tmp_path: Path) -> None:
    """What is unpacked is what was kept, beside its sums."""
    (tmp_path / "a").write_bytes(CONTENT)
    with zipfile.ZipFile(io.BytesIO(b"".join(as_zip(export_of(tmp_path / "a"))))) as archive:
        assert archive.testzip() is None
        assert archive.read("patrol-export/001_R1_a.mp4") == CONTENT
        lines = archive.read("patrol-export/SHA256SUMS").decode().splitlines()
    assert [line.split("  ")[1] for line in lines] == ["001_R1_a.mp4", "manifest.json"]


def test_a_file_that_changes_while_it_is_sent_leaves_no_zip(tmp_path: Path) -> None:
    """The last piece never comes, so no tool takes what did come for a whole export."""
    (tmp_path / "a").write_bytes(CONTENT[:-1] + b"x")
    sent = io.BytesIO()
    with pytest.raises(Damaged):
        sent.writelines(as_zip(export_of(tmp_path / "a")))
    assert not zipfile.is_zipfile(sent)
    with pytest.raises(Damaged):
        as_folder(export_of(tmp_path / "a"), tmp_path / "out")
    assert not list((tmp_path / "out").glob("*/SHA256SUMS"))
