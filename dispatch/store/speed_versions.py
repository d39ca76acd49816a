"""Speed versions as rows: written once, applied by a name, read by servers and by the replay of an old day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.refusals import NotFound
from dispatch.store.rows import AnyRow
from dispatch.store.speed_tables import speed_versions, speeds_applied

_VERSIONS_LOCK: Final = 0x_7A_70_06


async def add_version(
    connection: AsyncConnection,
    *,
    made_by: str,
    factors: Sequence[dict[str, Any]],
    learned_from: dict[str, Any],
    errors: dict[str, Any],
) -> int:
    """A new version, which is not in force; its number."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _VERSIONS_LOCK})
    version = int(await connection.scalar(select(func.max(speed_versions.c.version))) or 0) + 1
    values = {"made_by": made_by, "factors": list(factors), "learned_from": learned_from, "errors": errors}
    await connection.execute(insert(speed_versions).values(version=version, **values))
    return version


async def apply_version(connection: AsyncConnection, version: int, by: str) -> None:
    """From now on it is in force. Raises NotFound."""
    if await connection.scalar(select(speed_versions.c.version).where(speed_versions.c.version == version)) is None:
        raise NotFound(f"there is no version {version} of the speeds; `patrol calibrate versions` lists them")
    await connection.execute(insert(speeds_applied).values(version=version, applied_by=by))


async def version_in_force(connection: AsyncConnection) -> int:
    """The number of the version that was applied last."""
    query = select(speeds_applied.c.version).order_by(speeds_applied.c.application_id.desc()).limit(1)
    return int(await connection.scalar(query) or 0)


async def factors_of(connection: AsyncConnection, version: int) -> list[dict[str, Any]]:
    """The cells of a version. Raises NotFound."""
    found = await connection.scalar(select(speed_versions.c.factors).where(speed_versions.c.version == version))
    if found is None:
        raise NotFound(f"there is no version {version} of the speeds")
    return list(found)


async def learned_from_of(connection: AsyncConnection, version: int) -> dict[str, Any]:
    """Days, drives and map that a version was learned from; of the priors nothing."""
    query = select(speed_versions.c.learned_from).where(speed_versions.c.version == version)
    return dict(await connection.scalar(query) or {})


async def versions(connection: AsyncConnection) -> Sequence[AnyRow]:
    """All versions, the newest first, each with the last time that it was applied and by whom, or nulls."""
    last = (
        select(speeds_applied)
        .distinct(speeds_applied.c.version)
        .order_by(speeds_applied.c.version, speeds_applied.c.application_id.desc())
        .subquery()
    )
    query = (
        select(speed_versions, last.c.applied_at, last.c.applied_by)
        .outerjoin(last, last.c.version == speed_versions.c.version)
        .order_by(speed_versions.c.version.desc())
    )
    return (await connection.execute(query)).all()
