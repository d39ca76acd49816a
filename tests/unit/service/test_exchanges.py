"""Which incidents of a plan belong into one transaction."""

from __future__ import annotations

from dispatch.domain.policy import Order, Plan
from dispatch.service.carrying_out import exchanges


def plan(*orders: tuple[int, int | None]) -> Plan:
    """Orders by (incident, the incident that the unit leaves)."""
    made = [Order(incident, unit, 60.0, "first", leaves) for unit, (incident, leaves) in enumerate(orders)]
    return Plan(tuple(made), (), (), "batch")


def test_incidents_that_give_each_other_units_belong_together() -> None:
    """A swap, a chain whatever its order, two units for one; what has nothing to do with it stands alone."""
    assert exchanges(plan()) == []
    assert exchanges(plan((0, None), (1, None), (0, None))) == [frozenset({1}), frozenset({0})]
    assert exchanges(plan((0, 1), (1, 0))) == [frozenset({0, 1})]
    assert set(exchanges(plan((0, 1), (2, 3), (5, None), (1, 2)))) == {frozenset({0, 1, 2, 3}), frozenset({5})}
