"""What is on record of late incidents, for many at once: the arriving unit's steps, what was lost, who was free.

By the arrivals that count after review. A unit that was sent to a call that is merged now counts for the incident that
the call is merged into, and so do that call's decisions and events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Double, Uuid, case, cast, column, func, select, true
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.geometry import Position, distance_m
from dispatch.domain.kpi_line import Figures
from dispatch.domain.parts import Sent, first_there
from dispatch.domain.review import arrivals_after, unsent_at
from dispatch.domain.stretches import Stretch
from dispatch.domain.why_late import LateCase
from dispatch.store.review_facts import calls_of, sent_to
from dispatch.store.reviews import rulings_of
from dispatch.store.rows import AnyRow
from dispatch.store.tables import alarms, decisions, events, incidents
from dispatch.store.unit_looks import Look, looks_of

UNTAKEN: Final = ("declined", "timed_out")
FREE: Final = "AVAILABLE"
FOREVER: Final = timedelta(days=36_500)
AT_ONCE: Final = timedelta(minutes=1)
"""Who looked later than so long after the entry does not know who could have been sent at once."""


@dataclass(frozen=True, slots=True)
class _Free:
    """When somebody looked, and the ETA of the nearest unit that was free then; None where none was."""

    at: datetime
    eta_s: float | None


@dataclass(slots=True)
class _Told:
    """What the log says of one incident."""

    nobody_at: list[datetime] = field(default_factory=list)
    places: list[tuple[datetime, Position]] = field(default_factory=list)


async def late_cases(
    connection: AsyncConnection, incident_ids: Collection[UUID], figures: Figures = "reviewed"
) -> Mapping[UUID, LateCase]:
    """What docs/why-late.md judges by, of each of these incidents that is not merged into another.

    By the arrivals as supervisors ruled, or as they were recorded.
    """
    calls = calls_of(incident_ids)
    query = (
        select(
            calls.c.counts_for,
            func.min(incidents.c.created_at).label("created_at"),
            func.min(incidents.c.received_at).label("received_at"),
        )
        .join(incidents, incidents.c.incident_id == calls.c.incident_id)
        .group_by(calls.c.counts_for)
    )
    begun = {row.counts_for: row for row in await connection.execute(query)}
    sent = await sent_to(connection, incident_ids)
    rulings = await rulings_of(connection, incident_ids) if figures == "reviewed" else {}
    told = await _told(connection, incident_ids)
    stood = await _stood(connection, incident_ids)
    looks = await looks_of(connection, incident_ids)
    free = await _free(connection, incident_ids, looks)
    cases = {}
    for incident_id, row in begun.items():
        its = sent.get(incident_id, ())
        recorded = {one.assignment_id: one.on_scene_at for one in its}
        ruled = rulings.get(incident_id, ())
        case_ = _case(
            row,
            its,
            arrivals_after(recorded, ruled),
            told[incident_id],
            looks.get(incident_id, ()),
            stood,
            _at_once(free.get(incident_id), row.created_at),
        )
        cases[incident_id] = _with_unsent(case_, unsent_at(ruled))
    return cases


def _at_once(free: _Free | None, created_at: datetime | None) -> _Free | None:
    return free if free is not None and created_at is not None and free.at <= created_at + AT_ONCE else None


def _with_unsent(case_: LateCase, unsent_at_: datetime | None) -> LateCase:
    """Where somebody who was not sent was there first, no unit's steps are those of the way."""
    if unsent_at_ is None or (case_.on_scene_at is not None and case_.on_scene_at <= unsent_at_):
        return case_
    return replace(
        case_,
        on_scene_at=unsent_at_,
        dispatched_at=None,
        acknowledged_at=None,
        en_route_at=None,
        eta_s=None,
        stood=(),
        place_moved_m=0.0,
    )


def _case(
    begun: AnyRow,
    sent: Sequence[AnyRow],
    arrivals: Mapping[UUID, datetime | None],
    told: _Told,
    looks: Sequence[Look],
    stood: Mapping[tuple[UUID, UUID], Sequence[Stretch]],
    free: _Free | None,
) -> LateCase:
    first = first_there(
        Sent(
            assignment_id=row.assignment_id,
            dispatched_at=row.dispatched_at,
            acknowledged_at=row.acknowledged_at,
            en_route_at=row.en_route_at,
            on_scene_at=arrivals[row.assignment_id],
            eta_s=row.eta_s,
        )
        for row in sent
    )
    own = next((row for row in sent if first and row.assignment_id == first.assignment_id), None)
    ordered = [row.dispatched_at for row in sent if row.dispatched_at is not None]
    # From when the program says that nobody can be sent until it has somebody again, or somebody was sent.
    nobody_at = [*told.nobody_at, *(look.looked_at for look in looks if not look.somebody)]
    again = sorted([*ordered, *(look.looked_at for look in looks if look.somebody)])
    return LateCase(
        received_at=begun.received_at,
        created_at=begun.created_at,
        dispatched_at=first.dispatched_at if first else None,
        acknowledged_at=first.acknowledged_at if first else None,
        en_route_at=first.en_route_at if first else None,
        on_scene_at=first.on_scene_at if first else None,
        eta_s=first.eta_s if first else None,
        ever_sent=bool(sent),
        first_sent_at=min(ordered, default=None),
        nobody_free=[(at, _next(again, at)) for at in nobody_at],
        untaken=[
            (row.dispatched_at, row.ended_at)
            for row in sent
            if row.state in UNTAKEN and row is not own and row.dispatched_at and row.ended_at
        ],
        stood=stood.get((own.incident_id, own.unit_id), ()) if own else (),
        place_moved_m=_moved_m(told.places, own.dispatched_at if own else None, first.on_scene_at if first else None),
        free_eta_s=free.eta_s if free else None,
        candidates_kept=free is not None,
    )


