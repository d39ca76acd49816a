"""The car's screen in a real Chromium: the real agent serves it, behind a road that can be cut, to the real gateway.

With CAR_SCREENS=1 the walk writes the pictures of docs/car-screen.md.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx
import pytest

from dispatch.embedded import DataFolder
from dispatch.engines.process import reserve_port
from tests.browser.car_world import Loop, Receiver, Road, world
from tests.browser.stage import PASSWORD, ROOT, account, corner, logged, play, shots_folder, town
from tests.support.agent_process import AgentProcess
from tests.support.command import Up, done, running_up, wait_until

DRIVER: Final = Path(__file__).with_name("car_screen.mjs")
PICTURES: Final = ROOT / "docs" / "screens"
USER, UNIT, PLATE = "chief", "北興101", "RAA-0101"
HOME, SCENE = (3, 3), (5, 4)
LARGEST_PICTURE_BYTES: Final = 250_000


@dataclass
class Car:
    """All that runs, and what the driver may wish for."""

    up: Up
    data: Path
    agent: AgentProcess
    receiver: Receiver
    road: Road
    loop: Loop
    shots: Path
    api: httpx.Client
    calls: list[str] = field(default_factory=list)
    cut_ms: int = 0
    mended_ms: int = 0

    def unit(self) -> dict[str, Any]:
        """The unit as the desk sees it."""
        units: dict[str, Any] = {unit["name"]: unit for unit in self.api.get("/units").json()["items"]}
        found: dict[str, Any] = units[UNIT]
        return found

    def call(self, priority: int, **members: Any) -> str:
        """A call comes in, and the dispatcher sends the unit; the incident's id."""
        lat, lon = corner(*SCENE)
        entered = self.api.post("/incidents", json={"lat": lat, "lon": lon, "priority": priority, **members})
        assert entered.status_code == 201, entered.text
        incident_id = str(entered.json()["id"])
        sent = self.api.post(f"/incidents/{incident_id}/assignments", json={"unit_id": self.unit()["id"]})
        assert sent.status_code == 201, sent.text
        self.calls.append(incident_id)
        return incident_id

    def accident(self) -> None:
        """The most urgent kind."""
        description = "機車與貨車碰撞，騎士倒地，意識清楚"
        self.call(
            1, category="traffic_accident", accident_class="A2", address="文化街 12 號前", description=description
        )

    def service(self) -> None:
        """The least urgent kind."""
        self.call(3, category="service", address="民生路 5 號", description="老人家中鎖門")

    def end_calls(self) -> None:
        """What is open is closed by the desk."""
        for incident_id in self.calls:
            self.api.post(f"/incidents/{incident_id}/cancel", json={"reason": "測試"})
        self.calls.clear()

    def go(self, row: float, column: float, speed_mps: float) -> None:
        """The receiver drives there, and says this speed from then on."""
        (south, west), (north, east) = corner(0, 0), corner(1, 1)
        self.receiver.speed_mps = speed_mps
        self.receiver.target = south + row * (north - south), west + column * (east - west)

    def cut(self) -> None:
        """No network any more."""
        self.cut_ms = time.time_ns() // 1_000_000
        self.loop.loop.call_soon_threadsafe(self.road.cut)

    def mend(self) -> None:
        """The network is back."""
        self.mended_ms = time.time_ns() // 1_000_000
        self.loop.loop.call_soon_threadsafe(self.road.mend)

    def notice(self) -> None:
        """The desk writes to the crew."""
        sent = self.api.post(
            f"/units/{self.unit()['id']}/notices", json={"text": "博愛街封閉，請繞行", "level": "warning"}
        )
        assert sent.status_code < 300, sent.text

    def answer_sos(self, what: str) -> None:
        """The desk does this with the SOS that stands."""
        standing: list[dict[str, Any]] = []

        def is_there() -> bool:
            standing[:] = [one for one in self.api.get("/alarms").json()["items"] if one["kind"] == "sos"]
            return len(standing) == 1

        wait_until(is_there, "the desk has no SOS")
        (alarm,) = standing
        assert self.api.post(f"/alarms/{alarm['id']}/{what}").status_code < 300

    def run(self, scenario: str, *, language: str = "zh-TW", **settings: str) -> None:
        """One scenario of the driver, from a car that stands at home with no job and a good link."""
        self.road.mend()
        self.receiver.silent = False
        self.go(*HOME, 0.0)
        wait_until(lambda: self.receiver.is_there, "the car never comes home")
        wishes = {
            "accident": self.accident,
            "service": self.service,
            "end calls": self.end_calls,
            "to the scene": lambda: self.go(*SCENE, 1.0),
            "on the way": lambda: self.go(4.2, 3.4, 12.0),
            "cut": self.cut,
            "mend": self.mend,
            "notice": self.notice,
            "acknowledge the SOS": lambda: self.answer_sos("acknowledge"),
            "resolve the SOS": lambda: self.answer_sos("resolve"),
            "no fix": lambda: setattr(self.receiver, "silent", True),
            "fix": lambda: setattr(self.receiver, "silent", False),
            "revoke": lambda: done(self.data, "vehicle", "revoke", PLATE),
            "kill the agent": self.agent.kill,
            "start the agent": self.agent.start,
            "code": lambda: self.new_code(Path(settings["PATROL_CODE_FILE"])),
        }
        try:
            play(
                DRIVER,
                scenario,
                url=self.agent.screen_url,
                user=USER,
                shots=self.shots,
                settings={"PATROL_LANGUAGE": language, **settings},
                wishes=wishes,
            )
        finally:
            self.end_calls()

    def new_code(self, file: Path) -> None:
        """The operator makes a code; the crew reads it off."""
        file.write_text(done(self.data, "vehicle", "code", PLATE).split()[0])


