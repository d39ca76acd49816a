"""Lines are counted where each of them must be reached: the domain, and the session of the gateway. Counting slows
Python down, so all other tests go without, and so do the processes they start; `make coverage` counts all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from coverage import Coverage

TESTS: Final = Path(__file__).parents[1]
WHERE: Final = (
    "unit/domain",
    "unit/gateway",
    "property/test_eta_columns.py",
    "property/test_eta_moved.py",
    "property/test_kpi_columns.py",
    "property/test_kpi_tally.py",
)
"""Folders and files that reach all of those lines."""

EVERYWHERE: Final = os.environ.get("MEASURE") == "all"


@pytest.fixture(scope="module", autouse=True)
def _counted(request: pytest.FixtureRequest) -> Iterator[None]:
    """A module's fixtures and tests, measured or not."""
    measuring = Coverage.current()
    path = request.path.relative_to(TESTS)
    if measuring is None or EVERYWHERE or any(path.is_relative_to(where) for where in WHERE):
        yield
        return
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COVERAGE_PROCESS_CONFIG", "")
        measuring.stop()
        yield
        measuring.start()
