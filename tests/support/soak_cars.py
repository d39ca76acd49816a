"""One car of the soak: a real agent process that is killed again and again, a receiver, and a crew that keeps a log.

The crew writes down what it is about to press before it presses, and the screen's answer after: that log is the truth
that the database is compared with.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from tests.support.agent_process import AgentProcess
from tests.support.crew import now_ms
from tests.support.fault_proxy import FaultProxy
from tests.support.patched_agent import CLOCK_OFF
from tests.support.plane import Place, moved
from tests.support.receiver import Receiver
from tests.support.soak_checker import Fixed, Intended, Outcome

PROGRAM: Final = "import sys\nfrom vehicle_agent.main import main\nsys.exit(main())"
FINAL: Final = ("cleared", "declined")
NEXT: Final = {None: "acknowledged", "acknowledged": "en_route", "en_route": "on_scene", "on_scene": "cleared"}
HOLDS_S: Final = (0.0, 0.0, 0.0, 1.0)
ROUND_M: Final = 900.0
ROUND_PLACES: Final = 90
SPEED_MPS: Final = 12.0
STABBED: Final = 0.15
STABBED_WITHIN_S: Final = 0.03
CALM_S: Final = 240.0


class Agent(AgentProcess):
    """The agent's own program, as a car's service runs it."""

    clocks_off_ms: Sequence[int] = (0,)
    """By how much the computer's clock is wrong, another of these with each start."""

    def start(self) -> None:
        """Its log is appended to."""
        assert not self.runs(), "a second agent on one journal"
        off_ms = self.clocks_off_ms[self._starts % len(self.clocks_off_ms)]
        self._starts += 1
        program = f"{CLOCK_OFF.format(off_ms=off_ms) if off_ms else ''}\n{PROGRAM}"
        with (self.folder / "agent.log").open("ab") as log:
            command = [sys.executable, "-P", "-c", program, *self._arguments[1:]]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    _starts = 0

    def runs(self) -> bool:
        """Does its process live?"""
        return self._process is not None and self._process.poll() is None


