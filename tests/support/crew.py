"""A crew for system tests: looks at its screen, presses its buttons, drives by its receiver; all of it on record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.agent_process import AgentProcess
from tests.support.receiver import Receiver
from tests.support.truth import Moment

LOOK_EVERY_S = 0.3
WAIT_S = 90.0


def now_ms() -> float:
    """This machine's clock, which is every process's clock here."""
    return time.time() * 1000


@dataclass(frozen=True)
class Press:
    """A button pressed and journalled: what the message must carry when it arrives."""

    seq: int
    type: str
    members: dict[str, Any]
    at: Moment


@dataclass
class Crew:
    """One car with its agent and, where the test drives it, its receiver."""

    unit: str
    agent: AgentProcess
    receiver: Receiver | None = None
    presses: list[Press] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    """assignment id → incident id of every order that stood on the screen"""

    def __post_init__(self) -> None:
        self._screen = httpx.AsyncClient(base_url=self.agent.screen_url, timeout=20, trust_env=False)

    async def close(self) -> None:
        """Lets go of the screen."""
        await self._screen.aclose()

    # ---- looking

    async def look(self) -> dict[str, Any]:
        """The screen now; as it was last seen while the agent is down."""
        with suppress(httpx.TransportError):
            self.state = (await self._screen.get("/api/state")).raise_for_status().json()
            for order in self.state["orders"]:
                self.seen.setdefault(order["assignment_id"], order["incident"]["id"])
        return self.state

    async def wait(self, true: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """The screen as soon as it shows what is waited for."""
        deadline = time.monotonic() + WAIT_S
        while not ((state := await self.look()) and true(state)):
            assert time.monotonic() < deadline, (
                f"{self.unit}: {what}; the screen says {state}\n{self.agent.log()[-2000:]}"
            )
            await asyncio.sleep(LOOK_EVERY_S)
        return state

    def order(self, assignment_id: str) -> dict[str, Any] | None:
        """An order on the screen as last seen."""
        orders: list[dict[str, Any]] = self.state.get("orders", [])
        return next((order for order in orders if order["assignment_id"] == assignment_id), None)

    async def stood_down(self, assignment_id: str) -> None:
        """Until the order has left the screen."""
        await self.wait(lambda _: self.order(assignment_id) is None, f"order {assignment_id} does not end")

    async def silent(self) -> None:
        """The receiver falls silent, and all that it said is journalled and acknowledged."""
        if self.receiver is not None:
            self.receiver.hush()
            newest_ms = self.receiver.epochs[-1].time_ms
            await self.wait(
                lambda it: (it["fix"] or {"time_ms": newest_ms})["time_ms"] == newest_ms, "fixes are missing"
            )
        await self.wait(lambda it: it["waiting"] == 0, "is not acknowledged")

    # ---- pressing

    async def step(self, assignment_id: str, status: str, **more: str) -> Moment:
        """A step in an order."""
        return await self._press("step", "status", {"assignment_id": assignment_id, "status": status, **more})

    async def set_available(self, available: bool, reason: str) -> Moment:
        """On patrol or not."""
        return await self._press("availability", "availability", {"available": available, "reason": reason})

    async def _press(self, button: str, kind: str, members: dict[str, Any]) -> Moment:
        before_ms = now_ms()
        answer = await self._screen.post(f"/api/{button}", json=members)
        at = Moment.between(before_ms, now_ms())
        assert answer.status_code == 200, f"{self.unit}: {button} {members}: {answer.text}"
        self.presses.append(Press(answer.json()["seq"], kind, members, at))
        return at
