"""What makes every position count, and that one that is not due leaves no trace in the journal."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from gateway.protocol import Order, Step, Welcome
from tests.unit.vehicle_agent.by_the_book import order
from tests.unit.vehicle_agent.parts import START_MS, Parts, parts
from vehicle_agent.errors import SettingsError
from vehicle_agent.receiver import Position
from vehicle_agent.receiver_settings import Reception, Sending, gnss_source
from vehicle_agent.reporting import Reporting


@pytest.fixture
def car(tmp_path: Path) -> Parts:
    """A car without an order."""
    return parts(tmp_path / "journal")


def take(car: Parts, assignment_id: str) -> None:
    """An order comes."""
    car.state.take_order(msgspec.convert(order(assignment_id), Order))


def test_a_position_that_is_not_due_is_shown_and_not_journalled(car: Parts) -> None:
    """The crew's map moves all the same."""
    car.car.due = lambda _place: False
    car.car.report_position(Position(time_ms=START_MS, lat=23.48, lon=120.45))
    assert car.state.position() is not None
    assert car.journal.after(0, 10) == []


def test_an_order_counts_until_the_crew_or_the_gateway_ends_it(car: Parts) -> None:
    """Not answered, on the way, on the scene: all count; cleared, declined, ended do not; one open order is enough."""
    assert not car.state.pressing()
    take(car, "a1")
    for step in (Step.ACKNOWLEDGED, Step.ON_SCENE):
        assert car.state.pressing()
        car.car.step("a1", step)
    take(car, "a2")
    car.car.step("a1", Step.CLEARED)
    assert car.state.pressing()
    car.car.step("a2", Step.DECLINED, reason="爆胎")
    assert not car.state.pressing()
    take(car, "a3")
    car.state.end_order("a3", "cancelled")
    assert not car.state.pressing()


def test_an_sos_counts_while_it_is_open_and_over_a_restart(car: Parts, tmp_path: Path) -> None:
    """Whoever looks for the officer needs every position."""
    car.car.sos(True)
    assert car.state.pressing()
    car.journal.close()
    again = parts(tmp_path / "journal")
    assert again.state.pressing()
    again.car.sos(False)
    assert not again.state.pressing()


def test_the_servers_time_is_counted_on_without_the_cars_own_clock(car: Parts) -> None:
    """None before the first welcome."""
    assert car.state.server_now_ms() is None
    car.state.welcome(Welcome(unit_id="u", unit_name="n", server_ms=START_MS + 5_000, resume_after=0, orders=[]))
    car.clock.pass_s(60)
    assert car.state.server_now_ms() == START_MS + 65_000


def test_the_day_so_far_is_taken_up_from_the_journal(car: Parts) -> None:
    """Frames count as they go out; what was noted is what the next run begins with."""
    reception = Reception((gnss_source("tcp:127.0.0.1:1"),))
    for _ in range(2):
        reporting = Reporting(reception, Sending(adaptive=True, budget_bytes=2_000_000), car.journal, car.state)
        for _ in range(100):
            reporting.sent('{"note":"臺"}' + " " * 190)
    noted = json.loads(car.journal.recall("sent_today") or b"")
    assert 2 * 16_384 <= noted["sent_bytes"] <= 2 * 100 * 205


def test_a_replay_that_cannot_be_read_is_said_at_once(car: Parts) -> None:
    """Before anything runs."""
    with pytest.raises(SettingsError, match="cannot read the NMEA file"):
        Reporting(Reception((gnss_source("nmea:/no/such"),)), Sending(False, None), car.journal, car.state)
