"""What the car knows and its screen shows: link, position, orders with their steps, notices, refusals.

Orders, the unit's name and what the crew last said of itself are noted in the journal file, so that a restarted agent
shows them before it has a connection.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct

from gateway.protocol import Notice, Order, OrderBody, OrderEnded, Rejected, Step, Welcome
from vehicle_agent.journal import Journal
from vehicle_agent.journal_file import Row
from vehicle_agent.notices import Notices
from vehicle_agent.presses import Presses
from vehicle_agent.receiver import Position
from vehicle_agent.sos import KeptSos

FINAL_STEPS: Final = {Step.CLEARED, Step.DECLINED}
FIX_SHOWN_FOR_S: Final = 10.0
GONE: Final = "gone"
"""Ended while the car had no link, and nobody has said why yet."""
_KEPT_ENTRIES: Final = 50
# Cleared or declined, and no word from the gateway that it is over: it is kept, so that the same order, sent again, is
# not taken for a new one. The last few are enough.
_KEPT_FINISHED: Final = 20
_NOTE: Final = "state"

_log = structlog.get_logger(__name__)


class HeldOrder(Struct, kw_only=True):
    """An order and how far the crew is with it."""

    order: Order
    step: Step | None = None


class Kept(KeptSos, kw_only=True):
    """What survives a restart of the agent."""

    unit_id: str | None = None
    unit_name: str | None = None
    available: bool = True
    availability_reason: str | None = None
    orders: list[HeldOrder] = msgspec.field(default_factory=list)


class CarState:
    """One car's state. `monotonic_s` tells how old a position is."""

    def __init__(self, journal: Journal, clock_ms: Callable[[], int], monotonic_s: Callable[[], float]) -> None:
        self._journal = journal
        self._clock_ms = clock_ms
        self._monotonic_s = monotonic_s
        self.kept = self._recall()
        self.presses = Presses(journal)
        self.connected = False
        self.link = "connecting"
        self.clock_offset_ms: int | None = None
        self.troubles = journal.troubles
        self.hear_fix: Callable[[int], None] = lambda _time_ms: None
        """Called with the time of each fix; for whoever compares clocks."""
        self.hear_server: Callable[[int], int | None] = lambda server_ms: server_ms - self._clock_ms()
        """Called with the server's time of each welcome; gives `clock_offset_ms`."""
        self._server_seen: tuple[int, float] | None = None
        self._position: Position | None = None
        self._position_at_s = 0.0
        self._fixed_at_s: float | None = None
        self.cameras: dict[str, dict[str, Any]] = {}
        self.notices = Notices(journal, clock_ms)
        self.ended: deque[dict[str, Any]] = deque(maxlen=_KEPT_ENTRIES)
        self.rejected: deque[dict[str, Any]] = deque(maxlen=_KEPT_ENTRIES)

    def _recall(self) -> Kept:
        return self._journal.recall_as(_NOTE, Kept) or Kept()

    def keep(self) -> None:
        """Note what must survive a restart."""
        self._journal.remember(_NOTE, msgspec.json.encode(self.kept))

    # ---- position

    def set_position(self, place: Position | None) -> None:
        """The newest word of the receiver; None: it has no fix."""
        self._position = place
        self._position_at_s = self._monotonic_s()
        if place is not None:
            self._fixed_at_s = self._position_at_s
            self.hear_fix(place.time_ms)

    def position(self) -> Position | None:
        """Where the car is, unless that was too long ago to say so."""
        fresh = self._monotonic_s() - self._position_at_s <= FIX_SHOWN_FOR_S
        return self._position if fresh else None

    def server_now_ms(self) -> int | None:
        """The server's time, counted on from its last welcome without the car's own clock; None before the first."""
        if self._server_seen is None:
            return None
        told_ms, at_s = self._server_seen
        return told_ms + round((self._monotonic_s() - at_s) * 1000)

    # ---- orders

    def pressing(self) -> bool:
        """Whether every position counts: an order that the crew has not ended, or an SOS."""
        return self.kept.sos_active or any(held.step not in FINAL_STEPS for held in self.kept.orders)

    def order(self, assignment_id: str) -> HeldOrder | None:
        """The order of this assignment, if the car holds it."""
        return next((held for held in self.kept.orders if held.order.assignment_id == assignment_id), None)

    def take_order(self, body: OrderBody) -> None:
        """A new order, the same one again, or a change to it; the crew's step stays."""
        order = msgspec.convert({**msgspec.structs.asdict(body), "type": "order"}, Order)
        held = self.order(order.assignment_id)
        if held is None:
            finished = [other for other in self.kept.orders if other.step in FINAL_STEPS]
            for other in finished[:-_KEPT_FINISHED]:
                self.kept.orders.remove(other)
            self.kept.orders.append(HeldOrder(order=order))
            _log.info("order_received", assignment_id=order.assignment_id, incident_id=order.incident.id)
        elif held.order == order:
            return
        else:
            held.order = order
        self.keep()

    def end_order(self, assignment_id: str, reason: str) -> None:
        """The assignment is over."""
        held = self.order(assignment_id)
        if held is None:
            self._correct_end(assignment_id, reason)
            return
        self.kept.orders.remove(held)
        self.ended.append(
            {
                "assignment_id": assignment_id,
                "number": held.order.incident.number,
                "reason": reason,
                "step": held.step,
                "at_ms": self._clock_ms(),
            }
        )
        _log.info("order_ended", assignment_id=assignment_id, reason=reason)
        self.keep()

    def _correct_end(self, assignment_id: str, reason: str) -> None:
        """What the welcome left out, ended without a word why; here is the word."""
        for entry in self.ended:
            if entry["assignment_id"] == assignment_id and entry["reason"] == GONE:
                entry["reason"] = reason
                _log.info("order_ended", assignment_id=assignment_id, reason=reason)

    # ---- what the gateway says

    def welcome(self, welcome: Welcome, unread: Iterable[str] = ()) -> None:
        """The gateway's list of open assignments is the whole truth: what is not on it has ended meanwhile.

        `unread`: what is on it too, in words that this version can't read; what the car holds of it stays.
        """
        self.clock_offset_ms = self.hear_server(welcome.server_ms)
        self._server_seen = welcome.server_ms, self._monotonic_s()
        self.notices.welcomed()
        self.kept.unit_id, self.kept.unit_name = welcome.unit_id, welcome.unit_name
        self.keep()
        still_open = {order.assignment_id for order in welcome.orders} | set(unread)
        for held in list(self.kept.orders):
            if held.order.assignment_id not in still_open:
                self.end_order(held.order.assignment_id, GONE)
        for order in welcome.orders:
            self.take_order(order)

    def hear(self, message: OrderBody | OrderEnded | Notice) -> None:
        """An order, its change or end, or a notice."""
        if isinstance(message, OrderBody):
            self.take_order(message)
        elif isinstance(message, OrderEnded):
            self.end_order(message.assignment_id, message.reason.value)
        else:
            before = self.kept.sos_active, self.kept.sos_seen
            if self.kept.hear(message, self._journal.boot) and before != (self.kept.sos_active, self.kept.sos_seen):
                self.keep()
                self.notices.take(message)
            else:
                self.notices.hear(message)

    def refuse(self, refusal: Rejected, row: Row | None) -> None:
        """A message of this car was refused for good; `row` is that message, if it is still there."""
        body: dict[str, Any] = {} if row is None else msgspec.json.decode(row.body)
        about = {name: body[name] for name in ("type", "assignment_id", "status") if name in body}
        press = self.presses.rejected(refusal.seq)
        if press is not None and not about:
            about = {"type": press.kind, "assignment_id": press.assignment_id, "status": press.status}
        told = {"seq": refusal.seq, "code": refusal.code.value, "message": refusal.message}
        if any(told.items() <= entry.items() for entry in self.rejected):
            return  # said again after a reconnect
        self.rejected.append(told | {"at_ms": self._clock_ms()} | about)
        _log.warning("message_rejected", seq=refusal.seq, code=refusal.code.value, kind=about.get("type"))

    def _whole_seconds_ms(self, since_s: float) -> int:
        """In whole seconds: it is shown, and must not make every look at the state a news."""
        return int(self._monotonic_s() - since_s) * 1000

    # ---- for the screen

    def as_json(self) -> dict[str, Any]:
        """All of it, as `GET /api/state` answers."""
        place = self.position()
        return {
            "unit_id": self.kept.unit_id,
            "unit_name": self.kept.unit_name,
            "connected": self.connected,
            "link": self.link,
            "clock_ms": self._clock_ms(),
            "server_ms": self.server_now_ms(),
            "clock_offset_ms": self.clock_offset_ms,
            "waiting": self._journal.waiting(),
            "troubles": self.troubles.as_json(),
            "fix": None if place is None else msgspec.to_builtins(place),
            "fix_age_ms": None if self._fixed_at_s is None else self._whole_seconds_ms(self._fixed_at_s),
            "available": self.kept.available,
            "availability_reason": self.kept.availability_reason,
            "sos_active": self.kept.sos_active,
            "sos_seen": self.kept.sos_seen,
            "orders": [msgspec.to_builtins(held.order) | {"step": held.step} for held in self.kept.orders],
            "ended": _list(self.ended),
            "notices": self.notices.as_json(),
            "presses": self.presses.as_json(self.connected),
            "rejected": _list(self.rejected),
            "cameras": _list(self.cameras.values()),
        }


def _list(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [dict(entry) for entry in entries]
