"""The GPS witness: reads the tracks of units on assignments and tells arrivals from them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final
from uuid import UUID

from dispatch.domain.arrival import detect_arrival
from dispatch.domain.assignment import Assignment, AssignmentState
from dispatch.domain.decide import Testimony
from dispatch.domain.events import SaidBy
from dispatch.domain.geometry import Position
from dispatch.domain.press import review_press
from dispatch.service.desk import Desk
from dispatch.service.steps import record_step
from dispatch.service.transaction import transaction
from dispatch.store.assignments import assignment_of, set_review, watched_assignments
from dispatch.store.log import button_arrivals, has_gps_arrival
from dispatch.store.tracks import track

LATE_WITNESS: Final = timedelta(minutes=15)
"""How long after its end an assignment is still watched: a backlog after a tunnel may hold the arrival."""
TRACK_BEFORE: Final = timedelta(seconds=60)


async def watch_arrivals(desk: Desk, unit_ids: Collection[UUID] | None) -> None:
    """Looks at the assignments of these units, or of all; each arrival found is one transaction."""
    now = desk.clock()
    async with desk.engine.connect() as connection:
        rows = await watched_assignments(connection, now - LATE_WITNESS)
        known = await has_gps_arrival(connection, [row.assignment_id for row in rows])
    for row in rows:
        if row.assignment_id in known or (unit_ids is not None and row.unit_id not in unit_ids):
            continue
        await _look(desk, assignment_of(row), Position(row.scene_lat, row.scene_lon))


async def _look(desk: Desk, assignment: Assignment, scene: Position) -> None:
    now = desk.clock()
    async with desk.engine.connect() as connection:
        fixes = await track(
            connection, assignment.unit_id, assignment.dispatched_at - TRACK_BEFORE, assignment.ended_at or now
        )
        presses = await button_arrivals(connection, assignment.assignment_id)
    arrival = detect_arrival(fixes, scene, since=assignment.dispatched_at)
    review = {str(reason) for press in presses for reason in review_press(press, arrival, fixes, scene)}
    if arrival is None and tuple(sorted(review)) == assignment.review:
        return
    async with transaction(desk) as work:
        if arrival is not None:
            await record_step(
                work,
                str(assignment.assignment_id),
                AssignmentState.ON_SCENE,
                Testimony(SaidBy.GPS, now, arrival.arrived_at),
                unit_id=assignment.unit_id,
                data={"distance_m": round(arrival.distance_m), "confirmed_at": arrival.confirmed_at.isoformat()},
            )
        await set_review(work.connection, assignment.assignment_id, sorted(review))
