"""A simulated crew: patrols, answers orders on the car's own screen as officers do, drives there, works, clears."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import structlog

from dispatch.demo.bureau import DemoCar
from dispatch.demo.motion import Vehicle
from dispatch.domain.geometry import Position, distance_m
from dispatch.roads.speeds import vehicle_factor
from dispatch.roads.travel import TravelTimes

_log = structlog.get_logger()
TICK_S: Final = 1.0
PATROL_RADIUS_M: Final = 1500.0
FORGETS_ACKNOWLEDGEMENT: Final = 0.03
FORGETS_ARRIVAL: Final = 0.15
BREAK_CHANCE_PER_S: Final = 1 / 3600
BREAK_S: Final = (240.0, 480.0)
DISPOSITIONS: Final = ("已處理完畢", "勸導離去", "移送偵辦", "雙方和解", "無發現")
BREAKS: Final = ("用餐", "加油", "文書作業")


class Crew:
    """One car's crew. Its receiver is served to the agent over TCP; its buttons are the agent's screen API."""

    def __init__(
        self, car: DemoCar, travel: TravelTimes, home: Position, places: list[Position], screen_port: int, seed: int
    ) -> None:
        self.car = car
        self.screen_port = screen_port
        self._rng = random.Random(seed)
        self._travel = travel
        self._factor = vehicle_factor(motorcycle=car.vehicle_type == "motorcycle")
        self._lights = vehicle_factor(motorcycle=car.vehicle_type == "motorcycle", lights=True)
        self._places = [place for place in places if distance_m(place, home) < PATROL_RADIUS_M]
        self.vehicle = Vehicle(home, self._rng)
        self._wait_s = self._rng.uniform(0, 60)
        self._job: dict[str, Any] | None = None
        self._forgetful: set[str] = set()
        self._break_left_s = 0.0

    async def receiver(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What the car's receiver sends, once a second, to whoever is connected."""
        # The end of the demo cancels this; asyncio's streams of Python 3.11 would report that as a failure.
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while True:
                writer.write(self.vehicle.nmea(datetime.now(UTC)).encode("ascii"))
                await writer.drain()
                await asyncio.sleep(TICK_S)
        writer.close()

    async def live(self) -> None:
        """Until it is cancelled."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.screen_port}", timeout=5) as screen:
            while True:
                await asyncio.sleep(TICK_S)
                self.vehicle.advance(TICK_S)
                self._wait_s -= TICK_S
                try:
                    state = (await screen.get("/api/state")).json()
                    await self._act(screen, state)
                except (httpx.HTTPError, ValueError):
                    continue  # the agent starts, or starts again

    async def _act(self, screen: httpx.AsyncClient, state: dict[str, Any]) -> None:
        orders = [o for o in state["orders"] if o["step"] not in {"cleared", "declined"}]
        order = orders[0] if orders else None
        if order is None:
            if self._job is not None:
                self._job = None
                self.vehicle.stop()
                self._wait_s = self._rng.uniform(5, 30)
            await self._patrol(screen, state)
        else:
            await self._work(screen, order)

    async def _patrol(self, screen: httpx.AsyncClient, state: dict[str, Any]) -> None:
        if self._break_left_s > 0:
            self._break_left_s -= TICK_S
            if self._break_left_s <= 0:
                await self._press(screen, "availability", {"available": True})
            return
        if not state["available"]:
            await self._press(screen, "availability", {"available": True})
        elif self._rng.random() < BREAK_CHANCE_PER_S * TICK_S:
            self._break_left_s = self._rng.uniform(*BREAK_S)
            self.vehicle.stop()
            await self._press(screen, "availability", {"available": False, "reason": self._rng.choice(BREAKS)})
        elif self.vehicle.arrived and self._wait_s <= 0:
            target = self._rng.choice(self._places)
            await self._drive_to(target, self._factor)
            self._wait_s = self._rng.uniform(30, 150)

    async def _work(self, screen: httpx.AsyncClient, order: dict[str, Any]) -> None:
        assignment_id, step = order["assignment_id"], order["step"]
        if self._job is None or self._job["assignment_id"] != assignment_id:
            self._job = order
            self._wait_s = self._rng.uniform(3, 10)
            if self._rng.random() < FORGETS_ACKNOWLEDGEMENT:
                self._wait_s = 300.0  # nobody at the screen: the dispatcher will send the next unit
        if self._wait_s > 0:
            return
        if step is None:
            await self._press(screen, "step", {"assignment_id": assignment_id, "status": "acknowledged"})
            self._wait_s = self._rng.uniform(4, 12)
        elif step == "acknowledged":
            await self._press(screen, "step", {"assignment_id": assignment_id, "status": "en_route"})
            incident = order["incident"]
            await self._drive_to(Position(incident["lat"], incident["lon"]), self._lights)
        elif step == "en_route" and self.vehicle.arrived:
            await self._arrive(screen, assignment_id)
        elif step == "on_scene" or assignment_id in self._forgetful:
            self._forgetful.discard(assignment_id)
            disposition = self._rng.choice(DISPOSITIONS)
            body = {"assignment_id": assignment_id, "status": "cleared", "disposition": disposition}
            await self._press(screen, "step", body)

    async def _arrive(self, screen: httpx.AsyncClient, assignment_id: str) -> None:
        """Most press the button a little after they stop; some forget, and GPS is the only witness."""
        if assignment_id in self._forgetful:
            return
        if self._rng.random() < FORGETS_ARRIVAL:
            self._forgetful.add(assignment_id)
            self._wait_s = self._rng.uniform(120, 300)
        else:
            self._wait_s = self._rng.uniform(120, 300)
            await self._press(screen, "step", {"assignment_id": assignment_id, "status": "on_scene"})

    async def _drive_to(self, target: Position, factor: float) -> None:
        route = await asyncio.to_thread(self._travel.route, self.vehicle.place, target, factor)
        self.vehicle.drive(route.line, route.eta_s, route.distance_m)

    async def _press(self, screen: httpx.AsyncClient, button: str, body: dict[str, Any]) -> None:
        answer = await screen.post(f"/api/{button}", json=body)
        if answer.is_error:
            _log.warning("demo_press_refused", unit=self.car.unit_name, button=button, status=answer.status_code)