class Log:
    """The crew's log of intentions: two lines a press, each on disk before anything else happens."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._number = 0

    def intend(self, kind: str, members: dict[str, Any]) -> int:
        """What is about to be pressed; its number."""
        self._number += 1
        self._write({"number": self._number, "kind": kind, "members": members, "before_ms": now_ms()})
        return self._number

    def answered(self, number: int, outcome: Outcome) -> None:
        """What the screen said to it."""
        self._write({"number": number, "after_ms": now_ms(), "outcome": outcome})

    def _write(self, line: dict[str, Any]) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def read(self) -> list[Intended]:
        """All of it, in order."""
        noted: dict[int, dict[str, Any]] = {}
        for line in self._file.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            noted.setdefault(told["number"], {}).update(told)
        return [Intended(**(press | {"outcome": Outcome(press["outcome"])})) for press in noted.values()]


class SoakCar:
    """Agent, receiver, road and crew."""

    def __init__(self, unit: str, agent: Agent, receiver: Receiver, road: FaultProxy, rng: random.Random) -> None:
        self.unit = unit
        self.agent = agent
        self.receiver = receiver
        self.road = road
        self.kills = 0
        self.log = Log(agent.folder / "intentions.jsonl")
        self._rng = rng
        self._home = receiver.place
        self._dying = asyncio.Lock()
        self._screen = httpx.AsyncClient(base_url=agent.screen_url, timeout=20, trust_env=False)

    @classmethod
    @asynccontextmanager
    async def running(
        cls,
        folder: Path,
        unit: str,
        token: str,
        home: Place,
        road: FaultProxy,
        rng: random.Random,
        clocks_off_ms: Sequence[int] = (0,),
    ) -> AsyncIterator[SoakCar]:
        """Started; its process is gone at the end of the block."""
        async with AsyncExitStack() as stack:
            receiver = Receiver(home, rng)
            await stack.enter_async_context(receiver.speaking())
            await stack.enter_async_context(road.open())
            gateway, gnss = f"ws://127.0.0.1:{road.port}", f"tcp:127.0.0.1:{receiver.port}"
            agent = Agent(folder / unit, gateway, token, gnss)
            agent.clocks_off_ms = clocks_off_ms
            stack.callback(agent.kill)
            car = cls(unit, agent, receiver, road, rng)
            stack.push_async_callback(car._screen.aclose)
            agent.start()
            yield car

    # ---- what happens to it

    async def drive(self) -> None:
        """Round and round, far from every scene."""
        angles = [moved(self._home, *_on_circle(n / ROUND_PLACES)) for n in range(ROUND_PLACES)]
        while True:
            await self.receiver.drive(angles, SPEED_MPS)

    async def die(self, down_s: float) -> None:
        """kill -9, and a start on the same journal a little later."""
        async with self._dying:
            self.kills += 1
            await asyncio.to_thread(self.agent.kill)
            await asyncio.sleep(down_s)
            self.agent.start()

    async def _die_soon(self) -> None:
        """At some moment of a press: before it is read, while it goes to disk, when it is answered."""
        await asyncio.sleep(self._rng.uniform(0.0, STABBED_WITHIN_S))
        await self.die(self._rng.uniform(0.0, 1.0))

    # ---- the crew

    async def work(self, stop: asyncio.Event) -> None:
        """Takes each order from its first step to its last; between orders a break, a false alarm."""
        while not stop.is_set():
            await asyncio.sleep(self._rng.uniform(0.5, 2.0))
            state = await self.look()
            if state is None or stop.is_set():
                continue
            order = next((order for order in state["orders"] if order["step"] not in FINAL), None)
            chance = self._rng.random()
            if order is None and chance < 0.15:
                await self._press("availability", {"available": not state["available"], "reason": "soak"})
            elif chance < 0.22:
                await self._press("sos", {"active": not state["sos_active"], "note": "exercise"})
            elif order is not None and order["step"] == "on_scene" and chance < 0.5:
                await self._press("check_in", {"assignment_id": order["assignment_id"]})
            elif order is not None:
                step = {"assignment_id": order["assignment_id"], "status": NEXT[order["step"]]}
                await self._press("step", step, hold_s=self._rng.choice(HOLDS_S))
            elif not state["available"]:
                await self._press("availability", {"available": True, "reason": "soak"})

    async def look(self) -> dict[str, Any] | None:
        """The screen; None while there is none."""
        try:
            answer = await self._screen.get("/api/state")
        except httpx.TransportError:
            return None
        state: dict[str, Any] = answer.raise_for_status().json()
        return state

    async def _press(self, button: str, members: dict[str, Any], hold_s: float = 0.0) -> None:
        number = self.log.intend("status" if button == "step" else button, members)
        stabbed = asyncio.create_task(self._die_soon()) if self._rng.random() < STABBED else None
        body = members | ({"hold_s": hold_s} if hold_s else {})
        try:
            answer = await self._screen.post(f"/api/{button}", json=body)
        except httpx.TransportError:
            self.log.answered(number, Outcome.UNSURE)
        else:
            self.log.answered(number, Outcome.TAKEN if answer.status_code == 200 else Outcome.REFUSED)
            assert answer.status_code in (200, 409, 422), answer.text
        if stabbed is not None:
            await stabbed
        await asyncio.sleep(2 * hold_s)

    # ---- the end

    async def silent(self) -> None:
        """The receiver hushes; until all that was journalled is acknowledged."""
        self.receiver.hush()
        deadline = time.monotonic() + CALM_S
        while (state := await self.look()) is None or state["waiting"] or _held(state):
            assert self.agent.runs(), self.agent.log()[-3000:]
            assert time.monotonic() < deadline, f"{self.unit}: {state}\n{self.agent.log()[-3000:]}"
            await asyncio.sleep(0.3)

    def said(self) -> list[Fixed]:
        """All that the receiver ever said."""
        return [Fixed(epoch.time_ms, epoch.lat, epoch.lon) for epoch in self.receiver.epochs]

    def connections(self) -> int:
        """How often its gateway welcomed it."""
        return self.agent.log().count("link_welcomed")


def _held(state: dict[str, Any]) -> bool:
    return any(press["phase"] == "held" for press in state.get("presses", ()))


def _on_circle(share: float) -> tuple[float, float]:
    return ROUND_M * math.sin(2 * math.pi * share), ROUND_M * (1 - math.cos(2 * math.pi * share))
