"""What-ifs as rows: asked, taken by a worker, ended; and brought back where a worker died."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.refusals import NotFound
from dispatch.store.rows import AnyRow
from dispatch.store.tables import users
from dispatch.store.what_if_asked import Asked
from dispatch.store.what_if_tables import what_ifs

ATTEMPTS: Final = 2
"""A worker that dies is started once more; a question that kills its worker must not do so for ever."""
WORKER_DIED: Final = "worker_died"

_RUNNING: Final = what_ifs.c.state == "running"
_summary: Final = [column for column in what_ifs.c if column.name not in {"result", "worker", "worker_pid"}]


@dataclass(frozen=True, slots=True)
class Taken:
    """A what-if that a worker shall run, and the mark by which the row is the worker's."""

    what_if_id: UUID
    worker: UUID


async def add_what_if(connection: AsyncConnection, asked: Asked, by: UUID, repeats: UUID | None = None) -> UUID:
    """A new one at the end of the queue."""
    what_if_id = uuid4()
    await connection.execute(
        insert(what_ifs).values(
            what_if_id=what_if_id,
            name=asked.name,
            seed=asked.seed,
            asked=asked.as_builtins(),
            total=asked.runs,
            created_by=by,
            repeats=repeats,
        )
    )
    return what_if_id


async def waiting_count(connection: AsyncConnection) -> int:
    """How many are queued."""
    return await connection.scalar(select(func.count()).where(what_ifs.c.state == "queued")) or 0


async def what_if_rows(connection: AsyncConnection, limit: int) -> Sequence[AnyRow]:
    """Newest first, without results."""
    query = _named(*_summary).order_by(what_ifs.c.created_at.desc(), what_ifs.c.what_if_id).limit(limit)
    return (await connection.execute(query)).all()


