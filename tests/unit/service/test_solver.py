"""The solver with a deadline: what it answers in time counts, all else is done without."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from structlog.testing import capture_logs

from dispatch.domain.policy import optimal
from dispatch.service.solver import DeadlineSolver

COSTS = np.array([[3.0, 1.0], [1.0, 3.0]])
SHORT_S, LONG_S = 0.02, 60.0


@contextmanager
def closing(solver: DeadlineSolver) -> Iterator[DeadlineSolver]:
    """Closed at the end of the block."""
    try:
        yield solver
    finally:
        solver.close()


def test_an_answer_in_time_is_the_optimum() -> None:
    """The same as without a deadline."""
    with closing(DeadlineSolver(LONG_S)) as solver:
        found = solver.from_now()(COSTS)
    assert found is not None
    assert found.tolist() == optimal(COSTS).tolist() == [1, 0]


def test_one_that_hangs_is_given_up_and_comes_back() -> None:
    """Also those after it, which wait behind it; once it is done, the next one is answered. Said once each way."""
    go_on = threading.Event()

    def hangs(costs: np.ndarray) -> np.ndarray:
        go_on.wait(LONG_S)
        return optimal(costs)

    with closing(DeadlineSolver(SHORT_S, hangs)) as solver, capture_logs() as logs:
        assert solver.from_now()(COSTS) is None
        solver.solve = optimal
        assert solver.from_now()(COSTS) is None
        go_on.set()
        while (found := solver.from_now()(COSTS)) is None:
            pass
    assert found.tolist() == [1, 0]
    assert [line["event"] for line in logs] == ["solver_fell_back_on_greedy", "solver_is_back"]


def test_one_whose_time_is_over_before_it_is_asked_is_not_asked() -> None:
    """Building the costs counts: whoever is too late already is so every time, however fast the solver."""
    asked: list[np.ndarray] = []

    def at_once(costs: np.ndarray) -> np.ndarray:
        asked.append(costs)
        return optimal(costs)

    with closing(DeadlineSolver(SHORT_S, at_once)) as solver:
        for _ in range(3):
            late = solver.from_now()
            time.sleep(2 * SHORT_S)
            assert late(COSTS) is None
        assert asked == []


@pytest.mark.parametrize("error", [ValueError("infeasible"), MemoryError()])
def test_one_that_fails_is_done_without(error: Exception) -> None:
    """Whatever it raises; the log names it once for a row of equal failures."""

    def fails(_: np.ndarray) -> np.ndarray:
        raise error

    with closing(DeadlineSolver(LONG_S, fails)) as solver, capture_logs() as logs:
        assert [solver.from_now()(COSTS) for _ in range(3)] == [None] * 3
    (line,) = logs
    assert type(error).__name__ in line["why"]
