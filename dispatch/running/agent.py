"""`patrol agent`: this process becomes the in-car agent."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def become_agent(arguments: Sequence[str]) -> NoReturn:
    """Does not return; the agent's exit status is this process's."""
    os.execv(sys.executable, [sys.executable, "-P", "-m", "vehicle_agent", *arguments])  # noqa: S606
