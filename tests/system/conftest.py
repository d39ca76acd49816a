"""What all system tests have in common."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def _systems(unmeasured_processes: None) -> None:
    """They start whole systems."""
