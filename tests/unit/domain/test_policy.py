"""Who goes: the decision over all incidents and units, its rules, and the greedy rule that steps in."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.incident import AccidentClass, Category
from dispatch.domain.policy import DIVERTED, REPLACED, Order, Plan, Release, decide
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.situation import Sent, Situation
from dispatch.domain.unit import UnitStatus
from tests.support.situations import NOW_S, NOWHERE, UNDER_WAY, incident, situation, unit

GREEDY = PolicySettings(method="greedy")


def sent(plan: Plan) -> list[tuple[int, int]]:
    """(incident, unit) of each order."""
    return [(order.incident, order.unit) for order in plan.orders]


class TestSending:
    """Idle units and waiting incidents."""

    def test_the_nearest_goes_to_a_lone_call(self) -> None:
        """By ETA; the order names it and says when it will be there."""
        plan = decide(situation([incident("1")], [unit("far"), unit("near")], [[200, 90]]))
        assert plan.orders == (Order(0, 1, 90.0, "first", None),)
        assert (plan.releases, plan.waiting, plan.method, plan.fallback) == ((), (), "batch", False)

    def test_two_calls_are_decided_together(self) -> None:
        """The first call's nearest unit is the only one near the second: one after the other would lose 300 s."""
        where = situation([incident("1"), incident("2")], [unit("A"), unit("B")], [[60, 80], [70, 400]])
        assert sent(decide(where)) == [(0, 1), (1, 0)]
        assert sent(decide(where, GREEDY)) == [(0, 0), (1, 1)]

    def test_with_one_unit_the_better_priority_goes_first(self) -> None:
        """The other waits, and the plan says so."""
        plan = decide(situation([incident("1", 3, 500), incident("2", 1)], [unit("A")], [[50], [300]]))
        assert (sent(plan), plan.waiting) == ([(1, 0)], (0,))

    def test_a_call_about_to_be_late_goes_before_one_that_has_time(self) -> None:
        """Of two with the same priority, equally far: the step from in time to late is worth 600 s."""
        plan = decide(
            situation([incident("1", 2, 60), incident("2", 2, 480)], [unit("A"), unit("B")], [[60, 300], [60, 300]])
        )
        assert (1, 0) in sent(plan)

    def test_nobody_waits_while_a_unit_is_idle_however_far_it_is(self) -> None:
        """Two hours away is better than nobody."""
        plan = decide(situation([incident("1")], [unit("A")], [[7200]]))
        assert sent(plan) == [(0, 0)]

    def test_a_unit_without_a_way_is_not_sent(self) -> None:
        """Nobody can say how long it needs."""
        plan = decide(
            situation([incident("1"), incident("2")], [unit("A"), unit("B")], [[NOWHERE, NOWHERE], [math.nan, 9]])
        )
        assert (sent(plan), plan.waiting) == ([(1, 1)], (0,))

    def test_nothing_to_decide(self) -> None:
        """No incidents, no units, or nobody free: an empty plan that names who waits."""
        assert decide(situation([], [unit("A")], [])).waiting == ()
        busy = unit("A", status=UnitStatus.ON_SCENE)
        for units in ([], [busy]):
            plan = decide(situation([incident("1")], units, [[0.0] * len(units)]))
            assert (plan.orders, plan.waiting) == ((), (0,))

    def test_a_stale_position_and_a_link_that_is_down_cost_time(self) -> None:
        """90 s old: 30 s more. No link: the wait for an acknowledgement."""
        units = [unit("stale", fixed_s=NOW_S - 90), unit("unlinked", link_is_down=True), unit("fresh")]
        assert decide(situation([incident("1")], units, [[100, 100, 129]])).orders[0].unit == 2
        assert decide(situation([incident("1")], units, [[100, 110, 131]])).orders[0] == Order(0, 0, 130.0, "first")

    @pytest.mark.parametrize("settings", [PolicySettings(), GREEDY])
    def test_who_refused_is_not_sent_again(self, settings: PolicySettings) -> None:
        """Nor a unit whose position is lost, nor one out of service."""
        call = incident("1", refused={"A": "declined_before"})
        units = [
            unit("A"),
            unit("B", fixed_s=NOW_S - 301),
            unit("C", status=UnitStatus.OUT_OF_SERVICE),
            unit("D", fixed_s=None),
        ]
        assert decide(situation([call], units, [[1, 1, 1, 1]]), settings).waiting == (0,)


