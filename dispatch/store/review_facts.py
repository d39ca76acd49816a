"""What is on record of arrivals, for many incidents at once: units sent, the words of the witnesses, inferred steps.

A unit that was sent to a call that is merged now counts for the incident that the call is merged into.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, Uuid, any_, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, events, incidents, units


def among(column: ColumnElement[Any], ids: Iterable[UUID]) -> ColumnElement[bool]:
    """The column holds one of these: one parameter, however many they are."""
    return column == any_(literal(list(ids), ARRAY(Uuid)))


def calls_of(incident_ids: Collection[UUID]) -> Subquery:
    """(`incident_id`, `counts_for`): these incidents, and the calls that are merged into them."""
    own = select(incidents.c.incident_id, incidents.c.incident_id.label("counts_for")).where(
        among(incidents.c.incident_id, incident_ids), incidents.c.merged_into.is_(None)
    )
    merged = select(incidents.c.incident_id, incidents.c.merged_into).where(
        among(incidents.c.merged_into, incident_ids)
    )
    return union_all(own, merged).subquery()


async def sent_to(connection: AsyncConnection, incident_ids: Collection[UUID]) -> Mapping[UUID, Sequence[AnyRow]]:
    """The assignments that count for each of these incidents, with call signs, in the order of their orders."""
    calls = calls_of(incident_ids)
    query = (
        select(assignments, units.c.name.label("unit_name"), calls.c.counts_for)
        .join(calls, calls.c.incident_id == assignments.c.incident_id)
        .join(units, units.c.unit_id == assignments.c.unit_id)
        .order_by(assignments.c.dispatched_at, assignments.c.assignment_id)
    )
    found: defaultdict[UUID, list[AnyRow]] = defaultdict(list)
    for row in await connection.execute(query):
        found[row.counts_for].append(row)
    return found


async def witnesses(
    connection: AsyncConnection, incident_ids: Collection[UUID]
) -> Mapping[UUID, Mapping[str, datetime]]:
    """The earliest arrival that each witness told, by assignment, then by `said_by`."""
    calls = calls_of(incident_ids)
    query = (
        select(events.c.assignment_id, events.c.said_by, func.min(events.c.happened_at).label("at"))
        .join(calls, calls.c.incident_id == events.c.incident_id)
        .where(events.c.kind == "unit_on_scene", events.c.happened_at.is_not(None))
        .group_by(events.c.assignment_id, events.c.said_by)
    )
    found: defaultdict[UUID, dict[str, datetime]] = defaultdict(dict)
    for row in await connection.execute(query):
        found[row.assignment_id][row.said_by] = row.at
    return found


async def inferred_steps(connection: AsyncConnection, incident_ids: Collection[UUID]) -> Mapping[UUID, set[str]]:
    """By assignment the kinds of the steps that were only inferred; without assignments that have none."""
    calls = calls_of(incident_ids)
    query = (
        select(events.c.assignment_id, events.c.kind)
        .join(calls, calls.c.incident_id == events.c.incident_id)
        .where(events.c.said_by == "inferred")
    )
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    for row in await connection.execute(query):
        found[row.assignment_id].add(row.kind)
    return found
