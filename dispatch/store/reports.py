"""Reports as rows: kept, listed, read. The files are read one at a time, never with the list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.refusals import NotFound
from dispatch.store.report_tables import report_files, reports
from dispatch.store.rows import AnyRow
from dispatch.store.tables import bureaus, incidents

KEEPING_LOCK: Final = 0x_7A_70_18


async def lock_keeping(connection: AsyncConnection) -> None:
    """Until the end of the transaction nobody else keeps a report: two servers would make the same version."""
    await connection.execute(select(func.pg_advisory_xact_lock(KEEPING_LOCK)))


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


async def report_rows(connection: AsyncConnection, limit: int) -> Sequence[AnyRow]:
    """The newest period first, of each its newest version first."""
    order = reports.c.period.desc(), reports.c.language.desc(), reports.c.version.desc()
    return (await connection.execute(select(reports).order_by(*order).limit(limit))).all()


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


async def bureau_name(connection: AsyncConnection) -> str | None:
    """What the bureau is called; None where only its code is known."""
    found: str | None = await connection.scalar(select(bureaus.c.name).limit(1))
    return found


async def first_call_at(connection: AsyncConnection) -> datetime | None:
    """When the oldest call on record was received."""
    found: datetime | None = await connection.scalar(select(func.min(incidents.c.received_at)))
    return found


def file_name(report: AnyRow, name: str) -> str:
    """As it is saved: patrol-2026-10-zh-TW-v1.ods."""
    return f"patrol-{report.period}-{report.language}-v{report.version}.{name}"
