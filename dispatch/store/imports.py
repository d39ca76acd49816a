"""Staged past calls beside what stands here: which are known, which contradict it; and the new ones' way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.kpi import Exclusion
from dispatch.domain.past_call import EXCLUDED_AS, RowRules
from dispatch.store.import_staging import CANCELLED, HAS_UNIT, OF_CALL, STEPS, UNIT_NAME, Disagreements, first_rows
from dispatch.store.import_tables import imports
from dispatch.store.kpi_stale import mark_stale
from dispatch.store.rows import AnyRow
from dispatch.store.tables import incident_numbers, street_maps

Begins = Callable[[str], None]
"""Hears which part of the work begins."""
_OURS: Final = """
    SELECT c.line, c.number FROM import_calls AS c JOIN incidents AS i USING (number) WHERE i.import_id IS NULL
"""
_KNOWN: Final = """
    UPDATE import_calls AS c SET is_known = true, incident_id = i.incident_id
    FROM incidents AS i WHERE i.number = c.number
"""
_OTHERWISE: Final = (
    *((name, f"CAST(i.{name} AS text)", f"i.{name} IS DISTINCT FROM c.{name}") for name in (*OF_CALL, "exclusion")),
    (
        "category",
        "coalesce(i.description, i.category)",
        "i.category = c.category AND i.description IS DISTINCT FROM c.description",
    ),
)
"""(field, what stands here, when a file says otherwise); its own word counts where the category is the same."""
_CHANGED: Final = " UNION ALL ".join(
    f"SELECT c.line, c.number, '{field}' AS field, {here} AS here, m.file, m.imported_at "  # noqa: S608
    f"FROM import_calls AS c JOIN incidents AS i USING (incident_id) JOIN imports AS m USING (import_id) "
    f"WHERE {differs}"
    for field, here, differs in _OTHERWISE
)
_SAME_UNIT: Final = " AND ".join(
    f"a.{column} IS NOT DISTINCT FROM r.{name}"
    for column, name in (*((step, step) for step in STEPS), ("end_reason", "disposition"), ("unit_type", "unit_type"))
)
_MORE_UNITS: Final = f"""
    SELECT r.line, r.incident, {UNIT_NAME} AS unit FROM import_rows AS r JOIN import_calls AS c ON c.number = r.incident
    WHERE c.is_known AND {HAS_UNIT} AND NOT EXISTS (
        SELECT FROM assignments AS a JOIN units AS u USING (unit_id)
        WHERE a.incident_id = c.incident_id AND u.name = {UNIT_NAME} AND {_SAME_UNIT}
    )
"""  # noqa: S608 - the parts are those above
_FEWER_UNITS: Final = f"""
    SELECT line, number, unit, here.times, coalesce(there.times, 0) AS of_file FROM (
        SELECT c.line, c.number, u.name AS unit, count(*) AS times
        FROM import_calls AS c JOIN assignments AS a USING (incident_id) JOIN units AS u USING (unit_id)
        WHERE c.is_known GROUP BY c.number, u.name
    ) AS here LEFT JOIN (
        SELECT r.incident AS number, {UNIT_NAME} AS unit, count(*) AS times FROM import_rows AS r GROUP BY 1, 2
    ) AS there USING (number, unit) WHERE here.times > coalesce(there.times, 0)
"""  # noqa: S608
_UNITS: Final = f"""
    INSERT INTO units (unit_id, name, available, import_id)
    SELECT gen_random_uuid(), name, false, :import_id FROM (
        SELECT DISTINCT {UNIT_NAME} AS name FROM import_rows AS r JOIN import_calls AS c ON c.number = r.incident
        WHERE NOT c.is_known AND {HAS_UNIT}
    ) AS named ON CONFLICT (name) DO NOTHING
"""  # noqa: S608
_INCIDENTS: Final = """
    INSERT INTO incidents (incident_id, number, category, priority, lat, lon, address, description, station_id,
        received_at, created_at, state, ended_at, disposition, exclusion, import_id, import_line)
    SELECT incident_id, number, category, priority, lat, lon, address, description, CASE WHEN lat IS NOT NULL THEN (
            SELECT s.station_id FROM stations AS s WHERE s.lat IS NOT NULL
            ORDER BY power(s.lat - c.lat, 2) + power((s.lon - c.lon) * cos(radians(c.lat)), 2) LIMIT 1
        ) END, received_at, created_at, 'closed', ended_at, disposition, exclusion, :import_id, line
    FROM import_calls AS c WHERE NOT is_known
