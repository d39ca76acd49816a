"""Parts for the agent's tests: a clock that a test moves, a journal, state and car on a temporary file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.protocol import Fix, JournalledMessage, Status, Step
from vehicle_agent.car import Car
from vehicle_agent.journal import Journal
from vehicle_agent.session import Session
from vehicle_agent.state import CarState

START_MS = 1_700_000_000_000
LIMIT_BYTES = 64_000_000


class Clock:
    """Time as the test says."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def ms(self) -> int:
        """Wall clock."""
        return self.now_ms

    def s(self) -> float:
        """Monotonic clock."""
        return self.now_ms / 1000

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ms += round(seconds * 1000)


@dataclass
class Parts:
    """One car without sockets."""

    clock: Clock
    journal: Journal
    state: CarState
    car: Car

    def session(self) -> Session:
        """A fresh connection's session."""
        return Session(self.journal, self.state, self.clock.ms, self.clock.s)


def parts(path: Path, limit_bytes: int = LIMIT_BYTES) -> Parts:
    """A car on this journal file."""
    clock = Clock()
    journal = Journal(path, limit_bytes)
    state = CarState(journal, clock.ms, clock.s)
    return Parts(clock, journal, state, Car(journal, state, clock.ms))


def fix(seq: int) -> Fix:
    """A fix that tells its number in its content."""
    return Fix(seq=seq, time_ms=START_MS + seq, lat=23.48, lon=120.45 + seq * 1e-9, speed_mps=3.25, source="gnss")


def fill(journal: Journal, count: int, make: Callable[[int], JournalledMessage] = fix) -> list[int]:
    """Journal this many messages; unsynced, for a test that needs many waits on the disk for nothing."""
    journal._database.execute("PRAGMA synchronous = OFF")
    numbers = [journal.append(make) for _ in range(count)]
    journal._database.execute("PRAGMA synchronous = FULL")
    return numbers


def status(seq: int) -> Status:
    """A step."""
    return Status(seq=seq, time_ms=START_MS + seq, assignment_id=f"a{seq}", status=Step.EN_ROUTE)
