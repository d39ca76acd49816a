"""How much a real agent sends: parked, on an assignment, with its budget used up, over a restart."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from tests.integration.test_agent_link import Agent, Gateway, gateway, until
from tests.support.live_receivers import Station
from tests.unit.vehicle_agent.by_the_book import Visit, order
from tests.unit.vehicle_agent.parts import LIMIT_BYTES
from tests.unit.vehicle_agent.test_nmea import sentence
from vehicle_agent.budget import KEEP_EVERY_BYTES
from vehicle_agent.journal import Journal

SPENT_NOTE = "sent_today"


class Car:
    """A receiver whose seconds pass fast, an hour ago, so that the server's clock has nothing against them."""

    def __init__(self, station: Station) -> None:
        self._station = station
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        # A quarter of an hour without a midnight of Taipei in it.
        self._next = start - timedelta(minutes=30) if start.hour == 15 and start.minute > 40 else start
        self._minutes_north = 28.8

    async def stands_or_goes(self, seconds: int, speed_mps: float) -> list[int]:
        """So many epochs, one in 10 ms; their times (ms)."""
        said = []
        for _ in range(seconds):
            self._minutes_north += speed_mps / 1852
            place = f"23{self._minutes_north:07.4f},N,12027.0000,E"
            knots = speed_mps * 3600 / 1852
            moment = self._next
            self._station.say(sentence(f"GNRMC,{moment:%H%M%S}.00,A,{place},{knots:.2f},,{moment:%d%m%y},,,A"))
            said.append(round(moment.timestamp() * 1000))
            self._next += timedelta(seconds=1)
            await asyncio.sleep(0.01)
        return said


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    """An agent, ended with the test whatever happened."""
    made = Agent(tmp_path)
    yield made
    if made.process is not None and made.process.returncode is None:
        made.process.kill()
        await made.process.communicate()


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[Station, Car]]:
    """NMEA over TCP."""
    station = Station()
    await station.start()
    try:
        yield station, Car(station)
    finally:
        await station.die()


def fixes(gate: Gateway) -> list[int]:
    """The times (ms) of the fixes that arrived."""
    return [message["time_ms"] for message in gate.book.messages("fix")]


async def test_a_parked_car_sends_little_and_on_an_assignment_everything(agent: Agent) -> None:
    """100 parked seconds give a fix every 15 s; from the order on every single one arrives, until it is over."""
    async with gateway() as gate, receiving() as (station, car):
        await agent.start(gate.port, gnss=f"tcp:127.0.0.1:{station.port}")
        await until(lambda: bool(station.lines) and bool(gate.book.boots))
        parked = await car.stands_or_goes(100, 0.0)
        await until(lambda: bool(fixes(gate)) and fixes(gate)[-1] > parked[-1] - 15_000)
        assert 6 <= len(fixes(gate)) <= 11
        await gate.sockets[-1].send(json.dumps(order("a1")))
        await asyncio.sleep(1)
        at_work = await car.stands_or_goes(40, 0.0)
        # The last epoch of a line that falls quiet is told too.
        await until(lambda: fixes(gate)[-1] == at_work[-1])
        assert [time_ms for time_ms in fixes(gate) if time_ms >= at_work[0]] == at_work
        await gate.sockets[-1].send(json.dumps({"type": "order_ended", "assignment_id": "a1", "reason": "closed"}))
        await asyncio.sleep(1)
        after = await car.stands_or_goes(60, 0.0)
        await until(lambda: fixes(gate)[-1] > after[-1] - 16_000)
        assert sum(time_ms >= after[0] for time_ms in fixes(gate)) <= 8
        _, said = await agent.stop()
    assert "receiver_connected" in said


async def test_the_budget_is_counted_in_real_bytes_and_kept_over_a_kill(agent: Agent) -> None:
    """What the agent notes is what the gateway got, to the byte after a clean stop; after a kill it knows the most of
    it; and with nothing left a moving car sends one fix in 15 s."""
    got_bytes = 0

    async def count(_number: int, _socket: ServerConnection, _visit: Visit, frame: str) -> bool:
        nonlocal got_bytes
        got_bytes += len(frame.encode())
        return True

    def noted() -> int:
        journal = Journal(agent.journal, LIMIT_BYTES)
        told: dict[str, Any] = json.loads(journal.recall(SPENT_NOTE) or b"{}")
        journal.close()
        return int(told.get("sent_bytes", 0))

    options = ("--budget-mb-a-day", "2")
    async with gateway(count) as gate, receiving() as (station, car):
        gnss = f"tcp:127.0.0.1:{station.port}"
        await agent.start(gate.port, *options, gnss=gnss)
        await until(lambda: bool(station.lines) and bool(gate.book.boots))
        moving = await car.stands_or_goes(300, 12.0)
        await until(lambda: fixes(gate)[-1:] == moving[-1:])
        assert fixes(gate) == moving
        await agent.stop(signal.SIGKILL)
        assert 0 <= got_bytes - noted() <= 2 * KEEP_EVERY_BYTES
        before_bytes = noted()
        lines = len(station.lines)
        got_bytes = 0
        await agent.start(gate.port, *options, gnss=gnss)
        await until(lambda: len(station.lines) > lines and len(gate.sockets) > 1)
        await car.stands_or_goes(20, 12.0)
        await agent.stop()
        assert noted() == before_bytes + got_bytes

        journal = Journal(agent.journal, LIMIT_BYTES)
        spent = json.loads(journal.recall(SPENT_NOTE) or b"{}")
        journal.remember(SPENT_NOTE, json.dumps(spent | {"sent_bytes": 3_000_000}).encode())
        journal.close()
        count_before, lines = len(fixes(gate)), len(station.lines)
        await agent.start(gate.port, *options, gnss=gnss)
        await until(lambda: len(station.lines) > lines and len(gate.sockets) > 2)
        await car.stands_or_goes(90, 12.0)
        await until(lambda: len(fixes(gate)) - count_before >= 5)
        await asyncio.sleep(1)
        assert len(fixes(gate)) - count_before <= 8
        await gate.sockets[-1].send(json.dumps(order("a1", priority=1)))
        await asyncio.sleep(1)
        at_work = await car.stands_or_goes(30, 12.0)
        await until(lambda: fixes(gate)[-1] == at_work[-1])
        assert [time_ms for time_ms in fixes(gate) if time_ms >= at_work[0]] == at_work
        await agent.stop()