"""
_ASSIGNMENTS: Final = f"""
    INSERT INTO assignments (assignment_id, incident_id, unit_id, unit_type, state, {", ".join(STEPS)}, ended_at,
        end_reason, import_line)
    SELECT gen_random_uuid(), c.incident_id, u.unit_id, r.unit_type,
        CASE WHEN r.cleared_at IS NULL THEN 'closed' ELSE 'cleared' END,
        {", ".join(f"r.{step}" for step in STEPS)},
        coalesce(greatest({", ".join(f"r.{step}" for step in STEPS)}), c.ended_at), r.disposition, r.line
    FROM import_rows AS r JOIN import_calls AS c ON c.number = r.incident JOIN units AS u ON u.name = {UNIT_NAME}
    WHERE NOT c.is_known AND {HAS_UNIT}
"""  # noqa: S608
_DAYS: Final = """
    SELECT DISTINCT CAST(received_at AT TIME ZONE 'Asia/Taipei' AS date) FROM import_calls WHERE NOT is_known
"""
_LIKE_OURS: Final = r"""
    SELECT left(number, 8) AS day, max(CAST(substr(number, 10) AS integer)) AS last FROM import_calls
    WHERE NOT is_known AND number ~ '^\d{8}-\d{4,9}$' GROUP BY 1
"""
_OUTSIDE: Final = """
    SELECT count(*) FROM import_calls AS c WHERE NOT is_known AND NOT (
        lat BETWEEN CAST(:south AS float8) - :margin_deg AND CAST(:north AS float8) + :margin_deg
        AND lon BETWEEN CAST(:west AS float8) - :margin_deg / greatest(cos(radians(lat)), 0.01)
            AND CAST(:east AS float8) + :margin_deg / greatest(cos(radians(lat)), 0.01)
    )
"""
_FIGURES: Final = f"""
    SELECT count(*) AS calls, count(*) FILTER (WHERE is_known) AS known,
        count(*) FILTER (WHERE NOT is_known AND lat IS NULL) AS without_place,
        (SELECT count(*) FROM (SELECT DISTINCT CAST(received_at AT TIME ZONE 'Asia/Taipei' AS date)
            FROM import_calls WHERE NOT is_known) AS touched) AS days,
        min(received_at) FILTER (WHERE NOT is_known) AS first, max(received_at) FILTER (WHERE NOT is_known) AS last,
        (SELECT count(*) FROM import_rows AS r JOIN import_calls AS n ON n.number = r.incident
            WHERE NOT n.is_known AND {HAS_UNIT}) AS units,
        (SELECT count(DISTINCT r.incident) FROM import_rows AS r JOIN import_calls AS n ON n.number = r.incident
            WHERE NOT n.is_known AND r.on_scene_at IS NOT NULL) AS reached,
        count(*) FILTER (WHERE NOT is_known AND exclusion IS NULL AND NOT EXISTS (
            SELECT FROM import_rows AS r WHERE r.incident = number AND r.on_scene_at IS NOT NULL)) AS unreached
    FROM import_calls
"""  # noqa: S608
_EXCLUDED: Final = """
    SELECT c.exclusion, count(DISTINCT c.number) AS calls, count(*) AS in_rows
    FROM import_calls AS c JOIN import_rows AS r ON r.incident = c.number
    WHERE NOT c.is_known AND c.exclusion IS NOT NULL GROUP BY c.exclusion
"""
_CANCELLED_AND_MEASURED: Final = f"""
    SELECT count(*) FROM import_calls AS c WHERE NOT is_known AND exclusion IS NULL
        AND EXISTS (SELECT FROM import_rows AS r WHERE r.incident = c.number AND r.exclusion = '{CANCELLED}')
