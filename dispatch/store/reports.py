"""Reports as rows: kept, listed, read. The files are read one at a time, never with the list."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import and_, exists, func, insert, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dispatch.domain.refusals import NotFound
from dispatch.store.report_tables import report_files, reports
from dispatch.store.rows import AnyRow

MAKING_LOCK: Final = 0x_7A_70_18
LOOK_AGAIN_S: Final = 0.2
LEDGER: Final = "ledger"
"""The file that the others were counted from, packed by gzip."""


@asynccontextmanager
async def one_at_a_time(engine: AsyncEngine) -> AsyncIterator[None]:
    """Nobody else makes a report, on any server, from the counting to the keeping: a version never says what was so
    before the one that it follows.

    The lock lives on a connection of its own, outside of any transaction; who waits for it holds none.
    """
    while True:
        async with engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
            if await connection.scalar(select(func.pg_try_advisory_lock(MAKING_LOCK))):
                try:
                    yield
                finally:
                    await _let_go(connection)
                return
        await asyncio.sleep(LOOK_AGAIN_S)


async def _let_go(connection: AsyncConnection) -> None:
    try:
        await connection.execute(select(func.pg_advisory_unlock(MAKING_LOCK)))
    except BaseException:
        await connection.invalidate()  # its end frees the lock
        raise


async def newest_report(connection: AsyncConnection, period: str, language: str) -> AnyRow | None:
    """Its newest version."""
    query = (
        select(reports)
        .where(reports.c.period == period, reports.c.language == language)
        .order_by(reports.c.version.desc())
        .limit(1)
    )
    return (await connection.execute(query)).one_or_none()


async def add_report(connection: AsyncConnection, files: Iterable[tuple[str, bytes]], **members: Any) -> UUID:
    """A new version with its files."""
    report_id = uuid4()
    await connection.execute(insert(reports).values(report_id=report_id, **members))
    rows = [
        {
            "report_id": report_id,
            "format": name,
            "content": content,
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for name, content in files
    ]
    await connection.execute(insert(report_files), rows)
    return report_id


async def report_rows(
    connection: AsyncConnection, limit: int, after: tuple[str, str, int] | None = None
) -> Sequence[AnyRow]:
    """The newest period first, of each its newest version first; after this period, language and version."""
    key = reports.c.period, reports.c.language, reports.c.version
    query = select(reports).order_by(*(column.desc() for column in key)).limit(limit)
    if after is not None:
        query = query.where(tuple_(*key) < tuple_(*map(literal, after)))
    return (await connection.execute(query)).all()


async def superseded(connection: AsyncConnection, report_ids: Sequence[UUID]) -> set[UUID]:
    """Those of them that have a later version."""
    later = reports.alias("later")
    same = and_(later.c.period == reports.c.period, later.c.language == reports.c.language)
    newer = exists().where(same, later.c.version > reports.c.version)
    query = select(reports.c.report_id).where(reports.c.report_id.in_(report_ids), newer)
    return set((await connection.execute(query)).scalars())


async def find_report(connection: AsyncConnection, report_id: UUID) -> AnyRow:
    """Raises NotFound."""
    row = (await connection.execute(select(reports).where(reports.c.report_id == report_id))).one_or_none()
    if row is None:
        raise NotFound(f"There is no report {report_id}.", member="report_id")
    return row


async def files_of(connection: AsyncConnection, report_ids: Sequence[UUID]) -> Sequence[AnyRow]:
    """Format, size and hash of their files, without the content."""
    columns = (report_files.c.report_id, report_files.c.format, report_files.c.size_bytes, report_files.c.sha256)
    query = select(*columns).where(report_files.c.report_id.in_(report_ids)).order_by(report_files.c.format)
    return (await connection.execute(query)).all()


async def file_of(connection: AsyncConnection, report_id: UUID, name: str) -> AnyRow:
    """One file with its content. Raises NotFound."""
    query = select(report_files).where(report_files.c.report_id == report_id, report_files.c.format == name)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no report {report_id} as {name}.", member="report_id")
    return row


def as_accessed(report: AnyRow, name: str) -> dict[str, Any]:
    """What access_log says of a file that somebody took."""
    return {"period": report.period, "language": report.language, "version": report.version, "format": name}


def file_name(report: AnyRow, name: str) -> str:
    """As it is saved: patrol-2026-10-zh-TW-v1.ods."""
    kind = "ledger.csv.gz" if name == LEDGER else name
    return f"patrol-{report.period}-{report.language}-v{report.version}.{kind}"
