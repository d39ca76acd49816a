"""Where the shared real data lies; tests read it in place."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def shared(relative: str) -> Path:
    """The path of a shared data file; skips the test, with the reason, where it is absent."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"real data not present: ../shared/data/{relative}")
    return path
