"""When the agent tells of itself: after a welcome, on a change of troubles, every ten minutes; and not otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from gateway.parsing import parse_car_frame
from gateway.protocol import Health
from tests.unit.vehicle_agent.parts import parts
from vehicle_agent.clocks import Clocks
from vehicle_agent.health import EVERY_S, HealthReports
from vehicle_agent.troubles import TroubleCode


def test_it_tells_when_there_is_something_to_tell(tmp_path: Path) -> None:
    """One message each, which the gateway can read, with offsets only where they are known."""
    car = parts(tmp_path / "j")
    told: list[bool] = []
    clocks = Clocks(car.journal, car.clock.ms, car.clock.ms)
    reports = HealthReports(car.journal, car.state, clocks, car.clock.s, told.append)

    def heard() -> list[dict[str, Any]]:
        return [msgspec.json.decode(row.body) for row in car.journal.after(0, 100)]

    reports.look()
    assert heard() == []
    car.state.troubles.report(TroubleCode.NO_FIX, "dark")
    car.state.troubles.report(TroubleCode.NO_FIX, "darker")
    reports.look()
    reports.look()
    (first,) = heard()
    assert first["troubles"] == ["no_fix"]
    assert "clock_offset_ms" not in first
    car.state.connected = True
    car.state.hear_server(car.clock.ms() + 120_000)
    reports.look()
    assert heard()[1]["clock_offset_ms"] == 120_000
    assert heard()[1]["troubles"] == ["no_fix", "clock_off"]
    reports.look()
    car.clock.pass_s(EVERY_S)
    reports.look()
    car.state.connected = False
    car.clock.pass_s(EVERY_S)
    reports.look()
    assert len(heard()) == 3
    assert heard()[2]["uptime_s"] == EVERY_S
    assert told == [False] * 3
    for row in car.journal.after(0, 100):
        assert isinstance(parse_car_frame(row.body)[0], Health)
    car.journal.close()
