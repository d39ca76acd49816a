"""Whole systems run unmeasured: line coverage costs them half their speed, and other tests measure the same lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def unmeasured() -> Iterator[None]:
    """For every process that a module's fixtures and tests start; empty means that nothing is to be measured."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COVERAGE_PROCESS_CONFIG", "")
        yield