"""  # noqa: S608


class LeftOut(NamedTuple):
    """Of the new calls: (calls, their rows) by reason, and how many with a row that says cancelled are measured."""

    by_reason: Mapping[Exclusion, tuple[int, int]]
    cancelled_and_measured: int


async def clashes(connection: AsyncConnection, rules: RowRules, kept: int) -> Disagreements:
    """Staged calls whose number is that of a call of ours, or of an imported one of which the file says other things.

    So many are kept. After it `is_known` says which calls stand here already.
    """
    said = "incident {} is a call of this system itself; leave it out, or give the file's call another number"
    rows, count = await first_rows(connection, _OURS, kept)
    found = [rules.error(row.line, "incident", said.format(row.number)) for row in rows]
    await connection.execute(text(_KNOWN))
    for query, told in ((_CHANGED, _changed), (_MORE_UNITS, _more_units), (_FEWER_UNITS, _fewer_units)):
        rows, more = await first_rows(connection, query, kept)
        count += more
        found += [rules.error(row.line, *told(row)) for row in rows]
    return Disagreements(sorted(found)[:kept], count)


def _changed(row: AnyRow) -> tuple[str, str]:
    here = "nothing" if row.here is None else row.here
    came = f"{row.file} on {row.imported_at:%Y-%m-%d}"
    said = f"incident {row.number} came with {here} from {came}; what was imported is corrected by a review"
    return row.field, said


def _more_units(row: AnyRow) -> tuple[str, str]:
    said = f"incident {row.incident} was imported before without {row.unit}, or with other times of it"
    return "unit", f"{said}, or another unit_type"


def _fewer_units(row: AnyRow) -> tuple[str, str]:
    missing = f"{row.times} times; this file has {row.of_file}" if row.of_file else "of which this file says nothing"
    joined = ": " if row.of_file else ", "
    return "incident", f"incident {row.number} was imported before with {row.unit} as well{joined}{missing}"


async def staged_figures(connection: AsyncConnection) -> AnyRow:
    """`calls` and `known` ones; of the new ones `units` (assignments), `reached`, `unreached` (and measured),
    `without_place`, `first`, `last`, and the `days` of Asia/Taipei on which they came in."""
    return (await _all(connection, _FIGURES))[0]


async def left_out(connection: AsyncConnection) -> LeftOut:
    """What the words for exclusions came to."""
    found = {Exclusion(row.exclusion): (row.calls, row.in_rows) for row in await _all(connection, _EXCLUDED)}
    measured = int(await connection.scalar(text(_CANCELLED_AND_MEASURED)) or 0)
    return LeftOut({reason: found[reason] for reason in EXCLUDED_AS if reason in found}, measured)


async def outside_streets(connection: AsyncConnection, margin_deg: float) -> int:
    """New calls with a place more than so far (degrees of latitude) outside the loaded streets; 0 where none are."""
    newest = select(street_maps.c.facts["extent"]).order_by(street_maps.c.map_id.desc()).limit(1)
    extent = await connection.scalar(newest)
    if not extent:
        return 0
    box = {side: extent[side] for side in ("south", "north", "west", "east")}
    return int(await connection.scalar(text(_OUTSIDE), {**box, "margin_deg": margin_deg}) or 0)


async def take_in(
    connection: AsyncConnection, import_id: UUID, facts: dict[str, Any], imported_at: datetime, begins: Begins
) -> Sequence[date]:
    """The new calls with their units; returns the days of Asia/Taipei whose figures have to be made again."""
    await connection.execute(insert(imports).values(import_id=import_id, imported_at=imported_at, **facts))
    begins("writing the calls")
    await connection.execute(text(_UNITS), {"import_id": import_id})
    await connection.execute(text(_INCIDENTS), {"import_id": import_id})
    begins("writing the units that were sent")
    await connection.execute(text(_ASSIGNMENTS))
    days = list((await connection.execute(text(_DAYS))).scalars())
    await _keep_numbers_apart(connection)
    begins("counting the tables' rows for the planner")
    for table in ("incidents", "assignments"):
        await connection.execute(text(f"ANALYZE {table}"))
    await mark_stale(connection, days)
    return days


async def _keep_numbers_apart(connection: AsyncConnection) -> None:
    """Of a day whose numbers look like ours, the next one that we give out comes after them."""
    table = incident_numbers
    for row in await _all(connection, _LIKE_OURS):
        try:
            day = date(int(row.day[:4]), int(row.day[4:6]), int(row.day[6:]))
        except ValueError:
            continue  # no day: no number of ours will ever be like it
        statement = upsert(table).values(day=day, last=row.last)
        changed = {"last": func.greatest(table.c.last, statement.excluded.last)}
        await connection.execute(statement.on_conflict_do_update(index_elements=[table.c.day], set_=changed))


async def _all(connection: AsyncConnection, query: str) -> Sequence[AnyRow]:
    rows: Sequence[AnyRow] = (await connection.execute(text(query))).all()
    return rows
