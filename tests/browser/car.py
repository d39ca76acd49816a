"""A car for the browser tests, on the real link: drives a square or stands still, and does what it is told at once."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, Queue
from typing import Any
from uuid import uuid4

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PACE_S = 0.3
STEPS = ("acknowledged", "en_route", "on_scene")
SIDE_FIXES = 40


def _square(lat: float, lon: float, step_deg: float = 0.0004) -> Iterator[tuple[float, float, float]]:
    """Positions round a square for ever, with the course: lat, lon, course_deg."""
    legs = ((0.0, 1.0, 90.0), (1.0, 0.0, 0.0), (0.0, -1.0, 270.0), (-1.0, 0.0, 180.0))
    for north, east, course_deg in itertools.cycle(legs):
        for _ in range(SIDE_FIXES):
            lat, lon = lat + north * step_deg, lon + east * step_deg
            yield lat, lon, course_deg


class Car:
    """On `way` (lat, lon, course_deg) until told to end; takes these `steps` of every order."""

    def __init__(
        self, gateway_url: str, token: str, way: Iterator[tuple[float, float, float]], steps: Sequence[str] = STEPS
    ) -> None:
        self._url = f"{gateway_url.replace('http', 'ws')}/vehicle/v1"
        self._token = token
        self._way = way
        self._steps = steps
        self._seq = itertools.count(1)
        self._ended = threading.Event()
        self._wishes: Queue[dict[str, Any]] = Queue()
        self._thread = threading.Thread(target=self._drive)
        self.failure: Exception | None = None

    def wish(self, kind: str, **members: Any) -> None:
        """Sends a message of this kind soon."""
        self._wishes.put({"type": kind, **members})

    def start(self) -> None:
        """Connects and drives, in a thread of its own."""
        self._thread.start()

    def end(self) -> None:
        """Hangs up; raises what went wrong on the way."""
        self._ended.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _drive(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        protocol = [Subprotocol("patrol.vehicle.v1")]
        try:
            with connect(self._url, additional_headers=headers, subprotocols=protocol, proxy=None) as socket:
                hello = {"type": "hello", "boot": str(uuid4()), "agent": "test/1", "clock_ms": _now_ms()}
                socket.send(json.dumps(hello))
                while not self._ended.is_set():
                    self._turn(socket)
        except Exception as error:  # noqa: BLE001 — raised again where the test ends the car
            self.failure = error

    def _turn(self, socket: ClientConnection) -> None:
        lat, lon, course_deg = next(self._way)
        measured = {"accuracy_m": 5.0, "speed_mps": 9.0, "course_deg": course_deg}
        self._say(socket, {"type": "fix", "lat": lat, "lon": lon, **measured})
        try:
            while True:
                self._say(socket, self._wishes.get_nowait())
        except Empty:
            pass
        due = time.monotonic() + PACE_S
        while (left_s := due - time.monotonic()) > 0:
            try:
                frame = socket.recv(timeout=left_s)
            except TimeoutError:
                break
            self._hear(json.loads(frame))

    def _hear(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "order":
            for status in self._steps:
                self.wish("status", assignment_id=frame["assignment_id"], status=status)

    def _say(self, socket: ClientConnection, message: dict[str, Any]) -> None:
        socket.send(json.dumps({**message, "seq": next(self._seq), "time_ms": _now_ms()}))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def driving(gateway_url: str, token: str, lat: float, lon: float) -> Iterator[Car]:
    """A car that drives for the length of the block."""
    with _on_duty(Car(gateway_url, token, _square(lat, lon))) as car:
        yield car


@contextmanager
def parked(gateway_url: str, token: str, lat: float, lon: float, steps: Sequence[str] = STEPS) -> Iterator[Car]:
    """A car that stands still, says so, and takes `steps` of every order, for the length of the block."""
    with _on_duty(Car(gateway_url, token, itertools.repeat((lat, lon, 0.0)), steps)) as car:
        yield car


@contextmanager
def _on_duty(car: Car) -> Iterator[Car]:
    car.start()
    try:
        yield car
    finally:
        car.end()
