"""What every test may ask for: the engines (tests.support.engines), and a machine without the developer's settings."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

# How fast a machine is, is no property of what is tested.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

pytest_plugins = ["tests.support.engines", "tests.support.server", "tests.support.measured"]


def pytest_configure(config: pytest.Config) -> None:
    """No setting of whoever runs the tests reaches them, nor the deafness to Ctrl-C of a shell's background job."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in list(os.environ):
        if name.startswith("PATROL_") or name in {"DATABASE_URL", "NATS_URL"}:
            del os.environ[name]
    # Calls of years ago would have a year's reports made beside each test; those of the calendar ask for it.
    os.environ["PATROL_SCHEDULED_REPORTS"] = "false"
