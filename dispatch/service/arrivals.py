"""The GPS witness: reads the tracks of units on assignments and tells arrivals from them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from dispatch.domain.arrival import DEFAULT_RULES, Arrival, detect_arrival
from dispatch.domain.assignment import Assignment, AssignmentState
from dispatch.domain.decide import Testimony
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.fix import Fix
from dispatch.domain.geometry import Position, distance_m
from dispatch.domain.press import review_press
from dispatch.service.desk import Desk
from dispatch.service.steps import record_step
from dispatch.service.transaction import transaction
from dispatch.store.assignments import assignment_of, set_review, watched_assignments
from dispatch.store.log import button_arrivals, has_gps_arrival
from dispatch.store.tracks import track
from gateway.protocol import CLOCK_AHEAD_LIMIT_MS

LATE_WITNESS: Final = timedelta(minutes=15)
"""How long after its end an assignment is still watched: a backlog after a tunnel may hold the arrival."""
NEAR_M: Final = 500.0
CLOCKS_APART: Final = timedelta(seconds=30)
"""What the clocks of gateway and dispatch may differ by."""
RECEIVER_AHEAD: Final = timedelta(milliseconds=CLOCK_AHEAD_LIMIT_MS)
TRACK_BEFORE: Final = timedelta(seconds=60)


async def watch_arrivals(desk: Desk, unit_ids: Collection[UUID] | None, since: datetime) -> None:
    """Looks at the assignments for which fixes or a press came in since that time; an arrival is one transaction.

    With `unit_ids`: at these units alone, and only where they are near, which is what has to be known at once.
    """
    now = desk.clock()
    async with desk.engine.connect() as connection:
        rows = await watched_assignments(connection, ended_after=now - LATE_WITNESS, news_since=since - CLOCKS_APART)
        told = await has_gps_arrival(connection, [row.assignment_id for row in rows])
    for row in rows:
        scene = Position(row.scene_lat, row.scene_lon)
        if unit_ids is not None:
            near = row.lat is not None and distance_m(Position(row.lat, row.lon), scene) <= NEAR_M
            if not near or row.unit_id not in unit_ids or row.assignment_id in told:
                continue
        await _look(desk, assignment_of(row), scene, told=row.assignment_id in told)


async def _look(desk: Desk, assignment: Assignment, scene: Position, *, told: bool) -> None:
    """`told`: the GPS arrival is in the log; a press that came after it may still need a person's eye."""
    now = desk.clock()
    async with desk.engine.connect() as connection:
        presses = await button_arrivals(connection, assignment.assignment_id)
        if told and not presses:
            return
        # A receiver's clock may run ahead of ours as far as the link lets it.
        end = assignment.ended_at or now + RECEIVER_AHEAD
        fixes = await track(connection, assignment.unit_id, assignment.dispatched_at - TRACK_BEFORE, end)
    arrival = detect_arrival(fixes, scene, since=assignment.dispatched_at)
    if arrival is not None and not assignment.is_answered and not _came(fixes, arrival, scene):
        return
    review = sorted({str(reason) for press in presses for reason in review_press(press, arrival, fixes, scene)})
    is_news = arrival is not None and not told
    if not is_news and tuple(review) == assignment.review:
        return
    async with transaction(desk) as work:
        if arrival is not None and is_news:
            await record_step(
                work,
                str(assignment.assignment_id),
                AssignmentState.ON_SCENE,
                Testimony(SaidBy.GPS, now, arrival.arrived_at),
                unit_id=assignment.unit_id,
                data={"distance_m": round(arrival.distance_m), "confirmed_at": arrival.confirmed_at.isoformat()},
            )
        if tuple(review) != assignment.review:
            await set_review(work.connection, assignment.assignment_id, review)
            work.record(
                Event(
                    kind=EventKind.ARRIVAL_MARKED_FOR_REVIEW,
                    happened_at=now,
                    said_by=SaidBy.SERVER,
                    incident_id=assignment.incident_id,
                    assignment_id=assignment.assignment_id,
                    unit_id=assignment.unit_id,
                    data={"review": review},
                )
            )


def _came(fixes: Sequence[Fix], arrival: Arrival, scene: Position) -> bool:
    """Was the car seen elsewhere before? One that stood at the scene already proves nothing about its crew.

    Without an answer of the crew such an arrival waits: it must not hide that nobody acknowledged the order.
    """
    before = (fix for fix in fixes if fix.fixed_at < arrival.arrived_at)
    return any(distance_m(fix.position, scene) > DEFAULT_RULES.radius_m for fix in before)