@pytest.fixture(scope="module")
def car(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Car]:
    """A bureau with streets, one unit whose agent is behind the road, and a dispatcher who assigns by hand."""
    folder = tmp_path_factory.mktemp("car")
    data = folder / "data"
    patient = {"PATROL_DISPATCH_MODE": "recommend", "PATROL_ACK_TIMEOUT_S": "600"}  # a tunnel may be longer than 30 s
    with running_up(data, around=patient) as up, ExitStack() as duty:
        done(data, "map", "import", town(folder / "town.osm"))
        account(data, USER, "supervisor")
        done(data, "vehicle", "add", PLATE, "--unit", UNIT, "--type", "car", "--station", "北興")
        token = done(data, "vehicle", "enrol", PLATE)
        gateway_url = logged(up, r"gateway=(http://\S+)")
        receiver, road, loop = duty.enter_context(world(gateway_url, *corner(*HOME)))
        agent = AgentProcess(folder / "agent", f"ws://127.0.0.1:{road.port}", token, f"tcp:127.0.0.1:{receiver.port}")
        agent.start()
        duty.callback(agent.kill)
        api = duty.enter_context(httpx.Client(base_url=f"{up.url}/api/v1", trust_env=False, timeout=30))
        signed_in = api.post("/session", json={"username": USER, "password": PASSWORD}).json()
        api.headers["Authorization"] = f"Bearer {signed_in['token']}"
        made = Car(up, data, agent, receiver, road, loop, shots_folder(Path(__file__), folder), api)
        wait_until(lambda: made.unit()["position"] is not None, "the car is never seen")
        yield made


def _steps(car: Car, incident_id: str) -> dict[str, int]:
    """What the crew of this incident pressed, as it stands in the database: step and the car's time, ms."""

    async def look() -> dict[str, int]:
        announced = DataFolder(car.data).announced()
        assert announced is not None
        connection = await asyncpg.connect(announced.database_url)
        try:
            rows = await connection.fetch(
                "SELECT m.body FROM car_messages m"
                " JOIN assignments a ON a.assignment_id::text = m.body->>'assignment_id'"
                " WHERE a.incident_id = $1 AND m.type = 'status' ORDER BY m.message_id",
                UUID(incident_id),
            )
        finally:
            await connection.close()
        bodies = [httpx.Response(200, content=row["body"]).json() for row in rows]
        assert len({body["status"] for body in bodies}) == len(bodies), "a step arrived twice"
        return {body["status"]: body["time_ms"] for body in bodies}

    return asyncio.run(look())


