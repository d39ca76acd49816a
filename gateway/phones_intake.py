"""From a phone's report to the durable write that all of the gateway shares, and back with its outcome."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from gateway.batch import Parcel
from gateway.inbox import Inbox
from gateway.links import Link
from gateway.parsing import Refusal
from gateway.phones_report import PHONE_BOOT, Report

log = structlog.get_logger(__name__)

DEVICES_KEPT: Final = 100_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a report. `known`: its device is registered still; `refused`: what of it is kept as refused."""

    known: bool
    refused: list[Refusal]


class Intake:
    """`take` returns when the report is durable, and not before."""

    def __init__(self, pool: asyncpg.Pool, inbox: Inbox) -> None:
        self._pool = pool
        self._inbox = inbox
        self._opened: set[UUID] = set()

    async def take(self, link: Link, report: Report, app: str, server_ms: int) -> Outcome:
        """Makes the report durable. Raises one of database.TRANSIENT where the database is away.

        Given up halfway (a timeout), the report may become durable all the same; sent again, it counts once.
        """
        entries = report.entries(server_ms)
        if not entries:
            return Outcome(known=True, refused=[])
        if not await self._open(link, app):
            return Outcome(known=False, refused=[])
        outcomes: list[Outcome] = []
        done = asyncio.Event()

        def settle(durable_seq: int | None, refused: list[Refusal]) -> None:
            outcomes.append(Outcome(durable_seq is not None, refused))
            if len(outcomes) == len(entries):
                done.set()

        for entry in entries:  # a parcel each, so that each settles by itself
            await self._inbox.put(
                Parcel(link.device_id, link.unit_id, PHONE_BOOT, [entry], server_ms, settle, by_time=True)
            )
        await done.wait()
        known = all(outcome.known for outcome in outcomes)
        if not known:
            self._opened.discard(link.device_id)
        return Outcome(known, [refusal for outcome in outcomes for refusal in outcome.refused])

    async def _open(self, link: Link, app: str) -> bool:
        """Under this row its messages are locked and counted; False where the device is gone."""
        if link.device_id in self._opened:
            return True
        try:
            await self._pool.execute(_OPEN, link.device_id, PHONE_BOOT, app)
        except asyncpg.ForeignKeyViolationError:
            return False
        if len(self._opened) >= DEVICES_KEPT:
            self._opened.clear()
        self._opened.add(link.device_id)
        log.info("phone_reports", unit_id=str(link.unit_id), app=app)
        return True


_OPEN: Final = """
INSERT INTO journals (device_id, boot, last_seq, agent) VALUES ($1, $2, 0, $3)
ON CONFLICT (device_id, boot) DO UPDATE SET agent = excluded.agent, seen_at = now()"""
