"""What every command of a dispatch server needs, made once at the start: database, bus, clock, streets, settings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.service.bus import Bus
from dispatch.service.streets import Streets
from dispatch.settings import Settings

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Desk:
    """One per process. `wake` starts the dispatcher loop's next round at once."""

    settings: Settings
    engine: AsyncEngine
    bus: Bus
    streets: Streets
    clock: Clock = utc_now
    wake: asyncio.Event = field(default_factory=asyncio.Event)
