"""Whether a supervisor should look at an incident's figure, or somebody has. Pure.

Open to a look is an ended incident that is measured, whose figure rests on an arrival that carries a mark, or whose
only arrival was inferred, where nobody has ruled on that arrival since the last that was heard of it. A ruling that
makes another unit the first opens it again where that unit's arrival is marked as well. Open too is one that was
cancelled when it was late already, until somebody rules whether it is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from dispatch.domain.kpi import Exclusion
from dispatch.domain.parts import Sent, first_there
from dispatch.domain.review import Ruling, arrivals_after, exclusion_after, in_force

ReviewState = Literal["open", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldArrival:
    """The arrival of one unit that was sent, as recorded (aware; None: nobody saw one).

    `is_marked`: something about it is in doubt. `is_inferred`: that it arrived was only concluded from a later step.
    `is_news`: something was heard of it since somebody ruled on it.
    """

    assignment_id: UUID
    dispatched_at: datetime | None
    on_scene_at: datetime | None
    is_marked: bool = False
    is_inferred: bool = False
    is_news: bool = False


def review_state(
    told: Sequence[ToldArrival],
    rulings: Sequence[Ruling],
    exclusion: Exclusion | None,
    *,
    has_ended: bool,
    cancelled_late: bool = False,
) -> ReviewState | None:
    """None where there is nothing to look at and nobody ruled; `rulings` oldest first, `exclusion` as recorded.

    `cancelled_late`: by the arrivals that count, after all rulings.
    """
    if not has_ended:
        return None
    if cancelled_late and None not in in_force(rulings):
        return "open"
    if exclusion_after(exclusion, rulings) is None and _first_wants_a_look(told, rulings):
        return "open"
    return "done" if rulings else None


def _first_wants_a_look(told: Sequence[ToldArrival], rulings: Sequence[Ruling]) -> bool:
    if not any(one.is_marked or one.is_inferred for one in told):
        return False
    counts = arrivals_after({one.assignment_id: one.on_scene_at for one in told}, rulings)
    # Where nobody was seen to arrive, the figure rests on whoever did by what was concluded.
    inferred = [one for one in told if one.is_inferred]
    may_be = inferred if inferred and not any(counts.values()) else told
    first = first_there(
        Sent(assignment_id=one.assignment_id, dispatched_at=one.dispatched_at, on_scene_at=counts[one.assignment_id])
        for one in may_be
    )
    (arrival,) = [one for one in told if first is not None and one.assignment_id == first.assignment_id]
    is_only_inferred = arrival.is_inferred and counts[arrival.assignment_id] is None
    is_ruled = any(ruling.assignment_id == arrival.assignment_id for ruling in rulings)
    return (arrival.is_marked or is_only_inferred) and (arrival.is_news or not is_ruled)
