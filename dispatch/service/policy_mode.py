"""The mode of dispatching, changed while the servers run: kept in the database, read anew with every decision."""

from __future__ import annotations

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.mode import Mode
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.transaction import transaction
from dispatch.store.policy_modes import mode_set, set_mode


async def change_mode(desk: Desk, mode: Mode, by: Person) -> None:
    """From now on this one, in every server; who set it stands in the log. The same mode again changes nothing."""
    async with transaction(desk) as work:
        known = await mode_set(work.connection)
        before = known.mode if known else desk.settings.dispatch_mode
        if known is not None and known.mode is mode:
            return
        await set_mode(work.connection, mode, by=by.username, at=work.now)
        work.record(
            Event(
                kind=EventKind.POLICY_MODE_CHANGED,
                happened_at=work.now,
                said_by=SaidBy.DISPATCHER,
                actor=by.username,
                data={"mode": str(mode), "before": str(before)},
            )
        )
