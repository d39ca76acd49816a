"""Who read personal data: every look at a caller or at an officer's track leaves a line."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.store.tables import access_log


async def log_access(
    connection: AsyncConnection, username: str, what: str, subject: str, detail: dict[str, Any] | None = None
) -> None:
    """One line, in the transaction of the read: what is not logged is not shown."""
    await connection.execute(
        insert(access_log).values(username=username, what=what, subject=subject, detail=detail or {})
    )
