"""Past positions of a whole fleet, as they came in: thinned to what a slider can show, and in columns.

PostgreSQL makes the columns. Hundred thousand rows would keep the server's loop busy for a second each time; some
hundred rows of plain numbers do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.rows import AnyRow

CLOCK_AHEAD: Final = timedelta(minutes=5)
"""A receiver's clock may run ahead of ours as far as the link lets it."""
BACKLOG: Final = timedelta(days=7)
"""A fix that was older than this when it came in is left out."""

_COLUMNS: Final = "unit_id, fixed_at, received_at, lat, lon, accuracy_m, speed_mps, course_deg"

_THINNED = text(
    f"""
    SELECT unit_id,
        array_agg(floor(extract(epoch FROM received_at - CAST(:start AS timestamptz)) * 1000)::int ORDER BY received_at,
            fixed_at) AS at_ms,
        array_agg(round(extract(epoch FROM received_at - fixed_at) * 1000)::int ORDER BY received_at, fixed_at)
            AS age_ms,
        array_agg(round(lat * 1e6)::int ORDER BY received_at, fixed_at) AS lat_e6,
        array_agg(round(lon * 1e6)::int ORDER BY received_at, fixed_at) AS lon_e6,
        array_agg(round(accuracy_m * 10)::int ORDER BY received_at, fixed_at) AS accuracy_dm,
        array_agg(round(speed_mps * 10)::int ORDER BY received_at, fixed_at) AS speed_dmps,
        array_agg(round(course_deg)::int ORDER BY received_at, fixed_at) AS course_deg
    FROM (
        SELECT DISTINCT ON (unit_id, slot) {_COLUMNS}
        FROM (
            SELECT {_COLUMNS}, floor(extract(epoch FROM received_at - CAST(:start AS timestamptz)) / :every_s) AS slot
            FROM fixes
            WHERE received_at >= :start AND received_at < :end AND fixed_at >= :oldest AND fixed_at <= :newest
        ) AS came
        ORDER BY unit_id, slot, fixed_at DESC
    ) AS thinned
    GROUP BY unit_id
    """  # noqa: S608 - the columns are those above
)
_BEFORE = text(
    f"""
    SELECT found.* FROM units CROSS JOIN LATERAL (
        SELECT {_COLUMNS} FROM fixes
        WHERE fixes.unit_id = units.unit_id AND fixed_at <= :newest AND received_at < :start
        ORDER BY fixed_at DESC LIMIT 1
    ) AS found
    UNION ALL
    SELECT {_COLUMNS} FROM unit_positions WHERE received_at < :start
    """  # noqa: S608
)


async def positions_before(connection: AsyncConnection, start: datetime) -> Sequence[AnyRow]:
    """Where each unit was known to be at that moment: its newest fix of those that had come in.

    A unit may have two rows, of which the newer counts: what is known now may be what was known then.
    """
    values = {"start": start, "newest": start + CLOCK_AHEAD}
    return (await connection.execute(_BEFORE, values)).all()


async def positions_in(connection: AsyncConnection, start: datetime, end: datetime, every_s: float) -> Sequence[AnyRow]:
    """One row a unit: its newest fix of those that came in in each `every_s` of the period, as columns.

    `at_ms`: when it came in, since `start`; `age_ms`: how old it was then; `…_e6`: millionths of a degree;
    `accuracy_dm`, `speed_dmps`: tenths. In the order of receipt.
    """
    values = {"start": start, "end": end, "every_s": every_s}
    values |= {"oldest": start - BACKLOG, "newest": end + CLOCK_AHEAD}
    return (await connection.execute(_THINNED, values)).all()
