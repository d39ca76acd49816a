"""What a supervisor or dispatcher says of a unit on duty: its crew, the end of its shift, what it can do."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.refusals import Invalid, NotFound
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.transaction import transaction
from dispatch.store.units import change_unit, units_now


async def amend_unit(desk: Desk, unit_id: UUID, changes: dict[str, Any], by: Person) -> None:
    """Changes what is given: `crew`, `shift_ends_at`, `capabilities`. Raises NotFound, Invalid.

    The loop decides anew with it at once.
    """
    for member in ("crew", "capabilities"):
        if member in changes and changes[member] is None:
            raise Invalid("can't be taken away; leave it out, or give another value", member=member)
    if "capabilities" in changes:
        changes = changes | {"capabilities": sorted(set(changes["capabilities"]))}
    async with transaction(desk) as work:
        found = await units_now(work.connection, [unit_id])
        if not found:
            raise NotFound(f"There is no unit {unit_id}.", member="unit_id")
        if not changes:
            return
        await change_unit(work.connection, unit_id, **changes)
        said = {name: _said(value) for name, value in changes.items()}
        said["before"] = {name: _said(getattr(found[0], name)) for name in changes}
        work.record(
            Event(
                kind=EventKind.UNIT_CHANGED,
                happened_at=work.now,
                said_by=SaidBy.DISPATCHER,
                actor=by.username,
                unit_id=unit_id,
                data=said,
            )
        )


def _said(value: Any) -> Any:
    """As the log writes it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return sorted(value) if isinstance(value, frozenset) else value