async def find_what_if(connection: AsyncConnection, what_if_id: UUID) -> AnyRow:
    """With its result. Raises NotFound."""
    query = _named(*_summary, what_ifs.c.result).where(what_ifs.c.what_if_id == what_if_id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no what-if {what_if_id}.", member="what_if_id")
    return row


async def lock_what_if(connection: AsyncConnection, what_if_id: UUID) -> AnyRow:
    """Raises NotFound."""
    query = select(what_ifs).where(what_ifs.c.what_if_id == what_if_id).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no what-if {what_if_id}.", member="what_if_id")
    return row


async def cancel_what_if(connection: AsyncConnection, what_if_id: UUID) -> None:
    """Its worker, if there is one, finds that the row is no longer its own."""
    await connection.execute(
        update(what_ifs)
        .where(what_ifs.c.what_if_id == what_if_id)
        .values(state="cancelled", ended_at=func.now(), worker=None, left_s=None)
    )


async def delete_what_if(connection: AsyncConnection, what_if_id: UUID) -> None:
    """For good."""
    await connection.execute(delete(what_ifs).where(what_ifs.c.what_if_id == what_if_id))


# ---- the queue


async def take_next(connection: AsyncConnection) -> Taken | None:
    """The oldest that waits, unless another server takes it at this moment."""
    oldest = (
        select(what_ifs.c.what_if_id)
        .where(what_ifs.c.state == "queued")
        .order_by(what_ifs.c.created_at, what_ifs.c.what_if_id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    worker = uuid4()
    statement = (
        update(what_ifs)
        .where(what_ifs.c.what_if_id == oldest)
        .values(
            state="running",
            worker=worker,
            worker_pid=None,
            attempts=what_ifs.c.attempts + 1,
            done=0,
            left_s=None,
            started_at=func.now(),
            heartbeat_at=func.now(),
        )
        .returning(what_ifs.c.what_if_id)
    )
    what_if_id: UUID | None = await connection.scalar(statement)
    return None if what_if_id is None else Taken(what_if_id, worker)


async def is_held(connection: AsyncConnection, taken: Taken) -> bool:
    """Is the row still this worker's?"""
    return await connection.scalar(select(func.count()).where(_held(taken))) == 1


async def give_back(connection: AsyncConnection, taken: Taken) -> None:
    """The server stops in good order: it is queued as if it had never been started."""
    await connection.execute(
        update(what_ifs)
        .where(_held(taken))
        .values(state="queued", worker=None, worker_pid=None, done=0, left_s=None, attempts=what_ifs.c.attempts - 1)
    )


async def worker_died(connection: AsyncConnection, taken: Taken) -> str | None:
    """Queued once more, or failed; the new state, None where the row is not (or no longer) that worker's."""
    return (await _bring_back(connection, _held(taken))).get(taken.what_if_id)


async def bring_back_lost(connection: AsyncConnection, silent: timedelta, own: Taken | None = None) -> dict[UUID, str]:
    """The same for every one but `own` whose worker has been silent for so long: id and new state."""
    which = _RUNNING & (what_ifs.c.heartbeat_at < func.now() - silent)
    if own is not None:
        which &= what_ifs.c.worker != own.worker
    return await _bring_back(connection, which)


async def _bring_back(connection: AsyncConnection, which: Any) -> dict[UUID, str]:
    nobody = {"worker": None, "worker_pid": None, "left_s": None}
    again = update(what_ifs).where(which, what_ifs.c.attempts < ATTEMPTS).values(state="queued", done=0, **nobody)
    over = (
        update(what_ifs)
        .where(which, what_ifs.c.attempts >= ATTEMPTS)
        .values(
            state="failed",
            ended_at=func.now(),
            error_code=WORKER_DIED,
            error=f"its worker process ended without a result, {ATTEMPTS} times",
            **nobody,
        )
    )
    found: dict[UUID, str] = {}
    for statement in (over, again):
        rows = await connection.execute(statement.returning(what_ifs.c.what_if_id, what_ifs.c.state))
        found |= {row.what_if_id: row.state for row in rows}
    return found


# ---- what a worker writes; False where the row is no longer its own


async def begin_work(connection: AsyncConnection, taken: Taken, pid: int) -> AnyRow | None:
    """Claims the row: asked, and who asked. None where it is not this worker's."""
    claim = update(what_ifs).where(_held(taken)).values(worker_pid=pid, heartbeat_at=func.now())
    if (await connection.execute(claim)).rowcount != 1:
        return None
    query = (
        select(what_ifs.c.asked, users.c.username)
        .join(users, users.c.user_id == what_ifs.c.created_by)
        .where(what_ifs.c.what_if_id == taken.what_if_id)
    )
    return (await connection.execute(query)).one()


async def beat(connection: AsyncConnection, taken: Taken, done: int, left_s: float | None) -> bool:
    """I live, and so far I am."""
    return await _write(connection, taken, done=done, left_s=left_s, heartbeat_at=func.now())


async def finish(connection: AsyncConnection, taken: Taken, **found: Any) -> bool:
    """The result, with its digest, inputs and engine."""
    return await _write(
        connection, taken, state="done", done=what_ifs.c.total, left_s=None, ended_at=func.now(), **found
    )


async def fail(connection: AsyncConnection, taken: Taken, code: str, said: str) -> bool:
    """What was asked can't be run; to try again would not help."""
    return await _write(
        connection, taken, state="failed", error_code=code, error=said, left_s=None, ended_at=func.now()
    )


def _held(taken: Taken) -> Any:
    return _RUNNING & (what_ifs.c.what_if_id == taken.what_if_id) & (what_ifs.c.worker == taken.worker)


async def _write(connection: AsyncConnection, taken: Taken, **values: Any) -> bool:
    done = await connection.execute(update(what_ifs).where(_held(taken)).values(**values))
    return done.rowcount == 1


def _named(*columns: Any) -> Select[*tuple[Any, ...]]:
    first = what_ifs.alias("first")
    return (
        select(
            *columns,
            users.c.username.label("created_by_name"),
            first.c.inputs.label("first_inputs"),
            first.c.engine.label("first_engine"),
            first.c.result_sha256.label("first_sha256"),
        )
        .join(users, users.c.user_id == what_ifs.c.created_by)
        .outerjoin(first, first.c.what_if_id == what_ifs.c.repeats)
    )
