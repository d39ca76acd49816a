"""The decision under any city: its promises, and that no better one was refused (against brute force)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.candidates import candidates
from dispatch.domain.incident import AccidentClass, Category
from dispatch.domain.judging import judge
from dispatch.domain.needs import needs_of, on_duty
from dispatch.domain.policy import DIVERTED, Plan, decide
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.situation import OpenIncident, Sent, Situation, Unit
from dispatch.domain.unit import UnitStatus
from tests.support.situations import NOW_S

KINDS = [
    (Category.OTHER, None),
    (Category.CRIMINAL, None),
    (Category.TRAFFIC_ACCIDENT, AccidentClass.A2),
    (Category.TRAFFIC_ACCIDENT, AccidentClass.A3),
]
SETTINGS = st.builds(
    PolicySettings,
    method=st.sampled_from(["batch", "greedy"]),
    reoptimise=st.booleans(),
    divert=st.booleans(),
    keep_s=st.sampled_from([0.0, 60.0]),
    pressure=st.sampled_from([0.0, 1.0]),
    diversions_max=st.integers(0, 2),
)


@st.composite
def cities(draw: st.DrawFn, most: int = 5, *, plain: bool = False) -> Situation:
    """Open incidents, some with units under way or on the scene, units in every state, and times between them."""
    count = draw(st.integers(0, most))
    incidents = []
    for n in range(count):
        category, accident_class = (Category.OTHER, None) if plain else draw(st.sampled_from(KINDS))
        incidents.append(
            OpenIncident(
                incident_id=f"I{n}",
                number=f"{n:04d}",
                priority=draw(st.integers(1, 4)),
                received_s=NOW_S - draw(st.integers(0, 1500)),
                category=category,
                accident_class=accident_class,
                station=draw(st.sampled_from([None, "N", "S"])),
                stripped=draw(st.integers(0, 2)),
            )
        )
    units: list[Unit] = []
    sent: dict[int, list[Sent]] = {}
    for n in range(draw(st.integers(0, most))):
        status = draw(
            st.sampled_from([UnitStatus.AVAILABLE, UnitStatus.EN_ROUTE, *([] if plain else list(UnitStatus))])
        )
        on = None
        if status not in (UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE):
            free = [i for i in range(count) if not (plain and i in sent)]
            if not free:
                status = UnitStatus.AVAILABLE
            else:
                on = draw(st.sampled_from(free))
                state = AssignmentState.ON_SCENE if status is UnitStatus.ON_SCENE else AssignmentState.EN_ROUTE
                sent.setdefault(on, []).append(Sent(n, state))
        age_s = None if plain else draw(st.sampled_from([0, 5, 40, 400, None]))
        units.append(
            Unit(
                unit_id=f"U{n}",
                name=f"U{n}",
                status=status,
                motorcycle=draw(st.booleans()),
                capabilities=draw(st.sampled_from([frozenset(), frozenset({"accident"})])),
                station=draw(st.sampled_from([None, "N", "S"])),
                crew=draw(st.integers(1, 2)),
                fixed_s=NOW_S if plain else None if age_s is None else NOW_S - age_s,
                shift_ends_s=math.inf if plain else draw(st.sampled_from([math.inf, NOW_S + 1000])),
                incident_id=None if on is None else f"I{on}",
                diversions=draw(st.integers(0, 1)),
            )
        )
    incidents = [
        replace(incident, sent=tuple(sent.get(n, ())), refused={} if plain else draw(refusals(len(units))))
        for n, incident in enumerate(incidents)
    ]
    times = st.integers(0, 1200).map(float) if plain else st.integers(0, 1200).map(float) | st.just(math.inf)
    eta_s = draw(st.lists(times, min_size=count * len(units), max_size=count * len(units)))
    return Situation(NOW_S, incidents, units, np.array(eta_s, dtype=float).reshape(count, len(units)))


def refusals(units: int) -> st.SearchStrategy[Mapping[Hashable, str]]:
    """Some units that declined."""
    if not units:
        return st.just({})
    return st.dictionaries(st.sampled_from([f"U{n}" for n in range(units)]), st.just("declined_before"), max_size=2)


def after(where: Situation, plan: Plan) -> dict[int, list[int]]:
    """Which units each incident has when the plan is carried out."""
    on = {i: [one.unit for one in incident.sent] for i, incident in enumerate(where.incidents)}
    for release in plan.releases:
        on[release.incident].remove(release.unit)
    for order in plan.orders:
        on[order.incident].append(order.unit)
    return on


@given(cities(), SETTINGS)
def test_nobody_is_in_two_places(where: Situation, rules: PolicySettings) -> None:
    """No unit has two orders, and each is on one incident at most when the plan is carried out."""
    plan = decide(where, rules)
    everywhere = [j for units in after(where, plan).values() for j in units]
    assert len(everywhere) == len(set(everywhere))
    assert len({order.unit for order in plan.orders}) == len(plan.orders)
    for order in plan.orders:
        released = [release for release in plan.releases if release.unit == order.unit]
        assert [release.incident for release in released] == ([] if order.leaves is None else [order.leaves])


@given(cities(), SETTINGS)
def test_only_who_may_go_is_sent(where: Situation, rules: PolicySettings) -> None:
    """Fit, not refused, capable of the need, on duty long enough; and the candidates say the same of it."""
    for order in decide(where, rules).orders:
        unit, incident = where.units[order.unit], where.incidents[order.incident]
        assert judge(unit, NOW_S, rules).fit
        assert unit.unit_id not in incident.refused
        need = next(n for n in needs_of(incident, rules, on_duty(where.units)) if n.role == order.role)
        assert need.met_by(unit)
        assert incident.priority == 1 or NOW_S + order.eta_s + rules.shift_margin_s <= unit.shift_ends_s
        chosen = next(c for c in candidates(where, order.incident, rules, {order.unit}) if c.unit_id == unit.unit_id)
        assert chosen.recommended
        assert chosen.eta_s == pytest.approx(order.eta_s)
        assert (chosen.leaves is None) == (order.leaves is None)


@given(cities(), SETTINGS)
def test_priority_1_is_never_stripped(where: Situation, rules: PolicySettings) -> None:
    """It loses a unit under way for one that is there sooner, and for nothing else."""
    plan = decide(where, rules)
    on = after(where, plan)
    for i, incident in enumerate(where.incidents):
        leaving = [release.unit for release in plan.releases if release.incident == i]
        coming = [order for order in plan.orders if order.incident == i]
        if incident.priority == 1 and leaving:
            assert len(coming) >= len(leaving)
            assert len(on[i]) >= len(incident.sent)
            slowest_s = max(float(where.eta_s[i, j]) + judge(where.units[j], NOW_S, rules).doubt_s for j in leaving)
            assert sorted(order.eta_s for order in coming)[len(leaving) - 1] < slowest_s
    for release in plan.releases:
        goes_on = any(order.unit == release.unit for order in plan.orders)
        assert (release.reason == DIVERTED) == goes_on


@given(cities(), SETTINGS)
def test_nobody_waits_while_a_capable_unit_stands_idle(where: Situation, rules: PolicySettings) -> None:
    """Every need that is left open has nobody who may go and was not sent elsewhere."""
    plan = decide(where, rules)
    busy = {j for units in after(where, plan).values() for j in units}
    for i in plan.waiting:
        for c in candidates(where, i, rules):
            j = next(k for k, unit in enumerate(where.units) if unit.unit_id == c.unit_id)
            if where.units[j].status is UnitStatus.AVAILABLE and j not in busy:
                assert not c.recommended or not _open_needs_met_by(where, plan, i, j, rules)


@settings(max_examples=300)
@given(cities(4, plain=True), st.sampled_from([0.0, 1.0]))
def test_no_better_whole_is_refused(where: Situation, pressure: float) -> None:
    """Without stickiness the plan costs no more than the best of all possible ones, counted by hand."""
    rules = PolicySettings(keep_s=0, pressure=pressure, diversions_max=99, losses_max=99)
    plan = decide(where, rules)
    assert _cost(where, after(where, plan), rules) <= _least_cost(where, rules) + 1e-6


@given(cities(), SETTINGS)
def test_a_plan_that_is_carried_out_is_kept(where: Situation, rules: PolicySettings) -> None:
    """With stickiness, asking again at the same moment changes nothing: no unit is sent to and fro."""
    sticky = replace(rules, keep_s=60.0, pressure=0.0)
    plan = decide(where, sticky)
    on = after(where, plan)
    ordered = {order.unit: order for order in plan.orders}
    dropped = {release.unit for release in plan.releases} - set(ordered)
    if dropped:
        return  # a unit that became free is new help, and may be used
    units = [
        replace(u, status=UnitStatus.EN_ROUTE, incident_id=where.incidents[ordered[j].incident].incident_id)
        if j in ordered
        else u
        for j, u in enumerate(where.units)
    ]
    incidents = [
        replace(
            incident,
            sent=tuple(
                next((one for one in incident.sent if one.unit == j), Sent(j, AssignmentState.EN_ROUTE)) for j in on[i]
            ),
        )
        for i, incident in enumerate(where.incidents)
    ]
    again = decide(replace(where, units=units, incidents=incidents), sticky)
    assert not {order.unit for order in again.orders} & set(ordered)


def _open_needs_met_by(where: Situation, plan: Plan, i: int, j: int, rules: PolicySettings) -> bool:
    """Does the unit meet a need of the incident that nobody meets when the plan is carried out?"""
    needs = list(needs_of(where.incidents[i], rules, on_duty(where.units)))
    roles = {order.role for order in plan.orders if order.incident == i}
    taken = len(after(where, plan)[i])
    open_needs = [need for need in needs if need.role not in roles]
    if taken and len(needs) > 1 and not roles:
        return False  # which of its needs the units under way meet is judged in the unit tests
    return any(need.met_by(where.units[j]) for need in open_needs)


def _cost(where: Situation, on: dict[int, list[int]], rules: PolicySettings) -> float:
    """What the docstring of policy.py says, pair by pair."""
    waiting = [i for i, incident in enumerate(where.incidents) if not incident.sent]
    price = rules.pressure * sum(rules.weights[where.incidents[i].priority - 1] for i in waiting)
    total = 0.0
    for i, incident in enumerate(where.incidents):
        weight, waited_s = rules.weights[incident.priority - 1], NOW_S - incident.received_s
        drive_s = float(where.eta_s[i, on[i][0]]) if on[i] else rules.wait_s
        response_s = waited_s + drive_s
        late = 1 / (1 + math.exp(-(response_s - rules.target_s) / rules.lateness_softness_s))
        total += weight * (response_s + rules.lateness_s * late)
        total += price / max(len(where.units), 1) * drive_s
    return total


def _least_cost(where: Situation, rules: PolicySettings) -> float:
    """Over every way to give each incident one unit or none that the rules allow."""
    best = math.inf
    fixed = {
        one.unit: i
        for i, incident in enumerate(where.incidents)
        for one in incident.sent
        if float(where.eta_s[i, one.unit]) <= rules.freeze_s
    }
    choices: list[list[int | None]] = []
    for i, incident in enumerate(where.incidents):
        own = incident.sent[0].unit if incident.sent else None
        if own is not None and own in fixed:
            choices.append([own])
            continue
        may = [j for j in range(len(where.units)) if j not in fixed]
        if own is not None and incident.priority == 1:
            choices.append([j for j in may if j == own or where.eta_s[i, j] < where.eta_s[i, own]])
        else:
            choices.append([None, *may])
    for chosen in product(*choices):
        used = [j for j in chosen if j is not None]
        if len(used) == len(set(used)):
            on = {i: [] if j is None else [j] for i, j in enumerate(chosen)}
            best = min(best, _cost(where, on, rules))
    return best
