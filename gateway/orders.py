"""Delivers the outbox: what each car is told, in the order in which dispatch wrote it, until the car has it.

A row is delivered when a ping sent after it is answered: then the car's side has read past it. What was sent into a
cut wire has no pong and is sent again on the next connection. Hints on the bus make it quick; the table, reread every
second for all connected cars at once, makes it sure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
import structlog

from gateway.database import TRANSIENT

log = structlog.get_logger(__name__)

Confirm = Callable[[], None]
SendOrder = Callable[[str, Confirm], None]
"""Puts a frame on one car's wire at once, and calls back when the car's side has answered a ping sent after it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the outbox and the rows that are delivered with it."""

    text: str
    order_ids: list[int]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a car is told right after its hello: the orders for the welcome, then all frames in their order."""

    orders: list[dict[str, Any]]
    frames: list[Frame]


@dataclass(slots=True, eq=False)
class Mailbox:
    """One connected car's end of the outbox."""

    unit_id: UUID
    send: SendOrder
    sent: set[int] = field(default_factory=set)


class Orders:
    """The outbox of all cars that are connected here."""

    def __init__(self, pool: asyncpg.Pool, period_s: float) -> None:
        self._pool = pool
        self._period_s = period_s
        self._mailboxes: dict[UUID, Mailbox] = {}
        self._woken: set[UUID] = set()
        self._wake = asyncio.Event()
        self._confirmed: list[int] = []

    async def opening(self, unit_id: UUID) -> Opening:
        """All that a car that has just come must be told."""
        return _opening(await self._pool.fetch(_OPENING, unit_id))

    def connect(self, unit_id: UUID, opening: Opening, send: SendOrder) -> Mailbox:
        """Sends the opening's frames and everything that is written from now on, until `disconnect`."""
        mailbox = self._mailboxes[unit_id] = Mailbox(unit_id, send)
        for frame in opening.frames:
            self._send(mailbox, frame)
        return mailbox

    def disconnect(self, mailbox: Mailbox) -> None:
        """Nothing more is sent to this mailbox."""
        if self._mailboxes.get(mailbox.unit_id) is mailbox:
            del self._mailboxes[mailbox.unit_id]

    def wake(self, unit_ids: Iterable[UUID]) -> None:
        """These units have new rows, somebody says."""
        self._woken.update(unit_ids)
        if self._woken & self._mailboxes.keys():
            self._wake.set()

    async def run(self) -> None:
        """Delivers until cancelled."""
        failing = False
        while True:
            try:
                async with asyncio.timeout(self._period_s):
                    await self._wake.wait()
                units = list(self._woken & self._mailboxes.keys())
            except TimeoutError:
                units = list(self._mailboxes)
            self._wake.clear()
            self._woken.clear()
            if not units and not self._confirmed:
                continue
            try:
                await self._note_delivered()
                await self._deliver(units)
            except TRANSIENT as error:
                if not failing:
                    log.error("outbox_unreadable", error=type(error).__name__)
                failing = True
            else:
                if failing:
                    log.info("outbox_readable")
                failing = False

    async def _deliver(self, units: list[UUID]) -> None:
        if not units:
            return
        for row in await self._pool.fetch(_WAITING, units):
            mailbox = self._mailboxes.get(row["unit_id"])
            if mailbox is not None and row["order_id"] not in mailbox.sent:
                self._send(mailbox, Frame(row["body"], [row["order_id"]]))

    async def _note_delivered(self) -> None:
        """What was confirmed stays in memory until it stands in the table; a mailbox forgets nothing it has sent, so
        that a row read just before is not sent twice on one connection."""
        if self._confirmed:
            noted = list(self._confirmed)
            await self._pool.execute(_DELIVERED, noted)
            del self._confirmed[: len(noted)]

    def _send(self, mailbox: Mailbox, frame: Frame) -> None:
        mailbox.sent.update(frame.order_ids)
        mailbox.send(frame.text, lambda: self._confirm(frame.order_ids))

    def _confirm(self, order_ids: list[int]) -> None:
        self._confirmed += order_ids
        self._wake.set()


def _opening(rows: Iterable[Any]) -> Opening:
    """Open orders first, the latest body of each assignment; then what else the car has not been told."""
    latest: dict[UUID, Any] = {}
    order_ids: dict[UUID, list[int]] = {}
    others: list[Frame] = []
    for row in rows:
        if row["is_open"]:
            latest[row["assignment_id"]] = row
            order_ids.setdefault(row["assignment_id"], []).append(row["order_id"])
        else:
            others.append(Frame(row["body"], [row["order_id"]]))
    orders = [{**msgspec.json.decode(row["body"]), "type": "order"} for row in latest.values()]
    frames = [
        Frame(msgspec.json.encode(order).decode(), order_ids[assignment_id])
        for order, assignment_id in zip(orders, latest, strict=True)
    ]
    return Opening(orders, frames + others)


# An order that ended before it was ever delivered is not sent any more; its `order_ended` is.
_UNTOLD: Final = "delivered_at IS NULL AND (is_open OR type NOT IN ('order', 'order_update'))"

_OPENING: Final = f"""
SELECT order_id, assignment_id, is_open AND type IN ('order', 'order_update') AS is_open, body FROM car_orders
WHERE unit_id = $1 AND (is_open AND type IN ('order', 'order_update') OR {_UNTOLD})
ORDER BY order_id"""  # noqa: S608

_WAITING: Final = f"""
SELECT order_id, unit_id, body FROM car_orders
WHERE unit_id = ANY($1::uuid[]) AND {_UNTOLD}
ORDER BY order_id"""  # noqa: S608

_DELIVERED: Final = """
UPDATE car_orders SET delivered_at = now() WHERE order_id = ANY($1::bigint[]) AND delivered_at IS NULL"""
