"""Who is asked to record, who is told that it does not, and what fills no journal."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gateway.protocol import Order
from tests.unit.vehicle_agent.by_the_book import order
from tests.unit.vehicle_agent.camera_parts import beside, soon, told
from tests.unit.vehicle_agent.parts import Parts, parts
from vehicle_agent.cameras.simulated import SimulatedCamera
from vehicle_agent.cameras.source import CameraReport
from vehicle_agent.cameras.watching import AskToRecord, Watch


@pytest.fixture
def car(tmp_path: Path) -> Parts:
    """A car without orders."""
    return parts(tmp_path / "journal")


async def test_priority_1_and_sos_ask_each_camera_once(car: Parts) -> None:
    """Two reasons, two requests; a lower priority asks nobody."""
    camera = SimulatedCamera("dash-1")
    watch = Watch([camera], car.car)
    asker = AskToRecord(watch, car.state, within_s=0.5)

    async def press() -> None:
        car.state.take_order(_order("a2", priority=2))
        await soon(lambda: told(car, "camera"))
        car.state.take_order(_order("a1", priority=1))
        await soon(lambda: watch.is_recording("dash-1"))
        camera.change(CameraReport(state="standby"))
        await soon(lambda: not watch.is_recording("dash-1"))
        car.car.sos(True)
        await soon(lambda: watch.is_recording("dash-1"))

    await beside(watch.follow(camera), asker.run(), until=press())
    assert camera.asked == 2
    assert [message["state"] for message in told(car, "camera")] == ["standby", "recording", "standby", "recording"]
    assert car.state.notices.as_json() == []


async def test_a_camera_that_does_not_record_is_told_to_crew_and_console(car: Parts) -> None:
    """The crew gets a notice that names it, the console its state once more."""
    camera = SimulatedCamera("bwc-7", obedient=False)
    watch = Watch([camera], car.car)
    car.state.take_order(_order("a1", priority=1))
    asker = AskToRecord(watch, car.state, within_s=0.5)
    await beside(watch.follow(camera), asker.run(), until=soon(car.state.notices.as_json))
    (notice,) = car.state.notices.as_json()
    assert "bwc-7" in notice["text"]
    assert notice["level"] == "warning"
    assert [message["state"] for message in told(car, "camera")] == ["standby", "standby"]


async def test_a_battery_that_falls_slowly_does_not_fill_the_journal(car: Parts) -> None:
    """Steps of five per cent are told; a change of state always."""
    camera = SimulatedCamera("bwc-7")
    watch = Watch([camera], car.car)
    for battery in range(100, 70, -1):
        camera.change(CameraReport(state="standby", battery_pct=float(battery)))
    camera.change(CameraReport(state="off"))
    await beside(watch.follow(camera), until=soon(lambda: told(car, "camera")[-1:] and _last(car) == "off"))
    assert 4 <= len(told(car, "camera")) <= 8


def _last(car: Parts) -> str:
    return str(told(car, "camera")[-1]["state"])


def _order(assignment_id: str, priority: int) -> Order:
    made = msgspec.to_builtins(msgspec.convert(order(assignment_id), Order))
    made["incident"]["priority"] = priority
    return msgspec.convert(made, Order)
