"""Orders that are done with must not heap up in a car that stays connected for weeks."""

from __future__ import annotations

from pathlib import Path

from gateway.protocol import Order, OrderIncident, Step
from tests.unit.vehicle_agent.parts import parts


def test_only_the_last_finished_orders_are_kept(tmp_path: Path) -> None:
    """A hundred orders taken and cleared leave a bounded list; one that is open stays, however old."""
    made = parts(tmp_path / "journal.db")
    for number in range(100):
        incident = OrderIncident(
            id=f"i{number}", number="1", category="other", priority=3, summary="", lat=23.5, lon=120.4, received_ms=1
        )
        made.state.take_order(Order(assignment_id=f"a{number}", incident=incident, arrive_by_ms=2))
        if number > 0:
            made.car.step(f"a{number}", Step.CLEARED)
    kept = [held.order.assignment_id for held in made.state.kept.orders]
    assert kept[0] == "a0"
    assert kept[-1] == "a99"
    assert len(kept) < 30
    made.journal.close()
