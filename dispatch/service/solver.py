"""The exact solver with a deadline: in a thread of its own, and given up where it takes too long or fails.

SciPy's solver holds no lock of the interpreter while it works, so that the server goes on meanwhile. One that hangs
keeps its thread: the decisions after it fall back until it is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate

import numpy as np
import structlog
from numpy.typing import NDArray

from dispatch.domain.policy import Solver, optimal
from dispatch.domain.situation import Floats

_log = structlog.get_logger()


class DeadlineSolver:
    """One per server. `solve` may be replaced."""

    def __init__(self, deadline_s: float, solve: Callable[[Floats], NDArray[np.intp]] = optimal) -> None:
        self.solve = solve
        self._deadline_s = deadline_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="solver")
        self._why: str | None = None

    def from_now(self) -> Solver:
        """A solver that has to be done by the deadline, counted from this moment."""
        deadline = time.monotonic() + self._deadline_s

        def solve(costs: Floats) -> NDArray[np.intp] | None:
            return self._within(costs, deadline)

        return solve

    def close(self) -> None:
        """Waits for nothing."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _within(self, costs: Floats, deadline: float) -> NDArray[np.intp] | None:
        left_s = deadline - time.monotonic()
        if left_s <= 0:  # the costs alone took the time; it is not tried whether a thread is fast enough all the same
            self._note("too late", costs)
            return None
        answer = self._thread.submit(self.solve, costs)
        try:
            columns = answer.result(left_s)
        except TooLate:
            answer.cancel()
            self._note("too late", costs)
            return None
        except Exception as error:  # noqa: BLE001 - whatever broke it, units must still be sent
            self._note(f"{type(error).__name__}: {error}", costs)
            return None
        self._note(None, costs)
        return columns

    def _note(self, why: str | None, costs: Floats) -> None:
        """One line for each change, none for each decision."""
        if why == self._why:
            return
        self._why = why
        if why is None:
            _log.info("solver_is_back")
        else:
            _log.warning("solver_fell_back_on_greedy", why=why, rows=costs.shape[0], columns=costs.shape[1])
