"""What the great system test keeps of its day: the city at work, and the books as they were when it ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.agent_process import JournalState
from tests.support.bureau import Addresses
from tests.support.command import Up
from tests.support.crew import LOOK_EVERY_S, WAIT_S, Crew
from tests.support.desk import Desk
from tests.support.nmea_writer import Epoch
from tests.support.truth import Call


@dataclass
class Day:
    """The city at work, and at the end what it looked like."""

    data: Path
    up: Up
    addresses: Addresses
    desk: Desk
    calls: list[Call]
    crews: list[Crew]
    log_car: Crew
    athens_car: Crew
    athens_epochs: list[Epoch]
    gateway_pids: list[int] = field(default_factory=list)
    cut_journal: JournalState | None = None
    details: dict[int, dict[str, Any]] = field(default_factory=dict)
    journals: dict[str, JournalState] = field(default_factory=dict)
    kpi: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    kpi_asked_ms: float = 0.0

    @property
    def cars(self) -> list[Crew]:
        """All that have an agent."""
        return [*self.crews, self.log_car, self.athens_car]


async def until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    """Looks again and again; fails with `what` after a long while."""
    deadline = time.monotonic() + WAIT_S
    while not await true():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(LOOK_EVERY_S)
