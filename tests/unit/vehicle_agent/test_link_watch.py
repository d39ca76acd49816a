"""The car's own part of the safety net: a link that is gone during an assignment is said on the car's own screen."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gateway.protocol import CheckIn, Order, Step
from tests.unit.vehicle_agent.by_the_book import order
from tests.unit.vehicle_agent.parts import Parts, parts
from vehicle_agent.errors import StepError
from vehicle_agent.link_watch import LinkWatch


@pytest.fixture
def car(tmp_path: Path) -> Parts:
    """One that holds order a1."""
    made = parts(tmp_path / "journal.db")
    made.state.take_order(msgspec.convert(order("a1"), Order))
    return made


def warned(car: Parts, watch: LinkWatch, seconds: int) -> list[int]:
    """At which seconds the crew was warned."""
    seen = []
    for second in range(1, seconds + 1):
        car.clock.pass_s(1)
        before = len(car.state.notices.as_json())
        watch.look()
        seen += [second] * (len(car.state.notices.as_json()) - before)
    return seen


def test_a_lost_link_at_work_is_said_after_a_minute_and_again_every_five(car: Parts) -> None:
    """Not while it is up; a link that comes back begins anew; the text tells the minutes."""
    watch = LinkWatch(car.state, car.clock.s, 60)
    car.state.connected = True
    watch.look()
    assert warned(car, watch, 120) == []
    car.state.connected = False
    assert warned(car, watch, 400) == [61, 361]
    assert [(n["level"], "6 分鐘" in n["text"], n["code"]) for n in car.state.notices.as_json()] == [
        ("warning", False, "link_lost"),
        ("warning", True, "link_lost"),
    ]
    car.state.connected = True
    assert warned(car, watch, 1) == []
    car.state.connected = False
    assert warned(car, watch, 61) == [61]


def test_a_warning_before_the_first_minute_tells_seconds(car: Parts) -> None:
    """The usual one comes after 20 s, and says so."""
    watch = LinkWatch(car.state, car.clock.s, 20)
    assert warned(car, watch, 25) == [21]
    (notice,) = car.state.notices.as_json()
    assert "已 20 秒" in notice["text"]


def test_what_is_kept_in_memory_alone_is_not_called_stored(car: Parts) -> None:
    """While the disk takes nothing the crew must not turn the computer off."""
    watch = LinkWatch(car.state, car.clock.s, 60)
    warned(car, watch, 62)
    car.state.troubles.report("journal_memory")
    warned(car, watch, 300)
    assert [notice["code"] for notice in car.state.notices.as_json()] == ["link_lost", "link_lost_in_memory"]
    first, second = (notice["text"] for notice in car.state.notices.as_json())
    assert "都已存著" in first
    assert "都已存著" not in second
    assert "不要關機" in second


def test_without_work_nobody_is_warned(car: Parts) -> None:
    """An order that is cleared, though the gateway does not know yet, is no work."""
    watch = LinkWatch(car.state, car.clock.s, 60)
    car.car.step("a1", Step.CLEARED)
    assert warned(car, watch, 200) == []


def test_a_restarted_agent_warns_of_the_order_that_it_kept(car: Parts, tmp_path: Path) -> None:
    """Killed in the dead spot: the order is on disk, and so is the need."""
    car.journal.close()
    again = parts(tmp_path / "journal.db")
    assert warned(again, LinkWatch(again.state, again.clock.s, 60), 62) == [61]


def test_a_check_in_is_journalled_with_its_own_time_and_needs_an_order(car: Parts) -> None:
    """Its message says which assignment; what nobody ordered is refused."""
    car.clock.pass_s(7)
    seq = car.car.check_in("a1")
    (row,) = car.journal.after(seq - 1, 10)
    assert msgspec.json.decode(row.body, type=CheckIn) == CheckIn(seq=seq, time_ms=car.clock.now_ms, assignment_id="a1")
    with pytest.raises(StepError, match="no order"):
        car.car.check_in("a2")
