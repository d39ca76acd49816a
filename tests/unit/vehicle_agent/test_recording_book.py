"""Closed files are indexed once, over kills, restarts and a damaged book."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.vehicle_agent.camera_parts import beside, camera_of, soon, told
from tests.unit.vehicle_agent.parts import Parts, parts
from vehicle_agent.cameras.indexing import Indexing
from vehicle_agent.cameras.source import ClosedFile
from vehicle_agent.cameras.watching import Watch
from vehicle_agent.recording_book import HASHED, TOLD, RecordingBook


@pytest.fixture
def car(tmp_path: Path) -> Parts:
    """A car without orders."""
    return parts(tmp_path / "journal")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a dock writes into."""
    made = tmp_path / "dock"
    made.mkdir()
    return made


async def test_a_closed_file_is_indexed_once_over_restarts(car: Parts, folder: Path, tmp_path: Path) -> None:
    """With its SHA-256 and the one order at work; a second run tells nothing again; a lost book makes the same id."""
    content = os.urandom(3_000_000)
    (folder / "a.mp4").write_bytes(content)

    async def run(book: RecordingBook, until: Callable[[], Any]) -> None:
        camera = camera_of(folder)
        watch = Watch([camera], car.car)
        watch.orders.note("a1", (folder / "a.mp4").stat().st_mtime_ns // 1_000_000)
        indexing = Indexing(book, car.car, watch, car.clock.ms)
        await beside(indexing.follow(camera), until=soon(until))

    book = RecordingBook(tmp_path / "book")
    await run(book, lambda: told(car, "recording"))
    (message,) = told(car, "recording")
    assert message["sha256"] == hashlib.sha256(content).hexdigest()
    assert (message["assignment_id"], message["size_bytes"], message["name"]) == ("a1", 3_000_000, "a.mp4")
    book.close()
    book = RecordingBook(tmp_path / "book")
    (folder / "b.mp4").write_bytes(b"b")
    await run(book, lambda: len(told(car, "recording")) == 2)
    assert [entry.state for entry in book.in_state(HASHED, TOLD)] == [TOLD, TOLD]
    book.close()
    (tmp_path / "book").write_bytes(b"no database at all" * 500)
    book = RecordingBook(tmp_path / "book")
    await run(book, lambda: len(told(car, "recording")) == 4)
    ids = [message["recording_id"] for message in told(car, "recording")]
    assert sorted(ids[:2]) == sorted(ids[2:])
    assert [name for name in os.listdir(tmp_path) if name.startswith("book.damaged-")]
    book.close()


def test_what_was_hashed_and_not_told_is_told_after_a_kill(car: Parts, tmp_path: Path) -> None:
    """The agent died between the book and the journal."""
    book = RecordingBook(tmp_path / "book")
    file = ClosedFile(path=tmp_path / "a.mp4", size_bytes=1, mtime_ns=1, started_ms=1, ended_ms=2)
    index = {"recording_id": "r1", "camera_id": "c", "started_ms": 1, "ended_ms": 2, "size_bytes": 1}
    book.add(file, index | {"sha256": "0" * 64, "name": "a.mp4"}, 5)
    Indexing(book, car.car, Watch([], car.car), car.clock.ms).tell_waiting()
    assert [message["recording_id"] for message in told(car, "recording")] == ["r1"]
    assert [entry.state for entry in book.in_state(HASHED, TOLD)] == [TOLD]
    book.close()
