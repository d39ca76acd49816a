"""The whole way on real parts: 50 calls from 110 to the door, with an agent and a gateway killed on the way.

Every process is the real one. Beside them stand three things of the test: receivers whose every word is on record,
crews that press the buttons of their screens, and a desk that enters calls over the API. At the end the test's own
record is compared with what the system says.
"""

from __future__ import annotations

import math
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.support import city_day
from tests.support.bureau import alive
from tests.support.command import processes_on
from tests.support.data import shared
from tests.support.held import held, same
from tests.support.truth import figures, ms
from tests.system.city import city
from tests.system.day import Day

pytestmark = pytest.mark.timeout(400)

WITNESSES = {
    "gps": {"gps"}, "gps_alone": {"gps"}, "athens": {"gps"}, "gps_before_button": {"gps", "button"},
    "button_before_gps": {"gps", "button"}, "unreached": set(), "cancelled": set(), "closed_unreached": set(),
    "on_the_way": set(), "on_the_way_late": set(),
}  # fmt: skip
STATES = {
    "cancelled": "cancelled", "cancelled_there": "cancelled", "merged": "merged",
    "on_the_way": "open", "on_the_way_late": "open",
}  # fmt: skip
ENDS = {
    "open": "unit_en_route",
    "closed": "incident_closed",
    "cancelled": "incident_cancelled",
    "merged": "incident_merged",
}


@pytest.fixture(scope="module")
async def day() -> AsyncIterator[Day]:
    """The day, lived through once for all that is asked of it below."""
    folder = Path(tempfile.mkdtemp(prefix="pd-"))
    try:
        async with city(folder) as lived:
            yield lived
    finally:
        shutil.rmtree(folder)


def test_every_call_has_its_order_in_the_car(day: Day) -> None:
    """Fifty calls: each was ordered, and each order stood on a screen; those that nobody answered went to another."""
    assert len(day.calls) == 50
    for call in day.calls:
        it = day.details[call.number]
        sent = {assignment["id"] for assignment in it["assignments"] if assignment["incident_id"] == it["id"]}
        assert sent
        assert call.orders == sent, call.plan
        assert len(sent) == (2 if call.plan in {"silent", "declined"} else 1), call.plan


async def test_every_order_is_marked_delivered(day: Day) -> None:
    """What stood on a screen is known to have been there."""
    connection = await asyncpg.connect(day.addresses.database_url)
    try:
        waiting = await connection.fetch("SELECT * FROM car_orders WHERE delivered_at IS NULL")
    finally:
        await connection.close()
    assert waiting == []


def test_every_call_has_its_timeline(day: Day) -> None:
    """From its entry to its end, in order, every step with its time and who said it."""
    for call in day.calls:
        it = day.details[call.number]
        timeline: list[dict[str, Any]] = it["timeline"]
        kinds = [event["kind"] for event in timeline]
        assert it["state"] == STATES.get(call.plan, "closed"), call.plan
        assert kinds[0] == "incident_created"
        assert kinds.count("unit_dispatched") == len(call.orders)
        assert ENDS[it["state"]] in kinds
        assert [event["id"] for event in timeline] == sorted({event["id"] for event in timeline})
        assert all(event["happened_at"] for event in timeline if event["said_by"] != "inferred"), call.plan
        said = {e["said_by"] for e in timeline if e["kind"] == "unit_on_scene" and e["said_by"] != "inferred"}
        assert said == WITNESSES.get(call.plan, {"button"}), call.plan
        assert len(it["decisions"]) >= len(call.orders)
        assert all(decision["candidates"] for decision in it["decisions"] if decision["assignment_id"])


def test_every_arrival_is_when_it_was(day: Day) -> None:
    """Whoever the witness: the arrival that counts is the earliest one of the test's own record."""
    for call in day.calls:
        told = day.details[call.number]["on_scene_at"]
        if call.arrived is None:
            assert told is None, call.plan
        else:
            off_ms = ms(told) - call.arrived.at_ms
            assert abs(off_ms) <= call.arrived.within_ms, f"{call.number} ({call.plan}) is {off_ms:.0f} ms off"
        assert abs(ms(day.details[call.number]["received_at"]) - call.received.at_ms) <= call.received.within_ms


