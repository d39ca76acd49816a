"""From a phone's report to the durable write that all of the gateway shares, and back with its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from gateway.batch import Parcel
from gateway.inbox import Inbox
from gateway.links import Link
from gateway.parsing import Refusal
from gateway.phones_report import PHONE_BOOT, Report, sos_number
from gateway.session import Entry

log = structlog.get_logger(__name__)

DEVICES_KEPT: Final = 100_000
SEEN_EVERY_MS: Final = 30_000
REPEATED_WITHIN_MS: Final = 60_000
"""The same call for help again within this time is the app's second try of it; later somebody pressed again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a report. `known`: its device is registered still; `refused`: what of it is kept as refused."""

    known: bool
    refused: list[Refusal]


class Intake:
    """`take` returns when the reports are durable, and not before."""

    def __init__(self, pool: asyncpg.Pool, inbox: Inbox) -> None:
        self._pool = pool
        self._inbox = inbox
        self._seen_ms: dict[UUID, int] = {}
        self._numbers: dict[UUID, int] = {}
        self._called_ms: dict[tuple[UUID, int], int] = {}

    async def take(self, link: Link, reports: Sequence[Report], app: str, server_ms: int) -> Outcome:
        """Makes the reports durable. Raises one of database.TRANSIENT where the database is away.

        One without a fix says that the phone is there: the journal's `seen_at`. Given up halfway (a timeout), a report
        may become durable all the same; sent again, it counts once.
        """
        if not await self._seen(link, app, server_ms):
            return Outcome(known=False, refused=[])
        entries = [entry for report in reports for entry in self._entries(link.device_id, report, server_ms)]
        outcome = await self._store(link, entries, server_ms)
        if outcome.known:
            self._remember(link.device_id, reports, server_ms)
        else:
            self._seen_ms.pop(link.device_id, None)
        return outcome

    def _entries(self, device_id: UUID, report: Report, server_ms: int) -> list[Entry]:
        if not report.sos:
            return report.entries(server_ms)
        called_ms = self._called_ms.get((device_id, report.time_ms))
        if called_ms is not None and server_ms - called_ms <= REPEATED_WITHIN_MS:
            return replace(report, sos=False).entries(server_ms)
        number = self._numbers[device_id] = sos_number(server_ms, self._numbers.get(device_id, 0))
        return report.entries(server_ms, number)

    def _remember(self, device_id: UUID, reports: Sequence[Report], server_ms: int) -> None:
        """Only what is durable: a call that came to nothing must not keep back the app's next try."""
        for key in [key for key, at_ms in self._called_ms.items() if server_ms - at_ms > REPEATED_WITHIN_MS]:
            del self._called_ms[key]
        for report in reports:
            if report.sos:
                self._called_ms.setdefault((device_id, report.time_ms), server_ms)

    async def _store(self, link: Link, entries: Sequence[Entry], server_ms: int) -> Outcome:
        if not entries:
            return Outcome(known=True, refused=[])
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
        return Outcome(known, [refusal for outcome in outcomes for refusal in outcome.refused])

    async def _seen(self, link: Link, app: str, server_ms: int) -> bool:
        """Under this row its messages are locked and counted, and it tells that the phone lives; False where the device
        is gone."""
        before_ms = self._seen_ms.get(link.device_id)
        if before_ms is not None and abs(server_ms - before_ms) < SEEN_EVERY_MS:
            return True
        try:
            await self._pool.execute(_OPEN, link.device_id, PHONE_BOOT, app)
        except asyncpg.ForeignKeyViolationError:
            return False
        if len(self._seen_ms) >= DEVICES_KEPT:
            self._seen_ms.clear()
        self._seen_ms[link.device_id] = server_ms
        if before_ms is None:
            log.info("phone_reports", unit_id=str(link.unit_id), app=app)
        return True


_OPEN: Final = """
INSERT INTO journals (device_id, boot, last_seq, agent) VALUES ($1, $2, 0, $3)
ON CONFLICT (device_id, boot) DO UPDATE SET agent = excluded.agent, seen_at = now()"""
