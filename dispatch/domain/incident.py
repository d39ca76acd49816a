"""An incident: the work that a call makes. Category, priority, life cycle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final
from uuid import UUID

from dispatch.domain.geometry import Position
from dispatch.domain.refusals import IncidentEnded, Invalid, NotFound

TARGET_S: Final = 600
RECEIVED_AHEAD_LIMIT: Final = timedelta(minutes=1)


class Category(StrEnum):
    """The 110 categories."""

    CRIMINAL = "criminal"
    PUBLIC_ORDER = "public_order"
    TRAFFIC = "traffic"
    TRAFFIC_ACCIDENT = "traffic_accident"
    DISASTER = "disaster"
    SERVICE = "service"
    OTHER = "other"


class AccidentClass(StrEnum):
    """Of a traffic accident: a death within 24 hours, an injury, damage only."""

    A1 = "A1"
    A2 = "A2"
    A3 = "A3"


class Priority(IntEnum):
    """1 is the highest."""

    IMMEDIATE = 1
    URGENT = 2
    ROUTINE = 3
    LOW = 4


class IncidentState(StrEnum):
    """Open, or how it ended."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Incident:
    """What the decisions need of an incident; nothing about the caller."""

    incident_id: UUID
    number: str
    category: Category
    priority: Priority
    accident_class: AccidentClass | None
    known_place: Position | None
    """None: it was imported, and the file doesn't say. Of an incident of ours it is always known."""
    address: str | None
    description: str | None
    received_at: datetime
    state: IncidentState
    version: int

    @property
    def place(self) -> Position:
        """Where it is. Raises NotFound where nobody knows."""
        if self.known_place is None:
            raise NotFound(f"Where incident {self.number} was is not known: it was imported without a place.")
        return self.known_place

    @property
    def arrive_by(self) -> datetime:
        """When an officer must stand at the door."""
        return self.received_at + timedelta(seconds=TARGET_S)

    def require_open(self) -> None:
        """Raises IncidentEnded unless it is open."""
        if self.state is not IncidentState.OPEN:
            raise IncidentEnded(f"Incident {self.number} is {self.state}; open a new one instead.")


def check_accident_class(category: Category, accident_class: AccidentClass | None) -> None:
    """Raises Invalid: only a traffic accident has a class."""
    if accident_class is not None and category is not Category.TRAFFIC_ACCIDENT:
        raise Invalid("only a traffic_accident carries an accident class", member="accident_class")


def check_received_at(received_at: datetime, now: datetime) -> None:
    """Raises Invalid: a call cannot have come in the future."""
    if received_at > now + RECEIVED_AHEAD_LIMIT:
        raise Invalid("lies in the future", member="received_at")


def check_written_at(written_at: datetime, received_at: datetime, now: datetime) -> None:
    """Raises Invalid: a note is written between the call, give or take what two clocks differ, and now."""
    if written_at > now + RECEIVED_AHEAD_LIMIT:
        raise Invalid("lies in the future", member="written_at")
    if written_at < received_at - RECEIVED_AHEAD_LIMIT:
        raise Invalid("lies before the call came in", member="written_at")
