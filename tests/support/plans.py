"""What PostgreSQL read to answer: the statements of an engine, run again under EXPLAIN."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

Statement = tuple[str, tuple[Any, ...]]


@contextmanager
def statements_of(engine: AsyncEngine) -> Iterator[list[Statement]]:
    """All that this engine sends inside the block."""
    sent: list[Statement] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: tuple[Any, ...], *_more: Any) -> None:
        sent.append((statement, tuple(parameters)))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


async def rows_read(database_url: str, statement: Statement) -> int:
    """Rows of tables and indexes that a SELECT looks at, those that it throws away included."""
    connection = await asyncpg.connect(database_url)
    try:
        query, parameters = statement
        answer = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *parameters)
    finally:
        await connection.close()
    return _looked_at(json.loads(answer)[0]["Plan"])


def _looked_at(plan: dict[str, Any]) -> int:
    own = 0
    if "Scan" in plan["Node Type"]:
        each = sum(plan.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter"))
        own = round(each * plan["Actual Loops"])
    return own + sum(_looked_at(part) for part in plan.get("Plans", []))
