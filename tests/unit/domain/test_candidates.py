"""What a dispatcher sees of every unit for one incident: the order, and all that speaks for and against it."""

from __future__ import annotations

import numpy as np
import pytest

from dispatch.domain.candidates import Candidate, candidates
from dispatch.domain.incident import AccidentClass, Category
from dispatch.domain.policy import decide
from dispatch.domain.policy_settings import DEFAULT_POLICY, PolicySettings
from dispatch.domain.situation import OpenIncident, Situation, Unit
from dispatch.domain.unit import UnitStatus
from tests.support.situations import NOW_S, NOWHERE, UNDER_WAY, incident, situation, unit


def lone(who: Unit, eta_s: float = 100.0, call: OpenIncident | None = None) -> Candidate:
    """The only unit, as an incident sees it."""
    (found,) = candidates(situation([call or incident("1")], [who], [[eta_s]]), 0, DEFAULT_POLICY)
    return found


def test_a_free_unit_with_a_fresh_position_is_recommended() -> None:
    """Nothing speaks against it, and its ETA stays what the streets say."""
    found = lone(unit("A"))
    assert (found.recommended, found.reasons, found.eta_s, found.distance_m) == (True, (), 100.0, None)


@pytest.mark.parametrize(
    ("who", "eta_s", "reasons", "recommended", "shown_s"),
    [
        (unit("A", status=UnitStatus.OUT_OF_SERVICE), 9, ("out_of_service",), False, 9),
        (unit("A", status=UnitStatus.ON_SCENE), 9, ("busy",), False, 9),
        (unit("A", fixed_s=NOW_S - 30), 100, (), True, 100),
        (unit("A", fixed_s=NOW_S - 31), 100, ("stale_position",), True, 100.5),
        (unit("A", fixed_s=NOW_S - 300), 100, ("stale_position",), True, 235),
        (unit("A", fixed_s=NOW_S - 3600), 100, ("position_lost", "stale_position"), False, 235),
        (unit("A", fixed_s=None), NOWHERE, ("no_position",), False, None),
        (unit("A"), NOWHERE, ("no_position",), False, None),
        (unit("A", link_is_down=True), 100, ("link_down",), True, 130),
        (unit("A", shift_ends_s=NOW_S + 900), 100, ("shift_ends",), False, 100),
    ],
)
def test_what_speaks_against_a_unit(
    who: Unit, eta_s: float, reasons: tuple[str, ...], recommended: bool, shown_s: float | None
) -> None:
    """It stays in the list, with every reason; doubts widen its ETA."""
    found = lone(who, eta_s)
    assert (found.reasons, found.recommended, found.eta_s) == (reasons, recommended, shown_s)


def test_who_came_off_this_incident_says_why() -> None:
    """It is not sent there again by itself."""
    found = lone(unit("A"), call=incident("1", refused={"A": "declined_before"}))
    assert (found.recommended, found.reasons) == (False, ("declined_before",))


def test_what_a_unit_lacks_is_named() -> None:
    """The specialist's place is open, the first unit's is taken."""
    call = incident("1", category=Category.TRAFFIC_ACCIDENT, accident_class=AccidentClass.A2, sent=[0])
    units = [unit("A", status=UNDER_WAY, incident_id="1"), unit("B"), unit("S", capabilities=frozenset({"accident"}))]
    where = situation([call], units, [[200, 50, 300]])
    found = {c.name: c for c in candidates(where, 0, DEFAULT_POLICY)}
    assert (found["B"].reasons, found["B"].recommended) == (("lacks_accident",), False)
    assert (found["S"].reasons, found["S"].recommended) == ((), True)
    assert found["A"].reasons == ("lacks_accident", "on_this_incident")
    crime = incident("2", 1, category=Category.CRIMINAL, sent=[0])
    small = [unit("A", crew=1, status=UNDER_WAY, incident_id="2"), unit("B", crew=1)]
    assert candidates(situation([crime], small, [[10, 20]]), 0, DEFAULT_POLICY)[1].reasons[:1] == ("crew_too_small",)


