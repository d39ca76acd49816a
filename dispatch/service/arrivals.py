"""The GPS witness: reads the tracks of units on assignments and tells arrivals from them.

What it looks at depends on what came in since its last look, at any age: a crew that was offline may upload presses and
track days after the end (decision 0034).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from dispatch.domain.arrival import DEFAULT_RULES, Arrival, detect_arrival, is_news
from dispatch.domain.assignment import Assignment, AssignmentState
from dispatch.domain.decide import Testimony
from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.fix import Fix
from dispatch.domain.geometry import Position, distance_m
from dispatch.domain.press import marks, review_press
from dispatch.domain.refusals import Refused
from dispatch.service.desk import Desk
from dispatch.service.steps import record_step
from dispatch.service.transaction import transaction
from dispatch.store.assignments import assignment_of, set_review
from dispatch.store.away import is_passing
from dispatch.store.log import button_arrivals
from dispatch.store.rows import AnyRow
from dispatch.store.tracks import track
from dispatch.store.witness import (
    TRACK_BEFORE,
    Progress,
    came_in,
    gps_arrivals,
    keep_progress,
    late_news,
    watched_now,
    watched_of,
    witness_progress_now,
)
from gateway.protocol import CLOCK_AHEAD_LIMIT_MS

_log = structlog.get_logger()

AFTER_THE_END: Final = timedelta(minutes=15)
"""So long after its end an assignment's own fixes are asked for; whatever comes later is noted as late by then."""
NEAR_M: Final = 500.0
IN_THE_AIR: Final = timedelta(minutes=1)
"""What came in so long before the last look may not have been there yet: clocks differ by 30 s, and a fix may wait 10 s
for its commit before it is noted as late."""
RECEIVER_AHEAD: Final = timedelta(milliseconds=CLOCK_AHEAD_LIMIT_MS)


async def sweep_arrivals(desk: Desk) -> bool:
    """Looks at all that came in since the last sweep, of whichever server; an arrival is one transaction.

    Where it had got to is kept at the end: what breaks off is done again. True where more waits than it took.
    """
    now = desk.clock()
    async with desk.engine.connect() as connection:
        progress = await witness_progress_now(connection)
        since = min(progress.swept_at, now) - IN_THE_AIR
        news = await late_news(connection, progress.event_id)
        late = await watched_of(connection, news.assignment_ids)
        live = await watched_now(connection, ended_after=since - AFTER_THE_END, news_since=since)
        live = [row for row in live if row.assignment_id not in news.assignment_ids]
        told = await gps_arrivals(connection, [*late, *live])
    for row in live:
        await _try(desk, row, told.get(row.assignment_id), since)
    for row in late:
        await _try(desk, row, told.get(row.assignment_id), None)
    async with desk.engine.begin() as connection:
        await keep_progress(connection, Progress(now, news.event_id), news.note_ids)
    return not news.is_all


async def look_near(desk: Desk, unit_ids: Collection[UUID], since: datetime) -> None:
    """Looks at these units alone, and only where they are near their scene: what has to be known at once."""
    since -= IN_THE_AIR
    async with desk.engine.connect() as connection:
        rows = await watched_now(connection, ended_after=since - AFTER_THE_END, news_since=since)
        told = await gps_arrivals(connection, rows)
    for row in rows:
        near = row.lat is not None and distance_m(Position(row.lat, row.lon), _scene(row)) <= NEAR_M
        if near and row.unit_id in unit_ids and row.assignment_id not in told:
            await _try(desk, row, None, since)


async def _try(desk: Desk, row: AnyRow, told_at: datetime | None, since: datetime | None) -> None:
    """An assignment that breaks the look must not hold up those behind it."""
    try:
        await _look(desk, assignment_of(row), _scene(row), told_at, since)
    except DBAPIError as error:
        if is_passing(error):
            raise
        _log.exception("arrival_not_looked_at", assignment_id=str(row.assignment_id))
    except (Refused, LookupError, ValueError, TypeError, RuntimeError, ArithmeticError):
        _log.exception("arrival_not_looked_at", assignment_id=str(row.assignment_id))


async def _look(
    desk: Desk, assignment: Assignment, scene: Position, told_at: datetime | None, since: datetime | None
) -> None:
    """`told_at`: GPS has told an arrival; a press that came after it may still need a person's eye.

    `since`: its fixes came in since then; None: any may have.
    """
    now = desk.clock()
    start = assignment.dispatched_at - TRACK_BEFORE
    async with desk.engine.connect() as connection:
        presses = await button_arrivals(connection, assignment.incident_id, assignment.assignment_id)
        if told_at is not None and since is not None and not presses:
            # Only what fills in the time before could tell an earlier arrival.
            until = told_at + timedelta(seconds=DEFAULT_RULES.gap_s)
            if not await came_in(connection, assignment.unit_id, start, until, since):
                return
        # A receiver's clock may run ahead of ours as far as the link lets it.
        end = assignment.ended_at or now + RECEIVER_AHEAD
        fixes = await track(connection, assignment.unit_id, start, end)
    arrival = detect_arrival(fixes, scene, since=assignment.dispatched_at)
    if arrival is not None and not assignment.is_answered and not _came(fixes, arrival, scene):
        return
    found = [reason for press in presses for reason in review_press(press, arrival, fixes, scene)]
    kept_since = now - timedelta(days=desk.settings.fix_retention_days)
    review = marks(found, assignment.review, track_is_whole=start >= kept_since)
    news = arrival if is_news(arrival, told_at) else None
    if news is None and review == assignment.review:
        return
    async with transaction(desk) as work:
        if news is not None:
            await record_step(
                work,
                str(assignment.assignment_id),
                AssignmentState.ON_SCENE,
                Testimony(SaidBy.GPS, now, news.arrived_at),
                unit_id=assignment.unit_id,
                data={"distance_m": round(news.distance_m), "confirmed_at": news.confirmed_at.isoformat()},
            )
        if review != assignment.review:
            await set_review(work.connection, assignment.assignment_id, review)
            work.record(
                Event(
                    kind=EventKind.ARRIVAL_MARKED_FOR_REVIEW,
                    happened_at=now,
                    said_by=SaidBy.SERVER,
                    incident_id=assignment.incident_id,
                    assignment_id=assignment.assignment_id,
                    unit_id=assignment.unit_id,
                    data={"review": list(review)},
                )
            )


def _scene(row: AnyRow) -> Position:
    return Position(row.scene_lat, row.scene_lon)


def _came(fixes: Sequence[Fix], arrival: Arrival, scene: Position) -> bool:
    """Was the car seen elsewhere before? One that stood at the scene already proves nothing about its crew.

    Without an answer of the crew such an arrival waits: it must not hide that nobody acknowledged the order.
    """
    before = (fix for fix in fixes if fix.fixed_at < arrival.arrived_at)
    return any(distance_m(fix.position, scene) > DEFAULT_RULES.radius_m for fix in before)
