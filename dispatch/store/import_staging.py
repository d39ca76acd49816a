"""Rows of a file of past calls on their way in: two tables that last as long as the transaction.

`import_rows` holds the file's rows as they were read, `import_calls` one row a call, made of them. So the program holds
no more of the file than a batch, and the database compares what a file says with what stands here in whole tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.kpi import Exclusion
from dispatch.domain.past_call import NOT_EXCLUDED, PastRow, RowError, RowRules
from dispatch.store.rows import AnyRow

IMPORT_LOCK: Final = 0x_7A_70_15
"""Advisory lock: one import at a time, so that each sees what the one before it brought."""
OF_CALL: Final = ("category", "priority", "received_at", "created_at", "lat", "lon", "address", "disposition")
"""Members of a call that a file says, each in one column; beside them its word for the category and an exclusion."""
ONE_A_CALL: Final = OF_CALL[:-1]
"""Those that all rows of a call have in common, where they say them; each unit may have ended in its own way."""
CANCELLED: Final = str(Exclusion.CANCELLED)
"""What a row says of its unit alone. Other exclusions are about the call."""
STEPS: Final = ("dispatched_at", "acknowledged_at", "en_route_at", "on_scene_at", "cleared_at")
NO_NAME: Final = "?"
"""Call sign of units that a file tells of without naming them."""
HAS_UNIT: Final = f"(r.unit IS NOT NULL OR num_nonnulls({', '.join(f'r.{step}' for step in STEPS)}) > 0)"
UNIT_NAME: Final = f"coalesce(r.unit, '{NO_NAME}')"

_ROWS: Final = """
    CREATE TEMPORARY TABLE import_rows (
        line integer, incident text, unit text, unit_type text, category text, priority smallint, description text,
        received_at timestamptz, created_at timestamptz, dispatched_at timestamptz, acknowledged_at timestamptz,
        en_route_at timestamptz, on_scene_at timestamptz, cleared_at timestamptz,
        lat double precision, lon double precision, address text, disposition text, exclusion text
    ) ON COMMIT DROP
"""
_CALLS: Final = """
    CREATE TEMPORARY TABLE import_calls (
        number text PRIMARY KEY, incident_id uuid, line integer, category text, priority smallint, description text,
        received_at timestamptz, created_at timestamptz, ended_at timestamptz,
        lat double precision, lon double precision, address text, disposition text, exclusion text,
        is_known boolean DEFAULT false
    ) ON COMMIT DROP
"""


def _first(name: str) -> str:
    return f"(array_agg({name} ORDER BY line) FILTER (WHERE {name} IS NOT NULL))[1]"


_GATHER: Final = f"""
    INSERT INTO import_calls
    SELECT incident, gen_random_uuid(), min(line), coalesce({_first("category")}, :category),
        coalesce({_first("priority")}, :priority),
        (array_agg(description ORDER BY line) FILTER (WHERE category IS NOT NULL))[1], {_first("received_at")},
        {_first("created_at")},
        greatest(min(received_at), max(created_at), {", ".join(f"max({step})" for step in STEPS)}),
        {_first("lat")}, {_first("lon")}, {_first("address")},
        (array_agg(disposition ORDER BY cleared_at DESC NULLS LAST, line) FILTER (WHERE disposition IS NOT NULL))[1],
        coalesce(
            (array_agg(exclusion ORDER BY line) FILTER (WHERE exclusion NOT IN ('{NOT_EXCLUDED}', '{CANCELLED}')))[1],
            CASE WHEN count(*) FILTER (WHERE exclusion = '{CANCELLED}') = count(*) AND count(on_scene_at) = 0
                THEN '{CANCELLED}' END
        )
    FROM import_rows GROUP BY incident
"""  # noqa: S608 - the names are those above
_OTHER_WORD: Final = """
    SELECT r.line, 'category' AS field, c.line AS other FROM import_rows AS r JOIN import_calls AS c
    ON c.number = r.incident WHERE r.category = c.category AND r.description IS DISTINCT FROM c.description
