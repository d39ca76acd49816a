"""Whole systems and long computations run unmeasured: counting lines costs them half their speed, and other tests
measure the same lines. A module asks for it with `pytestmark = pytest.mark.usefixtures("unmeasured")`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from coverage import Coverage


@pytest.fixture(scope="module")
def unmeasured_processes() -> Iterator[None]:
    """For every process that a module's fixtures and tests start; empty means that nothing is to be measured."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COVERAGE_PROCESS_CONFIG", "")
        yield


@pytest.fixture(scope="module")
def unmeasured(unmeasured_processes: None) -> Iterator[None]:
    """For this process as well."""
    measuring = Coverage.current()
    if measuring is not None:
        measuring.stop()
    yield
    if measuring is not None:
        measuring.start()
