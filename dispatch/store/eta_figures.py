"""Predicted beside real travel times, counted by the database from the assignments themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Double, Text, cast, extract, func, literal, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.rows import AnyRow
from dispatch.store.tables import assignments, vehicles

UNKNOWN: Final = "unknown"
ALL: Final = "all"

_local_hour = extract("hour", func.timezone("Asia/Taipei", assignments.c.dispatched_at))

GROUPS: Final[dict[str, ColumnElement[Any]]] = {
    "hour": func.lpad(cast(_local_hour, Text), 2, "0"),
    "street_class": func.coalesce(assignments.c.eta_street_class, UNKNOWN),
    "unit_type": func.coalesce(vehicles.c.type, UNKNOWN),
    "version": cast(assignments.c.eta_version, Text),
}


async def eta_figures(
    connection: AsyncConnection, start: datetime | None, end: datetime | None, group_by: str | None
) -> Sequence[AnyRow]:
    """One row a group, in no order: the arrived assignments ordered in [start, end) that had an ETA.

    `group_by`: a key of GROUPS; None: all in one group.
    """
    group = literal(ALL, Text) if group_by is None else GROUPS[group_by]
    sent_at, there_at, eta_s = assignments.c.dispatched_at, assignments.c.on_scene_at, assignments.c.eta_s
    arrived = select(
        group.label("group"),
        _seconds(there_at - sent_at).label("real_s"),
        eta_s,
        _seconds(assignments.c.en_route_at - sent_at).label("turnout_s"),
    ).where(assignments.c.import_line.is_(None), eta_s.is_not(None), there_at >= sent_at)
    if group_by == "unit_type":
        arrived = arrived.outerjoin_from(assignments, vehicles, vehicles.c.unit_id == assignments.c.unit_id)
    if start is not None:
        arrived = arrived.where(sent_at >= start)
    if end is not None:
        arrived = arrived.where(sent_at < end)
    one = arrived.subquery()
    off_s, ratio = one.c.real_s - one.c.eta_s, one.c.real_s / func.nullif(one.c.eta_s, 0)
    query = select(
        one.c.group,
        func.count().label("n"),
        func.percentile_cont(0.5).within_group(off_s).label("bias_s"),
        func.percentile_cont(array([0.1, 0.5, 0.9])).within_group(ratio).label("ratios"),
        func.avg(func.abs(off_s)).label("mae_s"),
        func.percentile_cont(0.5).within_group(one.c.turnout_s).label("turnout_p50_s"),
    ).group_by(one.c.group)
    return (await connection.execute(query)).all()


def _seconds(interval: ColumnElement[Any]) -> ColumnElement[float]:
    """As a floating point number: to sort PostgreSQL's exact ones takes several times as long."""
    return cast(extract("epoch", interval), Double)
