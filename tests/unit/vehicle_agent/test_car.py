"""The crew's presses and the receiver's word, journalled with their own times."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.protocol import Order, Step
from tests.unit.vehicle_agent.by_the_book import order
from tests.unit.vehicle_agent.parts import START_MS, Parts, parts
from vehicle_agent.cameras.simulated import SimulatedCamera
from vehicle_agent.cameras.source import CameraReport
from vehicle_agent.cameras.watching import Watch
from vehicle_agent.errors import StepError
from vehicle_agent.receiver import Position

HERE = Position(time_ms=START_MS - 800, lat=23.48, lon=120.45, accuracy_m=5.0)


@pytest.fixture
def car(tmp_path: Path) -> Parts:
    """A car that holds one order."""
    made = parts(tmp_path / "journal")
    made.state.take_order(msgspec.convert(order("a1"), Order))
    return made


def journalled(car: Parts) -> list[dict[str, Any]]:
    """All that stands in the journal."""
    return [json.loads(row.body) for row in car.journal.after(0, 100)]


def test_a_step_carries_the_time_of_the_press(car: Parts) -> None:
    """What the officer pressed at 10:02 says 10:02, with its note, and wakes the link as urgent."""
    woken: list[bool] = []
    car.car.journalled = woken.append
    car.clock.pass_s(7)
    car.car.step("a1", Step.ON_SCENE, note="後門")
    (message,) = journalled(car)
    assert message == {
        "type": "status",
        "seq": 1,
        "time_ms": START_MS + 7000,
        "assignment_id": "a1",
        "status": "on_scene",
        "note": "後門",
    }
    assert woken == [True]


def test_pressing_twice_is_one_step(car: Parts) -> None:
    """Gloved fingers press twice; the journal gets one."""
    assert car.car.step("a1", Step.ACKNOWLEDGED) == 1
    assert car.car.step("a1", Step.ACKNOWLEDGED) is None
    assert len(journalled(car)) == 1


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ("on_scene", "en_route"),
        ("on_scene", "declined"),
        ("cleared", "acknowledged"),
        ("declined", "en_route"),
    ],
)
def test_no_step_leads_back(car: Parts, before: str, then: str) -> None:
    """A way back is refused in the car already, with the reason."""
    car.car.step("a1", Step(before))
    with pytest.raises(StepError, match="cannot follow") as caught:
        car.car.step("a1", Step(then))
    assert caught.value.code == "bad_step"


def test_an_unknown_assignment_is_refused(car: Parts) -> None:
    """A step needs an order that this car holds."""
    with pytest.raises(StepError) as caught:
        car.car.step("nope", Step.CLEARED)
    assert caught.value.code == "unknown_assignment"


def test_sos_takes_a_fresh_position_and_works_without(car: Parts) -> None:
    """A position of the last seconds goes along; an old one would send help to the wrong place."""
    car.car.sos(True)
    car.car.report_position(HERE)
    car.car.sos(True, "槍")
    car.clock.pass_s(60)
    car.car.sos(False)
    without, _, fresh, stale = journalled(car)
    assert "lat" not in without
    assert (fresh["lat"], fresh["lon"], fresh["note"]) == (23.48, 120.45, "槍")
    assert "lat" not in stale
    assert car.state.as_json()["sos_active"] is False


def test_a_fix_keeps_the_receivers_time_and_no_fix_is_not_journalled(car: Parts) -> None:
    """The message's time is the receiver's; losing the fix clears the screen and sends nothing."""
    car.car.report_position(HERE)
    assert car.state.as_json()["fix"]["lat"] == 23.48
    car.car.report_position(None)
    (message,) = journalled(car)
    assert (message["time_ms"], message["source"]) == (START_MS - 800, "gnss")
    assert car.state.as_json()["fix"] is None


def test_availability_is_journalled_and_survives_a_restart(car: Parts, tmp_path: Path) -> None:
    """Out of service with a reason, and still so after a restart."""
    car.car.set_available(False, "用餐")
    (message,) = journalled(car)
    assert (message["available"], message["reason"]) == (False, "用餐")
    car.journal.close()
    again = parts(tmp_path / "journal")
    assert again.state.as_json()["available"] is False


async def test_a_camera_tells_each_change_once(car: Parts) -> None:
    """The simulated camera's states come into the journal, repetitions don't."""
    camera = SimulatedCamera("body-1")
    for state in (
        CameraReport(state="recording", recording_id="r1"),
        CameraReport(state="recording", recording_id="r1"),
    ):
        camera.change(state)
    watching = asyncio.create_task(Watch([camera], car.car).follow(camera))
    done = asyncio.Event()
    car.car.journalled = lambda _urgent: done.set() if car.journal.waiting() == 2 else None
    await asyncio.wait_for(done.wait(), 10)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert [(m["camera_id"], m["state"]) for m in journalled(car)] == [("body-1", "standby"), ("body-1", "recording")]
    assert car.state.as_json()["cameras"][0]["state"] == "recording"
