"""An officer's screen as the server knows it, in the shape of the car's own `GET /api/state`.

What only the browser knows (what waits, what was pressed, whether a notice was read) the browser adds. An order that is
shown for the first time in a duty leaves a line in the access log, because it may name a caller.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from dispatch.domain.assignment import AssignmentState
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.officer_duty import NoDuty
from dispatch.service.officer_messages import journal_boot
from dispatch.store import officer_view, officers
from dispatch.store.access import log_access
from dispatch.store.rows import AnyRow

FIX_SHOWN_FOR_S: Final = 10.0
_KEPT: Final = 10_000
_STEPS: Final = frozenset({"acknowledged", "en_route", "on_scene", "cleared", "declined"})
_MEASURED: Final = ("lat", "lon", "accuracy_m", "speed_mps", "course_deg")


class Shown:
    """Which orders were shown in which duty, by this server; the oldest are forgotten."""

    def __init__(self) -> None:
        self._pairs: OrderedDict[tuple[UUID, UUID], None] = OrderedDict()

    def first_time(self, duty_id: UUID, assignment_id: UUID) -> bool:
        """True once a pair."""
        known = (duty_id, assignment_id) in self._pairs
        self._pairs[duty_id, assignment_id] = None
        if len(self._pairs) > _KEPT:
            self._pairs.popitem(last=False)
        return not known


async def officer_state(
    desk: Desk, shown: Shown, by: Person, *, boot: UUID | None, heard: int | None
) -> dict[str, Any]:
    """The state of the unit that the officer is on. Raises NoDuty.

    `boot`: the page's journal, of which it then tells how far it is durable and handled. `heard`: the page has kept all
    that the state with this `heard_up_to` told.
    """
    now = desk.clock()
    async with desk.engine.begin() as connection:
        duty = await officers.duty_of(connection, by.user_id)
        if duty is None:
            raise NoDuty("Sign on to a unit first: POST /api/v1/officer/duty.")
        if heard is not None:
            await officer_view.mark_heard(connection, duty.unit_id, heard, duty.began_at, now)
        # First: what is said to be handled has its effect in all that is read after it.
        journal: tuple[int, int, Sequence[AnyRow]] = (0, 0, ())
        if boot is not None and duty.device_id is not None:
            own_boot = journal_boot(duty.duty_id, boot)
            journal = await officer_view.journal_facts(connection, duty.device_id, own_boot)
        unit = await officer_view.unit_facts(connection, duty.unit_id)
        up_to = await officer_view.heard_up_to(connection, duty.unit_id)
        orders = await officer_view.open_orders(connection, duty.unit_id)
        for order in orders:
            if shown.first_time(duty.duty_id, order.assignment_id):
                await log_access(connection, by.username, "order", str(order.assignment_id))
        notices = await officer_view.told_since(connection, duty.unit_id, "notice", duty.began_at)
        ended = await officer_view.told_since(connection, duty.unit_id, "order_ended", duty.began_at)
        cameras = await officer_view.cameras(connection, duty.unit_id)
    durable, handled, refused = journal
    return {
        "duty_id": str(duty.duty_id),
        "unit_id": str(duty.unit_id),
        "unit_name": unit.name,
        "connected": True,
        "link": "connected",
        "clock_ms": _ms(now),
        "clock_offset_ms": 0,
        "waiting": 0,
        "fix": _fix(unit, now),
        "fix_age_ms": None if unit.fixed_at is None else max(0, _ms(now) - _ms(unit.fixed_at)),
        "available": unit.available,
        "availability_reason": unit.unavailable_reason,
        "sos_active": unit.sos_active,
        "sos_seen": unit.sos_seen,
        "orders": [order.body | {"type": "order", "step": _step(order.state)} for order in orders],
        "ended": [_ended(row) for row in ended],
        "notices": [
            {"id": str(row.order_id), "text": row.body["text"], "level": row.body["level"], "read": False}
            | {"at_ms": _ms(row.created_at), "code": row.body.get("code")}
            for row in notices
        ],
        "rejected": [_rejected(row) for row in refused],
        "presses": [],
        "troubles": [],
        "cameras": [{"camera_id": row.camera_id, "state": row.state, "time_ms": _ms(row.said_at)} for row in cameras],
        "resume_after": durable,
        "handled_up_to": handled,
        "heard_up_to": up_to,
    }


def _step(state: str) -> str | None:
    return state if state in _STEPS else None


def _fix(unit: AnyRow, now: datetime) -> dict[str, Any] | None:
    if unit.fixed_at is None or (now - unit.fixed_at).total_seconds() > FIX_SHOWN_FOR_S:
        return None
    return {"time_ms": _ms(unit.fixed_at)} | {name: getattr(unit, name) for name in _MEASURED}


def _ended(row: AnyRow) -> dict[str, Any]:
    crews_word = AssignmentState(row.state) if row.state in _STEPS else None
    return {
        "assignment_id": row.body["assignment_id"],
        "number": row.number or "",
        "reason": row.body["reason"],
        "step": crews_word and str(crews_word),
        "at_ms": _ms(row.created_at),
    }


def _rejected(row: AnyRow) -> dict[str, Any]:
    about = {name: row.body[name] for name in ("assignment_id", "status") if name in row.body}
    refusal = {"seq": row.seq, "code": row.rejected_code, "message": row.rejected_reason, "at_ms": _ms(row.at)}
    return refusal | {"type": row.type} | about


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