def test_a_job_from_the_alarm_to_its_end(car: Car) -> None:
    """A priority 1 job sounds and is spoken until a touch; the four steps go in order, one can be taken back and then
    was never sent; arrival is proposed where GPS says so; all is acknowledged in the end."""
    car.run("job")


def test_without_a_network(car: Car) -> None:
    """With the link cut each press says that it waits, SOS by a hold of two seconds too, with the keyboard as well;
    what was pressed then arrives once, with the time of the press. The crew is told what the desk does with the SOS;
    a second hold calls again, and only its own button ends it."""
    car.run("offline")
    steps = _steps(car, _last_service(car))
    assert set(steps) == {"acknowledged", "en_route"}
    assert all(car.cut_ms < time_ms < car.mended_ms for time_ms in steps.values()), (car.cut_ms, steps, car.mended_ms)
    assert steps["acknowledged"] < steps["en_route"]
    calls = _calls_for_help(car)
    assert [active for active, _ in calls] == [True, True, True, False]
    assert car.cut_ms < calls[0][1] < car.mended_ms < calls[1][1]


def _calls_for_help(car: Car) -> list[tuple[bool, int]]:
    """Each `sos` message that the server holds: whether it calls or ends, and the car's time, ms; oldest first."""

    async def look() -> list[tuple[bool, int]]:
        announced = DataFolder(car.data).announced()
        assert announced is not None
        connection = await asyncpg.connect(announced.database_url)
        try:
            rows = await connection.fetch("SELECT body FROM car_messages WHERE type = 'sos' ORDER BY message_id")
        finally:
            await connection.close()
        bodies = [httpx.Response(200, content=row["body"]).json() for row in rows]
        return [(body["active"], body["time_ms"]) for body in bodies]

    return asyncio.run(look())


def _last_service(car: Car) -> str:
    found = car.api.get("/incidents", params={"state": "all", "limit": 50}).json()["items"]
    return str(max((one for one in found if one["category"] == "service"), key=lambda one: one["received_at"])["id"])


def test_an_agent_that_dies_under_a_finger(car: Car) -> None:
    """kill -9 two seconds after a press: the page says that the agent is silent, and when it is back the press is there
    and arrives."""
    car.run("dying")
    assert set(_steps(car, _last_service(car))) == {"acknowledged"}


def test_gps_takes_the_arrival_where_nobody_taps(car: Car) -> None:
    """The crew drives to the scene and stands there: the screen says that the system took the arrival."""
    car.run("gps_arrival")


def test_every_trouble_says_what_to_do(car: Car, tmp_path: Path) -> None:
    """No position, a revoked token: each with its sentence; a new code, typed in, makes the car known again. Every
    trouble that there is has its sentence on the screen in both languages; nothing that comes ends a hold of SOS."""
    car.run("troubles", PATROL_CODE_FILE=str(tmp_path / "code"))


@pytest.mark.parametrize("language", ["zh-TW", "en"])
def test_everybody_can_read_and_press_it(car: Car, language: str) -> None:
    """In both sizes, by day and by night: axe finds nothing, nothing is cut off, texts are 20 px, targets 56 px."""
    pictures = str(PICTURES) if os.environ.get("CAR_SCREENS") and language == "zh-TW" else ""
    car.run("looks", language=language, PATROL_PICTURES=pictures)
    if pictures:
        made = list(PICTURES.glob("car-*.png"))
        assert made
        assert all(picture.stat().st_size < LARGEST_PICTURE_BYTES for picture in made)


def test_alone_in_the_car(tmp_path: Path) -> None:
    """No gateway at all since the start: the page stands whole, with its font; SOS and break work and say that they
    wait."""
    nowhere = f"ws://127.0.0.1:{reserve_port()}"
    with world("http://127.0.0.1:1", *corner(*HOME)) as (receiver, _road, _loop):
        agent = AgentProcess(tmp_path / "agent", nowhere, "a-token", f"tcp:127.0.0.1:{receiver.port}")
        agent.start()
        try:
            wait_until(lambda: "screen_ready" in agent.log(), "no screen")
            play(
                DRIVER,
                "alone",
                url=agent.screen_url,
                user=USER,
                shots=shots_folder(Path(__file__), tmp_path),
                settings={"PATROL_LANGUAGE": "zh-TW"},
            )
        finally:
            agent.kill()
