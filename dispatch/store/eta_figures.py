"""Journeys that had an ETA, from the assignments: those of some days as columns, or some with their names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Double,
    Text,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.assignment import STRAIGHT
from dispatch.domain.eta_columns import EtaGroupBy, Journeys
from dispatch.domain.kpi import UNKNOWN
from dispatch.domain.kpi_columns import NEVER, to_us
from dispatch.domain.kpi_tally import Ints
from dispatch.store.kpi_lines import on_days
from dispatch.store.kpi_tables import kpi_sheets
from dispatch.store.review_facts import among
from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, incidents, units

_street_class = assignments.c.eta_street_class
_local_hour = extract("hour", func.timezone("Asia/Taipei", assignments.c.dispatched_at))
# Classes are noted since there are versions: under one, no class means that there was no street.
_is_straight = or_(_street_class == STRAIGHT, and_(_street_class.is_(None), assignments.c.eta_version > 0))

GROUPS: Final[dict[EtaGroupBy, ColumnElement[Any]]] = {
    "hour": func.lpad(cast(_local_hour, Text), 2, "0"),
    "street_class": case((_is_straight, STRAIGHT), else_=func.coalesce(_street_class, UNKNOWN)),
    "unit_type": func.coalesce(assignments.c.unit_type, UNKNOWN),
    "version": case((_is_straight, STRAIGHT), else_=cast(assignments.c.eta_version, Text)),
}
_HAS_ETA: Final = (
    assignments.c.import_line.is_(None),
    assignments.c.eta_s.is_not(None),
    assignments.c.on_scene_at >= assignments.c.dispatched_at,
)
_THEIR_EPOCH_US: Final = to_us(datetime(2000, 1, 1, tzinfo=UTC))


Stamps = dict[date, tuple[int, datetime]]
"""Of each day which sheet it has: another one wherever something changed, in an older copy of the database too."""


async def stamps_of_month(connection: AsyncConnection, first: date) -> Stamps:
    """Of the days from this one to the end of its month."""
    end = (first + timedelta(days=31)).replace(day=1)
    query = select(kpi_sheets.c.day, kpi_sheets.c.version, kpi_sheets.c.made_at)
    rows = await connection.execute(query.where(kpi_sheets.c.day >= first, kpi_sheets.c.day < end))
    return {row.day: (row.version, row.made_at) for row in rows}


async def journeys_of_days(connection: AsyncConnection, days: Sequence[date]) -> Journeys:
    """Those of the incidents received on these days of Asia/Taipei.

    A unit that was sent to a call that is merged now counts for the incident that the call is merged into. A column
    comes as one value, in PostgreSQL's binary form: tens of thousands of rows cost the event loop next to nothing.
    """
    # Some of millions: by index, and without processes that are started for each query.
    await connection.execute(text("SET LOCAL random_page_cost = 1.1"))
    await connection.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
    own = select(incidents.c.incident_id, incidents.c.merged_into).where(on_days(days)).cte("own")
    merged = incidents.alias("merged")
    calls = union_all(
        select(own.c.incident_id, own.c.incident_id.label("counts_for")).where(own.c.merged_into.is_(None)),
        select(merged.c.incident_id, own.c.incident_id).join(own, merged.c.merged_into == own.c.incident_id),
    ).subquery()
    began_at = func.coalesce(assignments.c.en_route_at, cast(literal("-infinity"), assignments.c.en_route_at.type))
    query = (
        select(
            _packed(func.uuid_send(assignments.c.assignment_id)).label("assignment_id"),
            _packed(func.uuid_send(calls.c.counts_for)).label("incident_id"),
            _packed(func.timestamptz_send(assignments.c.dispatched_at)).label("sent"),
            _packed(func.timestamptz_send(began_at)).label("began"),
            _packed(func.timestamptz_send(assignments.c.on_scene_at)).label("there"),
            _packed(func.float8send(assignments.c.eta_s)).label("eta_s"),
            *(func.array_agg(key).label(group) for group, key in GROUPS.items()),
        )
        .join_from(calls, assignments, assignments.c.incident_id == calls.c.incident_id)
        .where(*_HAS_ETA)
    )
    row = (await connection.execute(query)).one()
    return Journeys(
        assignment_id=np.frombuffer(row.assignment_id or b"", np.uint8).reshape(-1, 16),
        incident_id=np.frombuffer(row.incident_id or b"", np.uint8).reshape(-1, 16),
        sent_us=_us(row.sent),
        began_us=_us(row.began),
        there_us=_us(row.there),
        eta_s=np.frombuffer(row.eta_s or b"", ">f8").astype(np.float64),
        groups={group: getattr(row, group) or () for group in GROUPS},
    )


def _packed(sent: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.string_agg(sent, cast(literal(b"", BYTEA), BYTEA))


def _us(packed: bytes | None) -> Ints:
    """Since our epoch, not theirs; theirs of -infinity is the lowest number, as NEVER is."""
    since = np.frombuffer(packed or b"", ">i8").astype(np.int64)
    return np.where(since == NEVER, NEVER, since + _THEIR_EPOCH_US)


async def journeys(connection: AsyncConnection, assignment_ids: Sequence[UUID]) -> Sequence[AnyRow]:
    """These, in their order: `eta_s`, `real_s` of the way (null: not known), `turnout_s`, `from_order_s`, and names."""
    sent_at, began_at, there_at = assignments.c.dispatched_at, assignments.c.en_route_at, assignments.c.on_scene_at
    query = (
        select(
            assignments.c.assignment_id,
            assignments.c.incident_id,
            assignments.c.eta_version,
            assignments.c.eta_s,
            sent_at,
            case((there_at >= began_at, _seconds(there_at - began_at))).label("real_s"),
            _seconds(began_at - sent_at).label("turnout_s"),
            _seconds(there_at - sent_at).label("from_order_s"),
            incidents.c.number,
            units.c.name.label("unit_name"),
        )
        .join(incidents, incidents.c.incident_id == assignments.c.incident_id)
        .join(units, units.c.unit_id == assignments.c.unit_id)
        .where(among(assignments.c.assignment_id, assignment_ids))
    )
    found = {row.assignment_id: row for row in await connection.execute(query)}
    return [found[one] for one in assignment_ids]


def _seconds(interval: ColumnElement[Any]) -> ColumnElement[float]:
    return cast(extract("epoch", interval), Double)
