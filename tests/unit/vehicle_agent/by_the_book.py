"""A gateway that keeps the rules of the vehicle link, written from PROTOCOL.md alone: the car's counterpart in tests.

Sans-I/O: `Book` holds what is durable over all connections, `Visit` is one connection. Durability is a separate act
(`commit`), so that a test decides when, and what a crash loses.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

CAR_TYPES = {"fix", "camera", "recording", "status", "availability", "sos", "check_in", "health"}


def order(assignment_id: str, number: str = "110-1", summary: str = "打架", priority: int = 2) -> dict[str, Any]:
    """An `order` frame as the gateway sends it."""
    return {
        "type": "order",
        "assignment_id": assignment_id,
        "incident": {
            "id": f"incident-{assignment_id}",
            "number": number,
            "category": "public_order",
            "priority": priority,
            "summary": summary,
            "lat": 23.48,
            "lon": 120.45,
            "received_ms": 1_700_000_000_000,
        },
        "arrive_by_ms": 1_700_000_600_000,
        "eta_s": 240.0,
    }


@dataclass
class Book:
    """What survives: messages by boot and number, and the open orders."""

    durable: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    orders: list[dict[str, Any]] = field(default_factory=list)
    boots: list[str] = field(default_factory=list)
    server_ms: int = 1_700_000_000_000
    largest_frame_bytes: int = 0

    def messages(self, kind: str | None = None) -> list[dict[str, Any]]:
        """All that is held, over the boots in the order in which they first came, without their numbers' names."""
        held = [m for boot in self.boots for _, m in sorted(self.durable[boot].items())]
        return [m for m in held if kind is None or m["type"] == kind]


class Visit:
    """One connection. `take` reads a frame and gives what to answer at once; `commit` makes durable and gives acks."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._boot: str | None = None
        self._pending: list[dict[str, Any]] = []

    def take(self, frame: str) -> list[dict[str, Any]]:
        """Read one frame. Fails the test where the car breaks a rule."""
        self._book.largest_frame_bytes = max(self._book.largest_frame_bytes, len(frame.encode()))
        assert len(frame.encode()) <= 64 * 1024, "a frame over 64 KiB"
        content = json.loads(frame)
        answers: list[dict[str, Any]] = []
        for message in content if isinstance(content, list) else [content]:
            answers += self._one(message)
        return answers

    def _one(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        if message["type"] == "hello":
            assert self._boot is None, "hello twice on one connection"
            boot = message["boot"]
            self._boot = boot
            if boot not in self._book.durable:
                self._book.durable[boot] = {}
                self._book.boots.append(boot)
            return [
                {
                    "type": "welcome",
                    "unit_id": "unit-1",
                    "unit_name": "北興 101",
                    "server_ms": self._book.server_ms,
                    "resume_after": max(self._book.durable[boot], default=0),
                    "orders": self._book.orders,
                }
            ]
        assert self._boot is not None, "a message before hello"
        assert message["type"] in CAR_TYPES
        seq = message["seq"]
        held = self._book.durable[self._boot].get(seq)
        assert held is None or held == message, f"number {seq} was sent again with other content"
        before = self._pending[-1]["seq"] if self._pending else 0
        assert seq > before, "the journal was not sent in order"
        self._pending.append(message)
        return []

    def commit(self, count: int | None = None) -> list[dict[str, Any]]:
        """Make the first `count` pending messages (all, if None) durable; the acknowledgement for them."""
        assert self._boot is not None or not self._pending
        done = self._pending if count is None else self._pending[:count]
        self._pending = self._pending[len(done) :]
        if not done or self._boot is None:
            return []
        self._book.durable[self._boot].update({message["seq"]: message for message in done})
        return [{"type": "ack", "seq": done[-1]["seq"]}]
