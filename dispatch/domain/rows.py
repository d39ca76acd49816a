"""The two sides of a decision: a need of an incident (row), and a unit that may go (column)."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.domain.needs import Need


@dataclass(frozen=True, slots=True)
class Column:
    """A unit that may be sent. `held`: only the incident that it is under way to may have it."""

    unit: int
    doubt_s: float
    is_idle: bool
    held: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A unit that an incident needs. `column`: the one under way to it; if `held`, only a faster one replaces it."""

    incident: int
    need: Need
    column: int | None = None
    held: bool = False