@pytest.mark.parametrize("group_by", ["", "priority", "category"])
def test_the_clock_says_what_the_ground_truth_says(day: Day, group_by: str) -> None:
    """`GET /kpi` equals the test's own arithmetic over its own record: counts and shares exactly, times as well as
    the record knows them (a press: as long as the press took; GPS: one fix)."""
    reports = {item["group"]: item for item in day.kpi[group_by]}
    for name, item in reports.items():
        calls = [call for call in day.calls if not group_by or str(call.body[group_by]) == name]
        truth = figures(calls, day.kpi_asked_ms)
        within_s = truth.pop("within_s")
        for member, value in truth.items():
            if member in {"p50_s", "p90_s", "mean_s"} and value is not None:
                assert item[member] is not None
                assert math.isclose(item[member], value, abs_tol=within_s + 0.001), (name, member)
            elif isinstance(value, float):
                assert math.isclose(item[member], value, abs_tol=1e-6), (name, member)
            else:
                assert item[member] == value, (name, member)
    assert sum(item["incidents"] for item in reports.values()) == len(day.calls)


async def test_every_journalled_message_is_in_the_database_once(day: Day) -> None:
    """Fix for fix and press for press, of every car, killed or not: all that was journalled and nothing twice."""
    connection = await asyncpg.connect(day.addresses.database_url)
    try:
        for car in day.crews:
            assert car.receiver is not None
            same(await held(connection, day.journals[car.unit], car.presses), car.receiver.epochs)
        athens = day.athens_car
        same(await held(connection, day.journals[athens.unit], athens.presses), day.athens_epochs)
        of_log = await held(connection, day.journals[day.log_car.unit], [])
        runs = await connection.fetchval("SELECT count(*) FROM journals")
        total = await connection.fetchval("SELECT (SELECT count(*) FROM fixes) + (SELECT count(*) FROM car_messages)")
    finally:
        await connection.close()
    log = shared("gps/nmea/haicom-305N.log").read_text(errors="replace")
    assert [row["fixed_at"].replace(microsecond=0) for row in of_log] == _valid_times(log)
    assert runs == len(day.cars)
    assert total == sum(journal.last_seq for journal in day.journals.values())


def test_the_killed_come_back(day: Day) -> None:
    """`up` put another gateway in the place of the killed one; the killed agent went on with its old journal."""
    killed, present = day.gateway_pids
    assert killed != present
    assert not alive(killed)
    assert day.cut_journal is not None
    assert day.cut_journal.boot in {journal.boot for journal in day.journals.values()}
    assert "en_route" in {message.get("status") for message in day.cut_journal.waiting}


def test_no_log_tells_of_a_failure_or_a_caller(day: Day) -> None:
    """Not one traceback in any process, and no word of who called or from where."""
    logs = {path.name: path.read_text(errors="replace") for path in (day.data / "log").iterdir()}
    logs |= {car.unit: car.agent.log() for car in day.cars}
    for name, text in logs.items():
        for sign in ("Traceback", "_failed", "unprocessable", *city_day.CALLER.values()):
            assert sign not in text, f"{name}: {text[max(0, text.find(sign) - 500) :][:1500]}"


def test_a_signal_stops_everything(day: Day) -> None:
    """After SIGTERM `up` ends with 0 and leaves no process."""
    assert day.up.stop() == 0
    assert processes_on(day.data) == set()


def _valid_times(log: str) -> list[datetime]:
    """When the receiver of a log had a fix by its own RMC sentences, to the second."""
    found = re.findall(r"\$G.RMC,(\d{6})[.\d]*,A,[^*\n]*?,[NS],[^*\n]*?,[EW],[^,]*,[^,]*,(\d{6}),", log)
    return [datetime.strptime(f"{day} {clock}", "%d%m%y %H%M%S").replace(tzinfo=UTC) for clock, day in found]