"""
"""Two words that stand for none of our categories, or one beside a word of ours for the same: one would be lost."""
_OTHER_EXCLUSION: Final = f"""
    SELECT line, 'exclusion' AS field, other FROM (
        SELECT line, exclusion, first_value(exclusion) OVER said AS first, first_value(line) OVER said AS other
        FROM import_rows WHERE exclusion <> '{CANCELLED}' WINDOW said AS (PARTITION BY incident ORDER BY line)
    ) AS seen WHERE exclusion <> first
"""  # noqa: S608
_DISAGREE: Final = " UNION ALL ".join(
    (
        *(
            f"SELECT r.line, '{name}' AS field, c.line AS other FROM import_rows AS r JOIN import_calls AS c "  # noqa: S608
            f"ON c.number = r.incident WHERE r.{name} <> c.{name}"
            for name in ONE_A_CALL
        ),
        _OTHER_WORD,
        _OTHER_EXCLUSION,
    )
)
_TWICE: Final = f"""
    SELECT line, unit IS NULL AS is_nameless, other FROM (
        SELECT line, unit, min(line) OVER (
            PARTITION BY incident, unit, CASE WHEN unit IS NOT NULL THEN row({", ".join(STEPS)}) END
        ) AS other FROM import_rows
    ) AS seen WHERE line > other
"""  # noqa: S608
_WORDS: Final = """
    SELECT description AS word, count(*) AS in_rows, count(*) OVER () AS words FROM import_rows
    WHERE description IS NOT NULL GROUP BY description ORDER BY in_rows DESC, min(line) LIMIT :most
"""


class Disagreements(NamedTuple):
    """What is wrong with staged rows: the first of the file, and how many there are."""

    errors: list[RowError]
    in_all: int


async def begin_staging(connection: AsyncConnection) -> None:
    """Wait for an import that is under way, and make the tables. Its statements may take their time."""
    await connection.execute(text("SET LOCAL statement_timeout = 0"))
    await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": IMPORT_LOCK})
    await connection.execute(text(_ROWS))
    await connection.execute(text(_CALLS))


async def stage(connection: AsyncConnection, rows: Sequence[PastRow]) -> None:
    """A batch of rows more."""
    raw: Any = (await connection.get_raw_connection()).driver_connection
    await raw.copy_records_to_table("import_rows", records=rows, columns=PastRow._fields)


async def gather_calls(connection: AsyncConnection, category: str, priority: int) -> None:
    """One row a call; category and priority are for those of which no row says one."""
    await connection.execute(text("CREATE INDEX ON import_rows (incident)"))
    await connection.execute(text("ANALYZE import_rows"))
    await connection.execute(text(_GATHER), {"category": category, "priority": priority})
    await connection.execute(text("ANALYZE import_calls"))


async def contradictions(connection: AsyncConnection, rules: RowRules, kept: int) -> Disagreements:
    """Rows that say the same twice, or say other things of one call than the rows before them; so many are kept."""
    rows, others = await first_rows(connection, _DISAGREE, kept)
    found = [
        rules.error(row.line, row.field, f"says otherwise than line {row.other}, which is of the same incident")
        for row in rows
    ]
    rows, twice = await first_rows(connection, _TWICE, kept)
    for row in rows:
        if row.is_nameless:
            said = f"stands in line {row.other} already; has the file a row for each unit, say where: --map unit=COLUMN"
            found.append(rules.error(row.line, "incident", said))
        else:
            found.append(rules.error(row.line, "unit", f"the same unit with the same times as in line {row.other}"))
    return Disagreements(sorted(found)[:kept], others + twice)


async def other_words(connection: AsyncConnection, most: int) -> tuple[dict[str, int], int]:
    """(rows by the file's word for a category, of those that stand for none of ours; the commonest; of how many)."""
    rows = (await connection.execute(text(_WORDS), {"most": most})).all()
    return {row.word: row.in_rows for row in rows}, rows[0].words if rows else 0


async def first_rows(connection: AsyncConnection, query: str, kept: int) -> tuple[Sequence[AnyRow], int]:
    """(the first rows by `line`, how many there are): a file may disagree with all of millions of calls."""
    first = f"SELECT *, count(*) OVER () AS in_all FROM ({query}) AS found ORDER BY line LIMIT :kept"  # noqa: S608
    rows: Sequence[AnyRow] = (await connection.execute(text(first), {"kept": kept})).all()
    return rows, rows[0].in_all if rows else 0
