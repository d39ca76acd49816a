"""The recordings of an incident in a real Chromium: where each file is, the player, an export; cameras of a unit."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.browser.stage import PASSWORD, account, logged, play, shots_folder, town
from tests.support.command import Up, done, running_up, wait_until

DRIVER: Final = Path(__file__).with_name("recordings.mjs")
USER: Final = "chief"
UNIT: Final = "北興101"
TUS: Final = {"Tus-Resumable": "1.0.0"}
CONTENT: Final = {name: os.urandom(200_000) for name in ("verified", "quarantined", "in_car")}


class Car:
    """Speaks the link by hand, and uploads what it recorded."""

    def __init__(self, gateway_url: str, api_url: str, token: str) -> None:
        self._token = token
        self._open = ExitStack()
        api = httpx.Client(base_url=api_url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        self._api = self._open.enter_context(api)
        self._link = self._connect(gateway_url.replace("http", "ws", 1))
        self._seq = 0

    def _connect(self, url: str) -> ClientConnection:
        opening = connect(
            f"{url}/vehicle/v1",
            subprotocols=[Subprotocol("patrol.vehicle.v1")],
            additional_headers={"Authorization": f"Bearer {self._token}"},
            proxy=None,
        )
        link = self._open.enter_context(opening)
        link.send(json.dumps({"type": "hello", "boot": str(uuid4()), "agent": "test/1", "clock_ms": _now_ms()}))
        return link

    def close(self) -> None:
        """Leaves."""
        self._open.close()

    def says(self, kind: str, **members: Any) -> None:
        """One journalled message."""
        self._seq += 1
        self._link.send(json.dumps({"type": kind, "seq": self._seq, "time_ms": _now_ms(), **members}))

    def record(self, name: str) -> None:
        """Tells of a file."""
        now_ms = _now_ms()
        self.says(
            "recording",
            recording_id=name,
            camera_id="dash-1",
            officer_id="B1204",
            started_ms=now_ms - 1000,
            ended_ms=now_ms,
            size_bytes=len(CONTENT[name]),
            sha256=hashlib.sha256(CONTENT[name]).hexdigest(),
            name=f"{name}.mp4",
            media_type="video/mp4",
        )

    def upload(self, name: str, content: bytes) -> None:
        """All at once."""
        told = base64.b64encode(name.encode()).decode()
        headers = TUS | {"Upload-Length": str(len(content)), "Upload-Metadata": f"recording_id {told}"}
        began = self._api.post("/api/v1/uploads", headers=headers)
        assert began.status_code == 201, began.text
        body = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        assert self._api.patch(began.headers["Location"], headers=body, content=content).status_code == 204


@dataclass
class Evidence:
    """What runs, the incident, the car, and where pictures go."""

    up: Up
    incident_id: str
    car: Car
    shots: Path


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _states(api: httpx.Client) -> list[str]:
    items = api.get("/recordings").json()["items"]
    return sorted(item["state"] for item in items)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    """One incident with a unit on it and three recordings: here, set apart, still in the car."""
    folder = tmp_path_factory.mktemp("recordings")
    data = folder / "data"
    with running_up(data, around={"PATROL_DISPATCH_MODE": "recommend"}) as up:
        account(data, USER, "supervisor")
        done(data, "vehicle", "add", "RAA-0101", "--unit", UNIT, "--type", "car")
        token = done(data, "vehicle", "enrol", "RAA-0101").splitlines()[0]
        done(data, "map", "import", town(folder / "town.osm"))
        car = Car(logged(up, r"gateway=(http://\S+)"), up.url, token)
        with httpx.Client(base_url=f"{up.url}/api/v1", trust_env=False, timeout=60) as api:
            signed_in = api.post("/session", json={"username": USER, "password": PASSWORD}).json()
            api.cookies.clear()
            api.headers["Authorization"] = f"Bearer {signed_in['token']}"
            car.says("fix", lat=23.47, lon=120.44, speed_mps=0.0)
            car.says("camera", camera_id="dash-1", state="recording", battery_pct=81)
            call = {"category": "criminal", "priority": 2, "lat": 23.46, "lon": 120.45, "confirm_outside": True}
            incident = api.post("/incidents", json=call).json()
            (unit,) = api.get("/units").json()["items"]
            sent = api.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": unit["id"]})
            assert sent.status_code == 201, sent.text
            for name in CONTENT:
                car.record(name)
            wait_until(lambda: len(_states(api)) == 3, "the recordings are not indexed")
            car.upload("verified", CONTENT["verified"])
            car.upload("quarantined", CONTENT["quarantined"][:-1] + b"?")
            wait_until(lambda: _states(api) == ["in_car", "quarantined", "verified"], "they are not checked")
        try:
            yield Evidence(up, incident["id"], car, shots_folder(Path(__file__), folder))
        finally:
            car.close()


def _run(evidence: Evidence, scenario: str, wishes: dict[str, Callable[[], object]]) -> None:
    settings = {"PATROL_INCIDENT": evidence.incident_id}
    play(DRIVER, scenario, url=evidence.up.url, user=USER, shots=evidence.shots, settings=settings, wishes=wishes)


def test_recordings_are_listed_played_and_exported(evidence: Evidence) -> None:
    """States in words, a player for what is verified alone, an export with a reason, news by the feed; axe agrees."""
    _run(evidence, "recordings", {"upload": lambda: evidence.car.upload("in_car", CONTENT["in_car"])})


def test_a_unit_s_cameras_stand_on_its_card(evidence: Evidence) -> None:
    """State and battery, as the car last said."""
    _run(evidence, "cameras", {})