def _next(ordered: Sequence[datetime], at: datetime) -> datetime:
    """When a unit was sent after all, or could have been."""
    return next((one for one in ordered if one >= at), at + FOREVER)


def _moved_m(places: Sequence[tuple[datetime, Position]], since: datetime | None, until: datetime | None) -> float:
    """How far the place at a unit's arrival is from the one that its order led to, in however many steps it moved.

    Where the log knows the place only from later on, the order led to the first that it knows.
    """
    then = [place for at, place in places if until is None or at <= until]
    if since is None or not then:
        return 0.0
    before = [place for at, place in places if at < since]
    return distance_m((before or then[:1])[-1], then[-1])


async def _told(connection: AsyncConnection, incident_ids: Collection[UUID]) -> defaultdict[UUID, _Told]:
    """When nobody was available, and where the place was; a merged call's own place is another place, and no move."""
    calls = calls_of(incident_ids)
    kinds = ("nobody_available", "incident_created", "incident_changed")
    query = (
        select(calls.c.counts_for, events.c.incident_id, events.c.kind, events.c.recorded_at, events.c.data)
        .join(calls, calls.c.incident_id == events.c.incident_id)
        .where(events.c.kind.in_(kinds))
        .order_by(events.c.event_id)
    )
    found: defaultdict[UUID, _Told] = defaultdict(_Told)
    for row in await connection.execute(query):
        told = found[row.counts_for]
        if row.kind == "nobody_available":
            told.nobody_at.append(row.recorded_at)
        elif row.incident_id == row.counts_for:
            said = row.data if row.kind == "incident_created" else row.data.get("values", {})
            last = told.places[-1][1] if told.places else None
            lat, lon = said.get("lat", last and last.lat), said.get("lon", last and last.lon)
            if lat is not None and lon is not None:
                told.places.append((row.recorded_at, Position(lat, lon)))
    return found


async def _stood(
    connection: AsyncConnection, incident_ids: Collection[UUID]
) -> Mapping[tuple[UUID, UUID], Sequence[Stretch]]:
    """By incident and unit the time for which a unit under way was seen to stand; the log leads to the alarms of it."""
    calls = calls_of(incident_ids)
    alarm_id = case((events.c.kind == "alarm_raised", cast(events.c.data["alarm_id"].astext, Uuid)))
    query = (
        select(alarms.c.incident_id, alarms.c.unit_id, alarms.c.raised_at, alarms.c.resolved_at, alarms.c.data)
        .join(events, alarm_id == alarms.c.alarm_id)
        .join(calls, calls.c.incident_id == events.c.incident_id)
        .where(events.c.kind == "alarm_raised")
        .where(alarms.c.kind == "stationary", alarms.c.data["reason"].astext == "standing")
    )
    found: defaultdict[tuple[UUID, UUID], list[Stretch]] = defaultdict(list)
    for row in await connection.execute(query):
        since = row.raised_at - timedelta(seconds=float(row.data.get("for_s", 0)))
        found[row.incident_id, row.unit_id].append((since, row.resolved_at or row.raised_at + FOREVER))
    return found


async def _free(
    connection: AsyncConnection, incident_ids: Collection[UUID], looks: Mapping[UUID, Sequence[Look]]
) -> Mapping[UUID, _Free]:
    """What was free when somebody first looked: a round of the loop, else what the first decision kept."""
    calls = calls_of(incident_ids)
    first = (
        select(calls.c.counts_for, decisions.c.decided_at, decisions.c.candidates)
        .join(calls, calls.c.incident_id == decisions.c.incident_id)
        .ext(distinct_on(calls.c.counts_for))
        .order_by(calls.c.counts_for, decisions.c.decided_at, decisions.c.decision_id)
        .subquery()
    )
    one = func.jsonb_array_elements(first.c.candidates).table_valued(column("value", JSONB), name="one").lateral()
    eta_s = cast(one.c.value["eta_s"].astext, Double)
    query = (
        select(
            first.c.counts_for,
            first.c.decided_at,
            func.min(eta_s).filter(one.c.value["status"].astext == FREE).label("eta_s"),
        )
        .select_from(first.outerjoin(one, true()))
        .group_by(first.c.counts_for, first.c.decided_at)
    )
    found = {row.counts_for: _Free(row.decided_at, row.eta_s) for row in await connection.execute(query)}
    for incident_id, its in looks.items():
        if incident_id not in found or its[0].looked_at <= found[incident_id].at:
            found[incident_id] = _Free(its[0].looked_at, its[0].free_eta_s)
    return found
