"""Which incidents a supervisor should look at, and which somebody has ruled on: ids by page, the newest call first.

Open to a look is an ended incident that is measured, whose figure rests on an arrival that carries a mark, or whose
only arrival was inferred, where nobody has ruled on that arrival since the last that was heard of it. A ruling that
makes another unit the first opens it again where that unit's arrival is marked as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.review_facts import among, calls_of
from dispatch.store.review_tables import reviews
from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, events, incidents

ListState = Literal["open", "done"]
WORTH_A_LOOK: Final = text(
    "(assignments.review <> '{}' OR assignments.on_scene_at IS NULL AND assignments.state = 'cleared')"
)
"""In the words of the index ix_assignments_worth_a_look, so that the list never reads the other assignments."""
EVIDENCE: Final = ("unit_on_scene", "arrival_marked_for_review")
_COLUMNS: Final = select(incidents.c.incident_id, incidents.c.received_at, incidents.c.exclusion)
SETTLED_AFTER: Final = timedelta(hours=1)
"""So long after its end nothing more is heard of an assignment: GPS tells its arrival for 15 minutes."""


async def review_page(
    connection: AsyncConnection,
    state: ListState,
    *,
    start: datetime | None,
    end: datetime | None,
    only: Collection[UUID] | None = None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[AnyRow]:
    """(`incident_id`, `received_at`) of calls received in [start, end), of those that `only` names where it does;
    `before` is the last of the page before."""
    asked = _asked(state, start, end, only)
    if before is not None:
        key = tuple_(incidents.c.received_at, incidents.c.incident_id)
        asked = asked.where(key < tuple_(literal(before[0]), literal(before[1])))
    # Found and put in order first, then looked at closely one by one until the page is full, not all of many years.
    newest_first = asked.order_by(incidents.c.received_at.desc(), incidents.c.incident_id.desc())
    found = newest_first.cte("found").prefix_with("MATERIALIZED")
    is_open = _is_open(found)
    query = (
        select(found.c.incident_id, found.c.received_at)
        .where(is_open if state == "open" else not_(is_open))
        .order_by(found.c.received_at.desc(), found.c.incident_id.desc())
        .limit(limit)
    )
    return (await connection.execute(query)).all()


async def looked_through(connection: AsyncConnection, start: datetime | None, end: datetime | None) -> list[UUID]:
    """All incidents that the list of what was ruled on is made from: it leaves out what is open again."""
    ruled_on = _asked("done", start, end).with_only_columns(incidents.c.incident_id)
    return list((await connection.scalars(ruled_on)).all())


async def open_count(connection: AsyncConnection, start: datetime | None, end: datetime | None) -> int:
    """How many calls received in [start, end) are open to a look."""
    found = _asked("open", start, end).cte("found").prefix_with("MATERIALIZED")
    query = select(func.count()).select_from(found).where(_is_open(found))
    return int(await connection.scalar(query) or 0)


def _asked(
    state: ListState, start: datetime | None, end: datetime | None, only: Collection[UUID] | None = None
) -> Select[Any]:
    asked = _COLUMNS.where(incidents.c.state.in_(("closed", "cancelled")))
    if only is not None:
        asked = asked.where(among(incidents.c.incident_id, only))
    meant = _marked(only) if state == "open" else select(reviews.c.incident_id)
    asked = asked.where(incidents.c.incident_id.in_(meant))
    if start is not None:
        asked = asked.where(incidents.c.received_at >= start)
    if end is not None:
        asked = asked.where(incidents.c.received_at < end)
    return asked


def _marked(only: Collection[UUID] | None) -> Select[Any]:
    """A superset of what is open: not those whose marked arrivals somebody ruled on when nothing more could come."""
    settled = exists().where(
        reviews.c.assignment_id == assignments.c.assignment_id,
        reviews.c.decided_at > assignments.c.ended_at + SETTLED_AFTER,
    )
    if only is None:
        every = incidents.alias("marked_call")
        calls = select(every.c.incident_id, func.coalesce(every.c.merged_into, every.c.incident_id).label("counts_for"))
        call = calls.subquery()
    else:
        call = calls_of(only)
    return (
        select(call.c.counts_for)
        .join(assignments, assignments.c.incident_id == call.c.incident_id)
        .where(WORTH_A_LOOK, not_(settled))
    )


def _is_open(found: FromClause) -> ColumnElement[bool]:
    """Of a row with `incident_id` and `exclusion`: measured, and the arrival that its figure rests on wants a look."""
    ruling = reviews.alias("on_incident")
    about = and_(ruling.c.incident_id == found.c.incident_id, ruling.c.assignment_id.is_(None))
    about = and_(about, ruling.c.ruling.in_(("excluded", "counted")))
    newest = select(ruling.c.exclusion.is_(None)).where(about).order_by(ruling.c.number.desc()).limit(1)
    by_ruling = newest.correlate(found).scalar_subquery()
    return and_(func.coalesce(by_ruling, found.c.exclusion.is_(None)), _first_wants_a_look(found))


def _first_wants_a_look(found: FromClause) -> ColumnElement[bool]:
    sent, call, ruling = assignments.alias("sent"), incidents.alias("call"), reviews.alias("ruling")
    newest = (
        select(ruling.c.ruling, ruling.c.on_scene_at, ruling.c.decided_at)
        .where(ruling.c.incident_id == found.c.incident_id, ruling.c.assignment_id == sent.c.assignment_id)
        .order_by(ruling.c.number.desc())
        .limit(1)
        .correlate(found, sent)
        .lateral("newest")
    )
    about = and_(events.c.incident_id == sent.c.incident_id, events.c.assignment_id == sent.c.assignment_id)
    inferred = exists().where(about, events.c.kind == "unit_on_scene", events.c.said_by == "inferred")
    heard_since = exists().where(about, events.c.kind.in_(EVIDENCE), events.c.recorded_at > newest.c.decided_at)
    as_recorded = or_(newest.c.ruling.is_(None), newest.c.ruling == "stands")
    arrived_at = case((as_recorded, sent.c.on_scene_at), else_=newest.c.on_scene_at)
    only_inferred = and_(arrived_at.is_(None), inferred.correlate(sent))
    first = (
        select(
            and_(
                or_(sent.c.review != text("'{}'"), only_inferred),
                or_(newest.c.decided_at.is_(None), heard_since.correlate(sent, newest)),
            )
        )
        .select_from(sent.join(call, call.c.incident_id == sent.c.incident_id).outerjoin(newest, true()))
        .where(or_(call.c.incident_id == found.c.incident_id, call.c.merged_into == found.c.incident_id))
        .order_by(arrived_at.asc().nulls_last(), only_inferred.desc(), sent.c.dispatched_at, sent.c.assignment_id)
        .limit(1)
        .correlate(found)
        .scalar_subquery()
    )
    return func.coalesce(first, text("false"))
