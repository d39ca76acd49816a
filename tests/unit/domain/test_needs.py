"""Which units an incident needs, and which of these it has."""

from __future__ import annotations

import pytest

from dispatch.domain.incident import AccidentClass, Category
from dispatch.domain.needs import FIRST, fill, needs_of, on_duty
from dispatch.domain.policy_settings import DEFAULT_POLICY, PolicySettings
from dispatch.domain.situation import Sent
from dispatch.domain.unit import UnitStatus
from tests.support.situations import incident, unit

SKILLED = frozenset({"accident"})


@pytest.mark.parametrize("accident_class", [AccidentClass.A1, AccidentClass.A2])
def test_an_accident_with_casualties_takes_a_specialist_where_one_is_on_duty(accident_class: AccidentClass) -> None:
    """A specialist whom no shift has is not waited for."""
    call = incident("1", category=Category.TRAFFIC_ACCIDENT, accident_class=accident_class)
    assert [need.role for need in needs_of(call, DEFAULT_POLICY, SKILLED)] == ["first", "specialist"]
    assert needs_of(call, DEFAULT_POLICY, frozenset()) == (FIRST,)


@pytest.mark.parametrize(
    ("priority", "category", "count"),
    [(1, Category.CRIMINAL, 2), (1, Category.PUBLIC_ORDER, 2), (2, Category.CRIMINAL, 1), (1, Category.DISASTER, 1)],
)
def test_a_violent_crime_takes_two_units(priority: int, category: Category, count: int) -> None:
    """Violent: a crime or breach of the peace of the best priority. The rule may be switched off."""
    call = incident("1", priority, category=category)
    assert len(needs_of(call, DEFAULT_POLICY, frozenset())) == count
    assert needs_of(call, PolicySettings(two_units_priority=0), frozenset()) == (FIRST,)


def test_the_capabilities_on_duty() -> None:
    """A unit out of service has none to offer."""
    away = unit("A", capabilities=frozenset({"diver"}), status=UnitStatus.OUT_OF_SERVICE)
    assert on_duty([unit("B"), away]) == frozenset()
    assert on_duty([unit("B", capabilities=SKILLED), away]) == SKILLED


def test_the_most_demanding_need_chooses_first() -> None:
    """The specialist that is on its way is not taken for the unit that protects the scene."""
    call = incident("1", category=Category.TRAFFIC_ACCIDENT, accident_class=AccidentClass.A2)
    needs = needs_of(call, DEFAULT_POLICY, SKILLED)
    units = [unit("S", capabilities=SKILLED), unit("B")]
    assert fill(needs, [Sent(0)], units) == [None, Sent(0)]
    assert fill(needs, [Sent(0), Sent(1)], units) == [Sent(1), Sent(0)]
    assert fill(needs, [Sent(1)], units) == [Sent(1), None]


def test_units_sent_by_hand_against_the_rule_count_all_the_same() -> None:
    """Two single officers at a violent crime are two units; a third has nothing to fill."""
    needs = needs_of(incident("1", 1, category=Category.CRIMINAL), DEFAULT_POLICY, frozenset())
    units = [unit("A", crew=1), unit("B", crew=1), unit("C", crew=1)]
    assert fill(needs, [Sent(0), Sent(1), Sent(2)], units) == [Sent(1), Sent(0)]
