"""Was the car there? GPS as the second witness beside the crew's button. Pure; the track may come in any order.

What counts as an arrival, and why
- *Near* is 60 m from the scene: half a city block plus the error of the address and of the receiver. Motorcycles on
  pavements, campuses and parks need more: `ArrivalRules.within(radius_m)`.
- *Standing* is slower than 5 km/h for a dwell of 15 s, or of 3 fixes where these come 4 s apart or rarer. At one fix a
  second the 15 s decide, so that 2 s of crawling are no arrival; at one fix in 5, 10 or 15 s the 3 fixes decide. Fewer
  than 3 never do: one or two looks at a car may each have found it at a lamp. The arrival is dated back to the dwell's
  first fix.
- A red light on the way is no arrival, for it is not near. A queue within 60 m of the scene for 15 s *is* one by this
  rule: from a track alone nobody can tell the two apart, and the crew's button is the other witness.
- *Noise.* A fix with a stated accuracy above 30 m is not looked at: it neither makes nor breaks a dwell. One that
  states none counts as good, because many receivers never state any and their cars arrive too. Fixes that do not fit
  are forgiven inside a dwell while less than 5 s are lost, or, at slow rates, a single one that jumps away without
  reporting motion. Three quarters of a dwell must fit, so that jumps alone make none.
- *Gaps.* Where nothing was seen for more than 60 s a dwell ends: the car may have been anywhere.
- *No speed reported:* it is derived from where the car is 10 s later (or at the next fix, where these are rarer). Over
  one second an error of 2 m would look like 7 km/h. Of two such later fixes the kinder one counts, so that one jump
  does not make a standing car move. The dwell is counted from fix to fix, though each was seen to stand for longer.

Detection looks only backwards from `confirmed_at`: a track that ends there gives the same arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from dispatch.domain.fix import Fix, in_order
from dispatch.domain.geometry import Position, distance_m, distances_m
from dispatch.domain.utc import require_utc


@dataclass(frozen=True, slots=True)
class ArrivalRules:
    """The figures of the rule; the head of this file says what each is for."""

    accuracy_m: float = 30.0
    radius_m: float = 60.0
    slow_mps: float = 5 / 3.6
    dwell_s: float = 15.0
    dwell_fixes: int = 3
    rare_s: float = 4.0
    forgiven_s: float = 5.0
    gap_s: float = 60.0
    speed_over_s: float = 10.0
    leave_m: float = 150.0
    leave_s: float = 30.0
    press_far_m: float = 300.0
    press_early_s: float = 60.0

    def within(self, radius_m: float) -> ArrivalRules:
        """The same rules for a scene of another size; the distances for leaving and for a far press move along."""
        wider_m = radius_m - self.radius_m
        return replace(self, radius_m=radius_m, leave_m=self.leave_m + wider_m, press_far_m=self.press_far_m + wider_m)


DEFAULT_RULES: Final = ArrivalRules()


@dataclass(frozen=True, slots=True)
class Arrival:
    """The car was there from `arrived_at` on; known at `confirmed_at`; `left_at` None while it hasn't left.

    `distance_m`: from the scene to the fix that `arrived_at` is dated to.
    """

    arrived_at: datetime
    confirmed_at: datetime
    distance_m: float
    left_at: datetime | None


def detect_arrival(
    track: Sequence[Fix], scene: Position, *, since: datetime, rules: ArrivalRules = DEFAULT_RULES
) -> Arrival | None:
    """The first arrival at the scene at or after `since` (UTC; when the unit was dispatched), or None so far.

    A car that stood there already when it was dispatched arrives with its first fix from `since` on. Repeated fixes,
    late ones and any order of the track give the same answer.
    """
    require_utc("since", since)
    fixes = [fix for fix in usable_fixes(track, rules) if fix.fixed_at >= since]
    away_m = distances_m(
        scene.lat, scene.lon, [fix.position.lat for fix in fixes], [fix.position.lon for fix in fixes]
    ).tolist()
    dwell = _first_dwell(_sights(fixes, away_m, rules), rules)
    if dwell is None:
        return None
    first, confirmed_at = dwell
    return Arrival(
        arrived_at=first.at,
        confirmed_at=confirmed_at,
        distance_m=first.away_m,
        left_at=_left_at(fixes, away_m, first.at, rules),
    )


def is_news(arrival: Arrival | None, told_at: datetime | None) -> bool:
    """Is there a word to add to what GPS has told of this order? `told_at`: its earliest arrival so far, that counts.

    Fixes that come in late may show an earlier arrival: it is one more word, and nothing that was said is taken back. A
    later one is none.
    """
    return arrival is not None and (told_at is None or arrival.arrived_at < told_at)


def usable_fixes(track: Iterable[Fix], rules: ArrivalRules) -> list[Fix]:
    """The track in order of time, without what is too inaccurate to say where the car was."""
    return in_order(fix for fix in track if fix.accuracy_m is None or fix.accuracy_m <= rules.accuracy_m)


@dataclass(frozen=True, slots=True)
class _Sight:
    """One look at the car. `known_at`: when a derived speed became known, never before that of an earlier sight."""

    at: datetime
    known_at: datetime
    away_m: float
    fits: bool
    reports_motion: bool


def _sights(fixes: Sequence[Fix], away_m: Sequence[float], rules: ArrivalRules) -> list[_Sight]:
    """What each fix says; ends before the first whose speed can't be known yet."""
    sights: list[_Sight] = []
    for index, fix in enumerate(fixes):
        if fix.speed_mps is not None:
            slow, known_at = fix.speed_mps < rules.slow_mps, fix.fixed_at
        else:
            derived = _slow_by_positions(fixes, index, rules)
            if derived is None:
                break
            slow, known_at = derived
        if sights:
            known_at = max(known_at, sights[-1].known_at)
        sights.append(
            _Sight(
                at=fix.fixed_at,
                known_at=known_at,
                away_m=away_m[index],
                fits=slow and away_m[index] <= rules.radius_m,
                reports_motion=fix.speed_mps is not None and not slow,
            )
        )
    return sights


