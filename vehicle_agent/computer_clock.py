"""The car computer's own clocks: the one that can be set wrong, and the one that nobody can set."""

from __future__ import annotations

import time
import uuid
from pathlib import Path


def system_clock_ms() -> int:
    """The car computer's clock, milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def since_start_ms() -> int:
    """Milliseconds since the computer started, sleep included; never set, never back."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1_000_000


def computer_start() -> str:
    """Names this start of the computer, so that `since_start_ms` of another one is not taken for it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(uuid.uuid4())
