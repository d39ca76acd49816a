"""Why nobody was there in time: the part of a response that went furthest over its norm. Pure; docs/why-late.md.

- A response is cut into parts along the way of the unit that arrived first. Each second belongs to one part, so that
  the parts add up to the response. Each part has a norm; what goes over it is its excess.
- The reason is the part with the largest excess; of equal ones the earlier. What the norms leave of the target is for
  the way: an ETA beyond that is a part of the excess too (`too_far`), so that all excesses, the negative ones
  included, add up to how late it was, and a late response always has one.
- An ETA counts at most as what the travel then took: one that was too long makes no way too far that was driven within
  its norm, and hides nothing that was lost before it.
- A step that nobody took by button or GPS has no time. The parts on both of its sides are then one, whose norm is the
  sum; where they speak for different reasons and that part is the largest, the reason is `unknown`.
- A step that was told for a time after the one that follows it is as good as not told.
- Where the place was put right after the unit's order, its ETA led elsewhere: all of the way's excess is `place_wrong`.
- On the clock `dispatched` the response begins with the first order: nothing before it is a part of it or has a norm,
  and more of the target is left for the way. Of what lies before the order of the unit that arrived only the time from
  the first order on is a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from dispatch.domain.incident import TARGET_S
from dispatch.domain.kpi import Clock
from dispatch.domain.stretches import Stretch, total, within, without


class LateReason(StrEnum):
    """Why an incident was late: one for each."""

    NO_UNIT_FREE = "no_unit_free"
    LATE_ENTRY = "late_entry"
    LATE_DISPATCH = "late_dispatch"
    LATE_ACKNOWLEDGEMENT = "late_acknowledgement"
    TURNOUT = "turnout"
    TRAVEL_LONGER_THAN_ETA = "travel_longer_than_eta"
    TOO_FAR = "too_far"
    PLACE_WRONG = "place_wrong"
    STOPPED_ON_THE_WAY = "stopped_on_the_way"
    NOBODY_CAME = "nobody_came"
    UNKNOWN = "unknown"


class Step(StrEnum):
    """What time is spent on, in its order. `waiting`: nobody could be sent; `untaken`: an order lay with a crew that
    declined it or never answered; `standing`: the unit stood still under way."""

    ENTRY = "entry"
    WAITING = "waiting"
    UNTAKEN = "untaken"
    DISPATCH = "dispatch"
    ACKNOWLEDGEMENT = "acknowledgement"
    TURNOUT = "turnout"
    STANDING = "standing"
    TRAVEL = "travel"


class Counterfactual(StrEnum):
    """What can be said of the nearest free unit, had it been sent at once."""

    KNOWN = "known"
    NOBODY_FREE = "nobody_free"
    NOT_KEPT = "not_kept"
    """Nobody kept who was free when it was entered (an imported incident, say)."""


@dataclass(frozen=True, slots=True)
class Norms:
    """Seconds that each step may take, and metres by which a place may be put right; docs/why-late.md says why."""

    entry_s: float = 60.0
    dispatch_s: float = 30.0
    acknowledgement_s: float = 30.0
    turnout_s: float = 60.0
    target_s: float = TARGET_S
    place_m: float = 100.0

    @property
    def way_s(self) -> float:
        """What they leave of the target for the way."""
        return self.target_s - self.entry_s - self.dispatch_s - self.acknowledgement_s - self.turnout_s


DEFAULT_NORMS: Final = Norms()


@dataclass(frozen=True, slots=True, kw_only=True)
class LateCase:
    """What is on record of one incident. Times aware; None where it is not known.

    `on_scene_at`: the arrival that counts, None if nobody came; the steps before it and `eta_s` (as the order said)
    are those of the unit that arrived. `ever_sent`: any unit was, the first at `first_sent_at`. `nobody_free`: nobody
    could be sent; `untaken`: an order to another unit lay there, and it declined or never answered; `stood`: the
    arriving unit stood still. `place_moved_m`: from the place at that unit's order to that at its arrival.
    `free_eta_s`: of the nearest free unit when the incident was entered; `candidates_kept`: somebody looked then.
    """

    received_at: datetime
    created_at: datetime | None = None
    dispatched_at: datetime | None = None
    acknowledged_at: datetime | None = None
    en_route_at: datetime | None = None
    on_scene_at: datetime | None = None
    eta_s: float | None = None
    ever_sent: bool = True
    first_sent_at: datetime | None = None
    nobody_free: Sequence[Stretch] = ()
    untaken: Sequence[Stretch] = ()
    stood: Sequence[Stretch] = ()
    place_moved_m: float = 0.0
    free_eta_s: float | None = None
    candidates_kept: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Seconds on one step, or on several between which no time is known."""

    steps: tuple[Step, ...]
    seconds: float
    norm_s: float

    @property
    def excess_s(self) -> float:
        """Over the norm; negative where less was needed."""
        return self.seconds - self.norm_s


@dataclass(frozen=True, slots=True)
class Why:
    """`excess_s`: of the reason, None where it has none. `parts` add up to the response; none if nobody came.

    `nearest_free_s`: the response, had the nearest free unit been sent when the call was entered, on the same clock;
    None where `counterfactual` says why.
    """

    reason: LateReason
    excess_s: float | None
    parts: tuple[Part, ...]
    nearest_free_s: float | None
    counterfactual: Counterfactual


_Span = tuple[tuple[Step, ...], datetime, datetime]
_OF_ONE: Final = {
    Step.ENTRY: LateReason.LATE_ENTRY,
    Step.WAITING: LateReason.NO_UNIT_FREE,
    Step.UNTAKEN: LateReason.LATE_ACKNOWLEDGEMENT,
    Step.DISPATCH: LateReason.LATE_DISPATCH,
    Step.ACKNOWLEDGEMENT: LateReason.LATE_ACKNOWLEDGEMENT,
    Step.TURNOUT: LateReason.TURNOUT,
    Step.STANDING: LateReason.STOPPED_ON_THE_WAY,
}


