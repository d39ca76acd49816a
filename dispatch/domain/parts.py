"""Where the time of a response went: four parts along the way of the unit that arrived first. Pure.

handling: received to entered · dispatch: entered to that unit's order · turnout: order to under way · travel: under way
to the door. They add up to the response. A step that nobody took by button or GPS leaves the parts on both of its
sides unknown; no time is invented to fill them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

Part = Literal["handling", "dispatch", "turnout", "travel"]
PARTS: Final[tuple[Part, ...]] = ("handling", "dispatch", "turnout", "travel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A unit that was sent, with the times that count, aware; None for a step that is not known."""

    assignment_id: UUID
    dispatched_at: datetime | None
    acknowledged_at: datetime | None = None
    en_route_at: datetime | None = None
    on_scene_at: datetime | None = None
    unit: str | None = None
    unit_type: str | None = None
    eta_s: float | None = None


def first_there(sent: Iterable[Sent]) -> Sent | None:
    """The unit that arrived first; where none did, the one that was sent first; None where none was.

    Of two at the same moment the one sent earlier, then the smaller id, so that the answer can be repeated.
    """

    def earlier(at: datetime | None) -> tuple[bool, float]:
        return (at is None, 0.0 if at is None else at.timestamp())

    return min(
        sent,
        key=lambda one: (*earlier(one.on_scene_at), *earlier(one.dispatched_at), one.assignment_id),
        default=None,
    )


def parts_of(received_at: datetime, created_at: datetime | None, first: Sent | None) -> dict[Part, float | None]:
    """Seconds of each part of a response that has come to its end; None for what isn't known. All four add up to it.

    Told from the arrival backwards: a step after the one that follows it (a unit at the scene before its order, a
    button pressed late) tells nothing of when it took place.
    """
    if first is None or first.on_scene_at is None:
        return dict.fromkeys(PARTS)
    until = max(received_at, first.on_scene_at)
    moments: list[datetime | None] = [until]
    for at in (first.en_route_at, first.dispatched_at, created_at):
        if at is None or at > until:
            moments.append(None)
        else:
            until = max(at, received_at)
            moments.append(until)
    moments = [received_at, *reversed(moments)]
    return {
        part: None if begin is None or end is None else (end - begin).total_seconds()
        for part, begin, end in zip(PARTS, moments, moments[1:], strict=False)
    }