def _slow_by_positions(fixes: Sequence[Fix], index: int, rules: ArrivalRules) -> tuple[bool, datetime] | None:
    """Was the car slow at this fix, judged by where it is later, and when was that known? None: not known yet."""
    here = fixes[index]
    looked = 0
    for later_index in range(index + 1, len(fixes)):
        later = fixes[later_index]
        elapsed_s = _elapsed_s(here.fixed_at, later.fixed_at)
        if elapsed_s > rules.gap_s:
            return False, later.fixed_at
        if elapsed_s < rules.speed_over_s:
            continue
        if distance_m(here.position, later.position) < rules.slow_mps * elapsed_s:
            return True, later.fixed_at
        looked += 1
        if looked == 2:
            return False, later.fixed_at
    return None


def _first_dwell(sights: Iterable[_Sight], rules: ArrivalRules) -> tuple[_Sight, datetime] | None:
    """The sight with which the first long enough dwell began, and when that was known."""
    first: _Sight | None = None
    last: _Sight | None = None
    fitting = forgiven = 0
    strays: list[_Sight] = []
    for sight in sights:
        if not sight.fits:
            strays.append(sight)
            continue
        if first is None or last is None or not _one_dwell(last, strays, sight, rules):
            first, fitting, forgiven = sight, 0, 0
        else:
            forgiven += len(strays)
        last, fitting, strays = sight, fitting + 1, []
        looks, elapsed_s = fitting + forgiven, _elapsed_s(first.at, sight.at)
        long_enough = elapsed_s >= rules.dwell_s or elapsed_s >= rules.rare_s * (looks - 1)
        if long_enough and fitting >= max(rules.dwell_fixes, 3 * forgiven):
            return first, sight.known_at
    return None


def _one_dwell(last: _Sight, strays: Sequence[_Sight], sight: _Sight, rules: ArrivalRules) -> bool:
    """Do two sights that fit belong to one dwell, with these between them that don't?"""
    elapsed_s = _elapsed_s(last.at, sight.at)
    if elapsed_s > rules.gap_s:
        return False
    lone_jump = len(strays) == 1 and not strays[0].reports_motion
    return not strays or elapsed_s <= rules.forgiven_s or lone_jump


def _left_at(
    fixes: Sequence[Fix], away_m: Sequence[float], arrived_at: datetime, rules: ArrivalRules
) -> datetime | None:
    out_since: datetime | None = None
    for fix, metres in zip(fixes, away_m, strict=True):
        if fix.fixed_at <= arrived_at:
            continue
        if metres <= rules.leave_m:
            out_since = None
        elif out_since is None:
            out_since = fix.fixed_at
        elif _elapsed_s(out_since, fix.fixed_at) >= rules.leave_s:
            return out_since
    return None


def _elapsed_s(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
