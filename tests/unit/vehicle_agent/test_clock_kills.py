"""The agent killed before each write of a press, with a clock that is hours off and perhaps another with each start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.protocol import Fix, Order, Step
from tests.unit.vehicle_agent.by_the_book import order
from tests.unit.vehicle_agent.parts import LIMIT_BYTES
from vehicle_agent.car import Car
from vehicle_agent.clocks import Clocks
from vehicle_agent.journal import Journal
from vehicle_agent.state import CarState

TRUE_MS = 1_795_640_000_000
HOUR_MS = 3_600_000


class Killed(BaseException):
    """As kill -9 between two writes."""


class Disk:
    """The journal's database, until so many more statements were carried out."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.left: int | None = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._database, name)
        return self._counted(found) if name in ("execute", "executemany") else found

    def _counted(self, carry_out: Any) -> Any:
        def counted(*arguments: Any) -> Any:
            if self.left is not None:
                if self.left == 0:
                    raise Killed
                self.left -= 1
            return carry_out(*arguments)

        return counted


class World:
    """One car computer. True time goes on; its clock is off."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.passed_ms = 0

    def start(self, off_ms: int) -> None:
        """The agent, on the same journal."""
        self.journal = Journal(self.path, LIMIT_BYTES)
        self.disk = Disk(self.journal._database)
        self.journal._database = self.disk  # type: ignore[assignment]
        self.clocks = Clocks(
            self.journal, lambda: TRUE_MS + self.passed_ms + off_ms, lambda: 10_000 + self.passed_ms, "start"
        )
        self.state = CarState(self.journal, self.clocks.now_ms, lambda: self.passed_ms / 1000)
        self.car = Car(self.journal, self.state, self.clocks.now_ms)

    def press(self, hold_s: float, kill_after: int) -> tuple[bool, bool]:
        """Whether the screen answered, and whether it was over before the kill."""
        self.passed_ms += 5_000
        answered = over = False
        self.disk.left = kill_after
        try:
            self.car.step("a1", Step.ACKNOWLEDGED, hold_s=hold_s)
            answered = True
            self.passed_ms += 1_000
            self.car.let_go_held()
            over = True
        except Killed:
            pass
        self.disk.left = None
        self.disk.close()
        return answered, over

    def fix(self) -> int:
        """A position; its true time."""
        self.passed_ms += 700
        time_ms = TRUE_MS + self.passed_ms
        self.journal.append(lambda seq: Fix(seq=seq, time_ms=time_ms, lat=23.48, lon=120.45))
        return time_ms


@pytest.mark.parametrize("hold_s", [0.0, 1.0])
@pytest.mark.parametrize(("before_ms", "after_ms"), [(0, 0), (3, 3), (3, -3), (-3, 0), (0, 3)])
def test_a_kill_at_any_moment_of_a_press_moves_no_time_and_loses_nothing(
    tmp_path: Path, hold_s: float, before_ms: int, after_ms: int
) -> None:
    """What was answered is there once, with its true time; the positions of the next start keep theirs, though one of
    them may get the number that the press was to have."""
    over, kill_after = False, 0
    while not over:
        world = World(tmp_path / f"j{kill_after}")
        world.start(before_ms * HOUR_MS)
        world.state.take_order(msgspec.convert(order("a1"), Order))
        pressed_ms = TRUE_MS + 5_000
        answered, over = world.press(hold_s, kill_after)
        world.start(after_ms * HOUR_MS)
        said = [world.fix(), world.fix()]
        world.clocks.say_hello()
        world.clocks.hear_server(TRUE_MS + world.passed_ms)
        said.append(world.fix())
        rows = [msgspec.json.decode(row.body) for row in world.journal.after(0, 100)]
        steps = [row["time_ms"] for row in rows if row["type"] == "status"]
        assert len(steps) == 1 if answered else len(steps) <= 1, kill_after
        assert all(abs(time_ms - pressed_ms) <= 2_000 for time_ms in steps), kill_after
        assert [row["time_ms"] for row in rows if row["type"] == "fix"] == said, kill_after
        world.journal.close()
        kill_after += 1
    assert kill_after > 5