def test_the_stations_own_unit_comes_first_for_damage_alone() -> None:
    """As the decision sends it; too late, and the nearest comes first."""
    call = incident("1", category=Category.TRAFFIC_ACCIDENT, accident_class=AccidentClass.A3, station="N")
    units = [unit("near", station="S"), unit("own", station="N")]
    first = candidates(situation([call], units, [[20, 500]]), 0, DEFAULT_POLICY)[0]
    assert (first.name, first.reasons) == ("own", ("own_station",))
    assert candidates(situation([call], units, [[20, 580]]), 0, DEFAULT_POLICY)[0].name == "near"


def test_narrow_streets_and_missing_streets_are_said() -> None:
    """A car loses time where only a motorcycle gets through; a straight line is no route."""
    where = situation([incident("1", narrow=True)], [unit("car"), unit("bike", motorcycle=True)], [[60, 70]])
    where = Situation(
        where.now_s, where.incidents, where.units, where.eta_s, np.array([[500.0, np.nan]]), where.eta_s < 65
    )
    bike, car = candidates(where, 0, DEFAULT_POLICY)
    assert (car.reasons, car.eta_s, car.distance_m) == (("geodesic", "narrow_street"), 120, 500.0)
    assert (bike.reasons, bike.eta_s, bike.distance_m) == ((), 70, None)


@pytest.mark.parametrize(
    ("priority", "stripped", "diversions", "eta_s", "settings", "reason", "leaves"),
    [
        (3, 0, 0, 300, DEFAULT_POLICY, "under_way_elsewhere", "2"),
        (1, 0, 0, 300, DEFAULT_POLICY, "on_priority_1", None),
        (3, 2, 0, 300, DEFAULT_POLICY, "incident_lost_units_before", None),
        (3, 0, 1, 300, DEFAULT_POLICY, "diverted_before", None),
        (3, 0, 0, 80, DEFAULT_POLICY, "nearly_there", None),
        (3, 0, 0, 300, PolicySettings(divert=False), "diversion_is_off", None),
    ],
)
def test_a_unit_under_way_elsewhere_says_whether_it_would_leave(
    priority: int,
    stripped: int,
    diversions: int,
    eta_s: float,
    settings: PolicySettings,
    reason: str,
    leaves: str | None,
) -> None:
    """`leaves` names the incident that would lose it; nobody is diverted but by a decision."""
    other = incident("2", priority, sent=[0], stripped=stripped)
    who = unit("A", status=UNDER_WAY, incident_id="2", diversions=diversions)
    where = situation([incident("1", 1), other], [who], [[60], [eta_s]])
    (found,) = candidates(where, 0, settings)
    assert (found.reasons, found.leaves, found.recommended) == ((reason,), leaves, False)
    (chosen,) = candidates(where, 0, settings, chosen=[0])
    assert (chosen.recommended, chosen.leaves) == (True, "2")


def test_who_takes_a_slower_units_place_is_judged_by_that_place() -> None:
    """The first need stays open for want of two officers; the second one's unit is replaced by a nearer one."""
    call = incident("1", 1, category=Category.CRIMINAL, sent=[0])
    units = [unit("slow", status=UNDER_WAY, incident_id="1", crew=1), unit("near", crew=1)]
    where = situation([call], units, [[300, 20]])
    settings = PolicySettings(divert=True)
    plan = decide(where, settings)
    chosen = next(c for c in candidates(where, 0, settings, [o.unit for o in plan.orders]) if c.name == "near")
    assert [order.unit for order in plan.orders] == [1]
    assert (chosen.recommended, chosen.reasons) == (True, ())


def test_a_unit_on_an_incident_that_is_not_looked_at_is_busy() -> None:
    """Whoever asks for one incident alone gets no promise about another one's unit."""
    (found,) = candidates(
        situation([incident("1")], [unit("A", status=UNDER_WAY, incident_id="9")], [[60]]), 0, DEFAULT_POLICY
    )
    assert (found.reasons, found.leaves) == (("busy",), None)


def test_the_order_is_chosen_then_recommended_then_the_rest() -> None:
    """Each part by ETA, whoever has none last; the call sign settles ties."""
    units = [
        unit("nowhere"),
        unit("far"),
        unit("busy", status=UnitStatus.ON_SCENE),
        unit("twin b"),
        unit("twin a"),
        unit("chosen"),
    ]
    where = situation([incident("1")], units, [[NOWHERE, 300, 10, 200, 200, 900]])
    names = [c.name for c in candidates(where, 0, DEFAULT_POLICY, chosen=[5])]
    assert names == ["chosen", "twin a", "twin b", "far", "busy", "nowhere"]