def why_late(case: LateCase, clock: Clock = "received", norms: Norms = DEFAULT_NORMS) -> Why:
    """The one reason of an incident that is late on this clock.

    Of one that is not late `unknown`, unless a part went over its norm.
    """
    if clock == "dispatched":
        case, norms = from_dispatch(case), replace(norms, entry_s=0.0, dispatch_s=0.0)
    free_s, counterfactual = _nearest_free(case)
    if case.on_scene_at is None:
        waits = not case.ever_sent and bool(case.nobody_free)
        reason = LateReason.NO_UNIT_FREE if waits else LateReason.NOBODY_CAME
        return Why(reason, None, (), free_s, counterfactual)
    parts = parts_of(case, norms)
    reason, excess_s = LateReason.UNKNOWN, 0.0
    too_far = [] if case.eta_s is None else [(LateReason.TOO_FAR, promised_s(case, norms) - norms.way_s)]
    for found, over_s in [*((_reason(part, case, norms), part.excess_s) for part in parts), *too_far]:
        if over_s > excess_s:
            reason, excess_s = found, over_s
    return Why(reason, excess_s or None, parts, free_s, counterfactual)


def from_dispatch(case: LateCase) -> LateCase:
    """The same as if the call had come in, and been entered, with the first order; without one, with its receipt."""
    begin = case.first_sent_at or case.received_at
    return replace(case, received_at=begin, created_at=begin)


def parts_of(case: LateCase, norms: Norms = DEFAULT_NORMS) -> tuple[Part, ...]:
    """The response cut into its parts, in order; they add up to it. Nothing where nobody came."""
    promised = promised_s(case, norms)
    return tuple(part for span in _spans(case) for part in _cut(span, case, norms, promised))


def promised_s(case: LateCase, norms: Norms = DEFAULT_NORMS) -> float:
    """The norm of travel, seconds: the ETA, but where the place was not moved no more than the travel took.

    Where it is not known when the unit set off, no more than what the norms leave of the time since the step before.
    """
    if case.eta_s is None or case.on_scene_at is None:
        return norms.way_s
    if case.place_moved_m >= norms.place_m:
        return case.eta_s
    *_, (steps, begin, end) = _spans(case)
    lost_s = sum(total(stretches).total_seconds() for _, stretches in _lost((steps, begin, end), case, norms))
    others_s = sum(_norm_s(step, norms, 0.0) for step in steps)
    return min(case.eta_s, max(0.0, (end - begin).total_seconds() - lost_s - others_s))


def _spans(case: LateCase) -> Iterable[_Span]:
    """Between the times that are known and in order, told from the arrival backwards."""
    if case.on_scene_at is None:
        return []
    begin, end = case.received_at, max(case.received_at, case.on_scene_at)
    told = (
        (Step.TRAVEL, case.en_route_at),
        (Step.TURNOUT, case.acknowledged_at),
        (Step.ACKNOWLEDGEMENT, case.dispatched_at),
        (Step.DISPATCH, case.created_at),
        (Step.ENTRY, begin),
    )
    spans: list[_Span] = []
    until, steps = end, list[Step]()
    for step, at in told:
        steps.insert(0, step)
        if at is not None and at <= until:
            since = max(at, begin)
            spans.append((tuple(steps), since, until))
            until, steps = since, []
    return reversed(spans)


def _cut(span: _Span, case: LateCase, norms: Norms, promised: float) -> Iterable[Part]:
    """A span without what was lost in it for a reason of its own, after those losses; what is left comes last."""
    steps, begin, end = span
    left = end - begin
    for step, stretches in _lost(span, case, norms):
        left -= total(stretches)
        if stretches:
            yield Part((step,), total(stretches).total_seconds(), 0.0)
    yield Part(steps, left.total_seconds(), sum(_norm_s(step, norms, promised) for step in steps))


def _lost(span: _Span, case: LateCase, norms: Norms) -> list[tuple[Step, list[Stretch]]]:
    steps, begin, end = span
    if Step.DISPATCH in steps:
        waiting = within(case.nobody_free, begin, end)
        return [(Step.WAITING, waiting), (Step.UNTAKEN, without(within(case.untaken, begin, end), waiting))]
    if Step.TRAVEL in steps and case.place_moved_m < norms.place_m:
        return [(Step.STANDING, within(case.stood, begin, end))]
    return []


def _norm_s(step: Step, norms: Norms, promised: float) -> float:
    return promised if step is Step.TRAVEL else float(getattr(norms, f"{step}_s"))


def _reason(part: Part, case: LateCase, norms: Norms) -> LateReason:
    if part.steps == (Step.ACKNOWLEDGEMENT, Step.TURNOUT):
        return LateReason.TURNOUT
    if len(part.steps) > 1:
        return LateReason.UNKNOWN
    if part.steps == (Step.TRAVEL,):
        if case.place_moved_m >= norms.place_m:
            return LateReason.PLACE_WRONG
        return LateReason.UNKNOWN if case.eta_s is None else LateReason.TRAVEL_LONGER_THAN_ETA
    return _OF_ONE[part.steps[0]]


def _nearest_free(case: LateCase) -> tuple[float | None, Counterfactual]:
    if not case.candidates_kept:
        return None, Counterfactual.NOT_KEPT
    if case.free_eta_s is None:
        return None, Counterfactual.NOBODY_FREE
    entered_s = max(0.0, ((case.created_at or case.received_at) - case.received_at).total_seconds())
    return entered_s + case.free_eta_s, Counterfactual.KNOWN
