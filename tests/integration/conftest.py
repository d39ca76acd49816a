"""What all integration tests have in common."""

from __future__ import annotations

import os

import pytest

MEASURED = os.environ.get("MEASURE") == "all"
"""By `make coverage`: they count most of the lines outside domain/, and take half as long again while they do."""


@pytest.fixture(scope="module", autouse=True)
def _servers(request: pytest.FixtureRequest) -> None:
    """They start servers."""
    if not MEASURED:
        request.getfixturevalue("unmeasured")