class TestReoptimising:
    """Incidents that nobody has reached yet are decided again."""

    def test_a_unit_under_way_is_replaced_by_one_that_is_much_nearer(self) -> None:
        """The one that was sent stands down; less than the stickiness of 60 s changes nothing."""
        calls, units = [incident("1", 2, sent=[0])], [unit("A", status=UNDER_WAY, incident_id="1"), unit("B")]
        plan = decide(situation(calls, units, [[400, 200]]))
        assert (sent(plan), plan.releases) == ([(0, 1)], (Release(0, 0, REPLACED),))
        assert decide(situation(calls, units, [[260, 210]])) == Plan((), (), (), "batch", 1, 2)

    def test_a_unit_is_diverted_to_a_better_priority(self) -> None:
        """Its first call waits for the next unit."""
        calls = [incident("1", 3, sent=[0]), incident("2", 1)]
        plan = decide(situation(calls, [unit("A", status=UNDER_WAY, incident_id="1")], [[300], [60]]))
        assert plan.orders == (Order(1, 0, 60.0, "first", 0),)
        assert (plan.releases, plan.waiting) == ((Release(0, 0, DIVERTED),), (0,))

    def test_two_units_under_way_swap_where_both_gain(self) -> None:
        """A crossing that straight thinking one by one would never undo."""
        calls = [incident("1", 2, sent=[0]), incident("2", 2, sent=[1])]
        units = [unit("A", status=UNDER_WAY, incident_id="1"), unit("B", status=UNDER_WAY, incident_id="2")]
        plan = decide(situation(calls, units, [[400, 100], [120, 420]]))
        assert sent(plan) == [(0, 1), (1, 0)]
        assert {release.reason for release in plan.releases} == {DIVERTED}

    @pytest.mark.parametrize(("priority", "stripped"), [(1, 0), (3, 2)])
    def test_an_incident_that_may_not_lose_its_unit_keeps_it(self, priority: int, stripped: int) -> None:
        """Priority 1, and one that lost two units already; a faster one may still take the place."""
        held = incident("1", priority, sent=[0], stripped=stripped)
        units = [unit("A", status=UNDER_WAY, incident_id="1"), unit("B")]
        plan = decide(situation([held, incident("2", 1)], units, [[300, NOWHERE], [60, 2000]]))
        assert (sent(plan), plan.releases) == ([(1, 1)], ())
        plan = decide(situation([held], units, [[300, 100]]))
        assert (sent(plan), plan.releases) == ([(0, 1)], (Release(0, 0, REPLACED),))

    def test_priority_1_gives_its_unit_for_a_faster_one_and_others_get_the_slower(self) -> None:
        """Both are reached sooner: the nearer unit takes the place, the one under way turns to the call beside it."""
        calls = [incident("1", 1, sent=[0]), incident("2", 3)]
        units = [unit("A", status=UNDER_WAY, incident_id="1"), unit("B")]
        plan = decide(situation(calls, units, [[300, 100], [10, 500]]))
        assert (sent(plan), plan.releases) == ([(0, 1), (1, 0)], (Release(0, 0, DIVERTED),))
        slower = decide(situation(calls, units, [[300, 301], [10, 500]]))
        assert (sent(slower), slower.releases) == ([(1, 1)], ())
        units[0] = replace(units[0], diversions=1)
        assert decide(situation(calls[:1], units, [[300, 100]])).releases == (Release(0, 0, REPLACED),)

    def test_a_unit_is_not_diverted_twice_nor_shortly_before_it_arrives(self) -> None:
        """Nor where diversion is off."""
        calls = [incident("1", 3, sent=[0]), incident("2", 1)]
        under_way = unit("A", status=UNDER_WAY, incident_id="1")
        again = decide(situation(calls, [replace(under_way, diversions=1)], [[300], [60]]))
        near = decide(situation(calls, [under_way], [[90], [60]]))
        off = decide(situation(calls, [under_way], [[300], [60]]), PolicySettings(divert=False))
        assert again.orders == near.orders == off.orders == ()
        assert again.waiting == near.waiting == off.waiting == (1,)

    def test_a_unit_that_is_lost_on_the_way_is_neither_moved_nor_replaced(self) -> None:
        """Nobody knows how far it is; its incident keeps what it has."""
        calls = [incident("1", 3, sent=[0])]
        units = [unit("A", status=UNDER_WAY, incident_id="1", fixed_s=NOW_S - 400), unit("B")]
        assert decide(situation(calls, units, [[300, 10]])).orders == ()

    def test_without_it_what_is_ordered_stays(self) -> None:
        """Pending incidents alone are decided."""
        calls = [incident("1", 2, sent=[0])]
        units = [unit("A", status=UNDER_WAY, incident_id="1"), unit("B")]
        pending = PolicySettings(reoptimise=False, divert=False)
        assert decide(situation(calls, units, [[900, 10]]), pending).orders == ()

    def test_the_greedy_rule_diverts_for_a_better_priority_alone(self) -> None:
        """And the incident that lost its unit chooses after the one that took it."""
        calls = [incident("1", 3, sent=[0]), incident("2", 1)]
        units = [unit("A", status=UNDER_WAY, incident_id="1"), unit("B")]
        plan = decide(situation(calls, units, [[300, 500], [60, 400]]), GREEDY)
        assert sent(plan) == [(0, 1), (1, 0)]
        same = [incident("1", 2, sent=[0]), incident("2", 2)]
        assert sent(decide(situation(same, units, [[300, 500], [60, 400]]), GREEDY)) == [(1, 1)]
        quiet = replace(GREEDY, divert=False)
        assert sent(decide(situation(calls, units, [[300, 500], [60, 400]]), quiet)) == [(1, 1)]

    def test_first_come_first_served(self) -> None:
        """The rule to compare with: the longest wait chooses, whatever its priority."""
        calls = [incident("1", 3, 500), incident("2", 1, 60)]
        rule = PolicySettings(method="greedy", greedy_order="received")
        assert sent(decide(situation(calls, [unit("A")], [[50], [50]]), rule)) == [(0, 0)]


