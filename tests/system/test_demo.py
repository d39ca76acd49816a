"""`patrol up --demo`, as a newcomer meets it: it says where and who, and a city lives."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.support.command import Up, processes_on, running_up, wait_until

CARS = 24
WITHIN_S = 150.0
AGE_BOUND_S = 15.0
"""No claim about speed: only that the positions shown are those of now."""
ROLES = ("dispatcher", "supervisor", "auditor", "officer", "admin")


@pytest.fixture(scope="module")
def demo() -> Iterator[tuple[Up, Path]]:
    """A demo city in which it rings more often than it should."""
    folder = Path(tempfile.mkdtemp(prefix="pm-"))
    try:
        with running_up(folder / "data", "--demo", around={"PATROL_DEMO_CALLS_PER_HOUR": "720"}) as up:
            yield up, folder / "data"
    finally:
        shutil.rmtree(folder)


@pytest.mark.timeout(300)
async def test_the_demo_city_lives(demo: tuple[Up, Path]) -> None:
    """Address and accounts are printed; with one of them the feed shows 24 connected cars with fresh positions, and
    a call that was assigned and acknowledged; Ctrl-C ends all of it, cars included."""
    up, data = demo
    assert up.process.stdout is not None
    accounts = dict(re.findall(r"(\S+) / (\S+)", "".join(up.process.stdout.readline() for _ in ROLES)))
    assert set(accounts) == set(ROLES)
    async with httpx.AsyncClient(base_url=f"{up.url}/api/v1", timeout=60, trust_env=False) as api:
        signed_in = await api.post("/session", json={"username": "dispatcher", "password": accounts["dispatcher"]})
        token = signed_in.raise_for_status().json()["token"]
    screen = Screen()
    header = {"Authorization": f"Bearer {token}"}
    async with connect(f"{up.url.replace('http', 'ws', 1)}/api/v1/feed", additional_headers=header, proxy=None) as feed:
        async with asyncio.timeout(WITHIN_S):
            while not screen.shows_a_living_city():
                screen.apply(json.loads(await feed.recv()))
    assert len(screen.units) == CARS
    assert min(screen.ages_s) > -1
    assert await asyncio.to_thread(up.stop, signal.SIGINT) == 0
    await asyncio.to_thread(wait_until, lambda: not processes_on(data), "a process outlives the stop")


class Screen:
    """What a browser would hold: snapshot, then events and positions."""

    def __init__(self) -> None:
        self.units: dict[str, dict[str, Any]] = {}
        self.ages_s: list[float] = []
        self.fresh: set[str] = set()
        self.acknowledged = False

    def apply(self, message: dict[str, Any]) -> None:
        """One message of the feed."""
        self.units |= {unit["unit_id"]: unit for unit in message.get("units", [])}
        for incident in message.get("incidents", []):
            self.acknowledged |= any(a["acknowledged_at"] for a in incident["assignments"])
        if message["type"] == "positions":
            for position in message["items"]:
                age_s = time.time() - datetime.fromisoformat(position["fixed_at"]).timestamp()
                self.ages_s.append(age_s)
                if age_s < AGE_BOUND_S:
                    self.fresh.add(position["unit_id"])

    def shows_a_living_city(self) -> bool:
        """All cars connected and seen lately, and one of them has a call."""
        connected = {unit_id for unit_id, unit in self.units.items() if unit["connected"]}
        return len(connected) == CARS and self.fresh >= connected and self.acknowledged
