"""What was so while a recording was made: only what was seen in that time, and only one thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.vehicle_agent.camera_parts import beside, camera_of, soon, told
from tests.unit.vehicle_agent.parts import Parts, parts
from tests.unit.vehicle_agent.test_camera_asking import _order
from vehicle_agent.cameras import seen
from vehicle_agent.cameras.indexing import Indexing
from vehicle_agent.cameras.seen import Seen
from vehicle_agent.cameras.watching import Watch
from vehicle_agent.recording_book import RecordingBook


@pytest.fixture
def car(tmp_path: Path) -> Parts:
    """A car without orders."""
    return parts(tmp_path / "journal")


def test_only_what_was_seen_in_that_time_is_said() -> None:
    """Before, after, none and two are all nothing; a look at the very end counts."""
    what = Seen()
    for second in range(10):
        what.note("a", 1000 * second)
    what.note(None, 10_000)
    what.note("b", 20_000)
    assert what.during(3_000, 4_000) == "a"
    assert what.during(3_500, 3_600) == "a"
    assert what.during(9_000, 15_000) == "a"
    assert what.during(9_001, 19_999) is None
    assert what.during(8_000, 20_000) is None
    assert what.during(20_001, 30_000) is None
    assert what.during(-5, -1) is None


def test_a_gap_says_nothing_and_a_clock_that_went_back_begins_anew() -> None:
    """Between two looks an hour apart anything may have been so; and memory stays small."""
    what = Seen()
    for at_ms in (0, 3_600_000, 1_800_000):
        what.note("a", at_ms)
    assert what.during(1, 1_799_999) is None
    assert what.during(1_800_000, 1_800_000) == "a"
    for number in range(2 * seen._KEPT):
        what.note(str(number), 4_000_000 + number)
    assert len(what._spans) == seen._KEPT


async def test_an_old_file_gets_neither_the_order_nor_the_officer_of_today(car: Parts, tmp_path: Path) -> None:
    """A card full of last week is put in during an order: the server tells by time whose those were. What is recorded
    during the order has it, and the officer that the camera named meanwhile."""
    dock = tmp_path / "dock"
    dock.mkdir()
    (dock / "status.json").write_text('{"state": "standby", "officer_id": "B1204"}')
    (dock / "old.mp4").write_bytes(b"old")
    (dock / "old.mp4.json").write_text('{"started_ms": 1600000000000, "ended_ms": 1600000060000}')
    now_ms = car.clock.ms()
    (dock / "new.mp4").write_bytes(b"new")
    (dock / "new.mp4.json").write_text(f'{{"started_ms": {now_ms - 1000}, "ended_ms": {now_ms + 1000}}}')
    car.state.take_order(_order("a1", priority=2))
    camera = camera_of(dock, status_file="status.json")
    watch = Watch([camera], car.car, car.clock.ms)
    book = RecordingBook(tmp_path / "book")
    indexing = Indexing(book, car.car, watch, car.clock.ms)
    works = watch.follow(camera), watch.note_orders(), indexing.follow(camera)
    await beside(*works, until=soon(lambda: len(told(car, "recording")) == 2))
    old, new = sorted(told(car, "recording"), key=lambda message: message["started_ms"])
    assert "officer_id" not in old
    assert "assignment_id" not in old
    assert (new["officer_id"], new["assignment_id"]) == ("B1204", "a1")
    book.close()
    car.journal.close()