class TestNeeds:
    """Several units for one incident, and who is capable."""

    def test_a_violent_crime_takes_two_units_the_first_with_two_officers(self) -> None:
        """The motorcycle is nearest, and comes as the second."""
        call = incident("1", 1, category=Category.CRIMINAL)
        units = [unit("motorcycle", crew=1, motorcycle=True), unit("car"), unit("far")]
        plan = decide(situation([call], units, [[30, 60, 400]]))
        assert {(order.unit, order.role) for order in plan.orders} == {(1, "first"), (0, "second")}
        assert plan.waiting == ()

    def test_an_injuring_accident_takes_a_specialist_and_whoever_is_nearest(self) -> None:
        """The nearest protects the scene until the specialist is there."""
        call = incident("1", 2, category=Category.TRAFFIC_ACCIDENT, accident_class=AccidentClass.A2)
        units = [unit("near"), unit("specialist", capabilities=frozenset({"accident"})), unit("other")]
        plan = decide(situation([call], units, [[60, 500, 90]]))
        assert {(order.unit, order.role) for order in plan.orders} == {(0, "first"), (1, "specialist")}

    def test_a_specialist_who_is_on_another_job_is_waited_for(self) -> None:
        """The incident has its first unit, and still needs the other."""
        call = incident("1", 2, category=Category.TRAFFIC_ACCIDENT, accident_class=AccidentClass.A1)
        units = [unit("near"), unit("S", capabilities=frozenset({"accident"}), status=UnitStatus.ON_SCENE)]
        plan = decide(situation([call], units, [[60, 60]]))
        assert (sent(plan), plan.waiting) == ([(0, 0)], (0,))

    def test_damage_alone_goes_to_the_stations_own_unit_where_it_is_in_time(self) -> None:
        """Nearer ones of other stations stay; too late, and the nearest goes."""
        call = incident("1", 3, category=Category.TRAFFIC_ACCIDENT, accident_class=AccidentClass.A3, station="North")
        units = [unit("near", station="South"), unit("own", station="North")]
        for settings in (PolicySettings(), GREEDY):
            assert sent(decide(situation([call], units, [[20, 500]]), settings)) == [(0, 1)]
            assert sent(decide(situation([call], units, [[20, 545]]), settings)) == [(0, 0)]

    def test_a_narrow_street_costs_a_car_time(self) -> None:
        """The motorcycle that is a little farther away goes."""
        call = incident("1", narrow=True)
        units = [unit("car"), unit("motorcycle", motorcycle=True)]
        assert decide(situation([call], units, [[60, 110]])).orders == (Order(0, 1, 110.0, "first"),)

    def test_a_shift_that_ends_spares_its_unit_but_for_priority_1(self) -> None:
        """A quarter of an hour must be left after the arrival."""
        units = [unit("ends", shift_ends_s=NOW_S + 900), unit("stays")]
        assert sent(decide(situation([incident("1", 2)], units, [[60, 300]]))) == [(0, 1)]
        assert sent(decide(situation([incident("1", 1)], units, [[60, 300]]))) == [(0, 0)]
        ends_later = [unit("ends", shift_ends_s=NOW_S + 961), unit("stays")]
        assert sent(decide(situation([incident("1", 2)], ends_later, [[60, 300]]))) == [(0, 0)]

    def test_a_second_unit_is_still_sent_when_the_first_is_there(self) -> None:
        """The clock has stopped, the need has not."""
        there = (Sent(0, AssignmentState.ON_SCENE),)
        busy = replace(incident("1", 1, category=Category.CRIMINAL), sent=there)
        units = [unit("A", status=UnitStatus.ON_SCENE, incident_id="1"), unit("B")]
        plan = decide(situation([busy], units, [[0, 100]]))
        assert [(order.unit, order.role) for order in plan.orders] == [(1, "second")]


class TestFallback:
    """The solver is slow or fails."""

    def test_the_greedy_rule_steps_in_and_says_so(self) -> None:
        """Nobody waits for a solver."""
        where = situation([incident("1"), incident("2")], [unit("A"), unit("B")], [[60, 80], [70, 400]])
        plan = decide(where, solver=lambda costs: None)
        assert (sent(plan), plan.method, plan.fallback) == ([(0, 0), (1, 1)], "greedy", True)
        assert not decide(where, GREEDY).fallback

    def test_the_order_of_rows_changes_nothing(self) -> None:
        """The same city gives the same decision, however its rows came out of the database."""
        calls = [incident("1", 2), incident("2", 3), incident("3", 1)]
        units = [unit("A"), unit("B")]
        eta_s = np.array([[60, 80], [70, 400], [90, 95]], dtype=float)
        plan = decide(Situation(NOW_S, calls, units, eta_s))
        turned = decide(Situation(NOW_S, calls[::-1], units[::-1], eta_s[::-1, ::-1]))
        assert {(calls[i].number, units[j].name) for i, j in sent(plan)} == {
            (calls[::-1][i].number, units[::-1][j].name) for i, j in sent(turned)
        }
