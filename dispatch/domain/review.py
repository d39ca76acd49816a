"""What a supervisor ruled on a figure, and the figure that follows from it. Pure; nothing on record is changed by it.

- A ruling is about one unit's arrival (`stands`, `gps`, `button`, `corrected`, `not_reached`) or about whether the
  incident is measured (`excluded`, `counted`). The newest one about each counts; those before it stay on record.
- A ruling for a witness or for a corrected time keeps the time it was given with: what comes in later changes what is
  recorded, and not what was ruled.
- The response ends with the earliest arrival that counts of all units. A unit without a ruling counts as recorded.
- Somebody who was not sent may have been there, first or alone: a corrected time that names no unit says when.
- A cancelled incident, or one merged into another, can't be counted by a ruling: the timeline says what it was. But one
  that was cancelled when it was late already can: `counted`, nobody came; or `excluded` as `cancelled`, it stands.
- Of an imported call no timeline does: that it was cancelled before anybody arrived is ruled, and taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from dispatch.domain.incident import IncidentState
from dispatch.domain.kpi import Exclusion, IncidentRecord, cancelled_late
from dispatch.domain.refusals import Invalid

Arrivals = Mapping[UUID, datetime | None]
"""By assignment, of all units of an incident: when each arrived, None where it did not."""


class RulingKind(StrEnum):
    """What was ruled."""

    STANDS = "stands"
    GPS = "gps"
    BUTTON = "button"
    CORRECTED = "corrected"
    NOT_REACHED = "not_reached"
    EXCLUDED = "excluded"
    COUNTED = "counted"


ON_THE_INCIDENT: Final = frozenset({RulingKind.EXCLUDED, RulingKind.COUNTED})
MAY_BE_GIVEN: Final = (Exclusion.OFFICER_INITIATED, Exclusion.SCHEDULED, Exclusion.TEST, Exclusion.DUPLICATE)
"""An open call and a missing time follow from the record; nobody rules them. Of a cancellation see `OnRecord`."""
WITHOUT_A_UNIT: Final = "arrival"
"""The subject of a ruling on the arrival of somebody who was not sent."""
OF_NOBODY_SENT: Final = frozenset({RulingKind.CORRECTED, RulingKind.STANDS})
AFTER_THE_END: Final = timedelta(minutes=15)
"""So long after an incident's end GPS may still tell an arrival; later ones are no arrival at it."""
Subject = UUID | Literal["arrival"] | None
"""What a ruling is about: a unit's arrival, that of somebody who was not sent, or the incident (None)."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """`assignment_id` None: about the incident, or the arrival of somebody who was not sent.

    `on_scene_at` (UTC) of gps, button and corrected; else None.
    """

    kind: RulingKind
    assignment_id: UUID | None = None
    on_scene_at: datetime | None = None
    exclusion: Exclusion | None = None

    @property
    def subject(self) -> Subject:
        """What it is about; the newest ruling about each counts."""
        return WITHOUT_A_UNIT if self.assignment_id is None and self.kind not in ON_THE_INCIDENT else self.assignment_id


@dataclass(frozen=True, slots=True)
class Witnessed:
    """One unit's arrival as recorded, and the earliest word of each witness; None where there is none."""

    recorded_at: datetime | None = None
    button_at: datetime | None = None
    gps_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What a ruling is checked against. `exclusion`: what `left_out` says now, by record or ruling.

    `ended_at`: of the incident, None where that is not known. `unsent_at`: when somebody who was not sent was there, as
    ruled so far. `on_scene_at`: the first arrival that counts now. `cancelled_late`: it was cancelled after its ten
    minutes, and by the arrivals that count now nobody was there: that it is left out as cancelled may be ruled.
    """

    received_at: datetime
    units: Mapping[UUID, Witnessed]
    exclusion: Exclusion | None = None
    ended_at: datetime | None = None
    unsent_at: datetime | None = None
    on_scene_at: datetime | None = None
    is_imported: bool = False
    cancelled_late: bool = False


def in_force(rulings: Iterable[Ruling]) -> dict[Subject, Ruling]:
    """The newest ruling about each subject; `rulings` oldest first."""
    return {ruling.subject: ruling for ruling in rulings}


def unsent_at(rulings: Iterable[Ruling]) -> datetime | None:
    """When somebody who was not sent was there, as ruled; None where nobody ruled so. `rulings` oldest first."""
    ruling = in_force(rulings).get(WITHOUT_A_UNIT)
    return None if ruling is None else ruling.on_scene_at


def arrivals_after(arrivals: Arrivals, rulings: Sequence[Ruling]) -> dict[UUID, datetime | None]:
    """The arrivals that count, of the same units; `rulings` oldest first."""
    ruled = in_force(rulings)
    return {
        unit: at if unit not in ruled or ruled[unit].kind is RulingKind.STANDS else ruled[unit].on_scene_at
        for unit, at in arrivals.items()
    }


def exclusion_after(recorded: Exclusion | None, rulings: Sequence[Ruling]) -> Exclusion | None:
    """The exclusion that counts; `rulings` oldest first."""
    ruling = in_force(rulings).get(None)
    return recorded if ruling is None else ruling.exclusion


def is_corrected(exclusion: Exclusion | None, arrivals: Arrivals, rulings: Sequence[Ruling]) -> bool:
    """Does anything count otherwise than it was recorded? `exclusion`: see `left_out`; `rulings` oldest first."""
    return (
        exclusion_after(exclusion, rulings) != exclusion
        or arrivals_after(arrivals, rulings) != arrivals
        or unsent_at(rulings) is not None
    )


def reviewed(record: IncidentRecord, rulings: Sequence[Ruling], arrivals: Arrivals) -> IncidentRecord:
    """The record as ruled, itself where nobody did; `rulings` oldest first, `arrivals` as recorded."""
    if not rulings:
        return record
    on_scene_at, unsent = record.on_scene_at, unsent_at(rulings)
    if unsent is not None or any(ruling.assignment_id in arrivals for ruling in rulings):
        there = [at for at in (*arrivals_after(arrivals, rulings).values(), unsent) if at is not None]
        on_scene_at = min(there, default=None)
    after = replace(record, on_scene_at=on_scene_at, exclusion=exclusion_after(record.exclusion, rulings))
    ruling = in_force(rulings).get(None)
    if ruling is not None and ruling.kind is RulingKind.COUNTED and cancelled_late(after):
        # As one that was closed: nobody came.
        return replace(after, state=IncidentState.CLOSED)
    return after


def checked(wish: Ruling, known: OnRecord, now: datetime) -> Ruling:
    """The ruling with the time that it stands for. Raises Invalid, which names the member and says what to do."""
    if wish.on_scene_at is not None and wish.kind is not RulingKind.CORRECTED:
        raise Invalid("only `corrected` names a time; leave it out", member="on_scene_at")
    if wish.exclusion is not None and wish.kind is not RulingKind.EXCLUDED:
        raise Invalid("only `excluded` names an exclusion; leave it out", member="exclusion")
    if wish.kind in ON_THE_INCIDENT:
        _check_on_incident(wish, known)
        return wish
    if wish.kind is RulingKind.CORRECTED:
        _check_time(wish.on_scene_at, known, now)
    if wish.assignment_id is None:
        _check_unsent(wish, known)
        return wish
    if wish.assignment_id not in known.units:
        raise Invalid("is no assignment of this incident", member="assignment_id")
    unit = known.units[wish.assignment_id]
    if wish.kind is RulingKind.GPS:
        return replace(wish, on_scene_at=_told(unit.gps_at, "GPS saw no arrival of this unit; choose another ruling"))
    if wish.kind is RulingKind.BUTTON:
        told = _told(unit.button_at, "the crew of this unit pressed no arrival; choose another ruling")
        return replace(wish, on_scene_at=told)
    return wish


def _check_unsent(wish: Ruling, known: OnRecord) -> None:
    takes_back = wish.kind is RulingKind.STANDS and known.unsent_at is not None
    if known.units and not takes_back and wish.kind is not RulingKind.CORRECTED:
        raise Invalid("name the unit whose arrival it is, by its assignment", member="assignment_id")
    if wish.kind not in OF_NOBODY_SENT:
        raise Invalid(
            "no unit was sent: rule `corrected` with the time at which somebody was there, or `stands`", member="ruling"
        )


def _check_on_incident(wish: Ruling, known: OnRecord) -> None:
    if wish.assignment_id is not None:
        raise Invalid(f"`{wish.kind}` is about the whole incident; leave it out", member="assignment_id")
    if wish.kind is RulingKind.COUNTED:
        if known.exclusion is None:
            raise Invalid("the incident is not excluded: there is nothing to take back", member="ruling")
    elif wish.exclusion is Exclusion.CANCELLED:
        _check_cancelled(known)
    elif wish.exclusion not in MAY_BE_GIVEN:
        more = (Exclusion.CANCELLED,) if known.is_imported and known.on_scene_at is None else ()
        raise Invalid(f"say which: {', '.join((*MAY_BE_GIVEN, *more))}", member="exclusion")


def _check_cancelled(known: OnRecord) -> None:
    if known.cancelled_late:
        return
    if not known.is_imported:
        raise Invalid(
            "only of a call that is imported, or that was cancelled after its ten minutes: one of this system is "
            "cancelled by a dispatcher while it is open",
            member="exclusion",
        )
    if known.on_scene_at is not None:
        raise Invalid(
            f"somebody arrived ({known.on_scene_at.isoformat()}), and a call is cancelled before that; rule "
            "`not_reached` first where nobody came",
            member="exclusion",
        )


def _told(at: datetime | None, why_not: str) -> datetime:
    if at is None:
        raise Invalid(why_not, member="ruling")
    return at


def _check_time(on_scene_at: datetime | None, known: OnRecord, now: datetime) -> None:
    """Before a unit's order is possible: it may have stood there already."""
    if on_scene_at is None:
        raise Invalid("say when the unit arrived", member="on_scene_at")
    if on_scene_at < known.received_at:
        raise Invalid(f"lies before the call came in ({known.received_at.isoformat()})", member="on_scene_at")
    if on_scene_at > now:
        raise Invalid("lies in the future", member="on_scene_at")
    if known.ended_at is not None and on_scene_at > known.ended_at + AFTER_THE_END:
        raise Invalid(
            f"lies more than 15 minutes after the incident ended ({known.ended_at.isoformat()}): correct the time, or "
            "rule `not_reached` where nobody came",
            member="on_scene_at",
        )
