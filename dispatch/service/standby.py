"""What becomes of a suggestion where to wait: made, accepted, dismissed, expired, reached. Each is a line of the log.

Nothing moves by itself, in no mode: a person accepts, and then the car gets a notice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID, uuid4

from dispatch.domain.events import Event, EventKind, SaidBy
from dispatch.domain.posts_moves import Suggestion
from dispatch.domain.refusals import SuggestionDecided, UnitBusy, UnitUnavailable
from dispatch.domain.unit import UnitStatus
from dispatch.service.coverage_places import Post
from dispatch.service.desk import Desk
from dispatch.service.incidents import Person
from dispatch.service.notices import tell_notice
from dispatch.service.transaction import Work, transaction
from dispatch.store import standby as store
from dispatch.store.rows import AnyRow
from dispatch.store.units import unit_now

NOTICE: Final = "請至 {place} 待命"


async def accept_suggestion(desk: Desk, suggestion_id: UUID, by: Person) -> None:
    """The car is told where to wait. Raises NotFound, SuggestionDecided, UnitBusy, UnitUnavailable."""
    async with transaction(desk) as work:
        row = await _open_suggestion(work, suggestion_id)
        unit = await unit_now(work.connection, row.unit_id)
        if unit.status is UnitStatus.OUT_OF_SERVICE:
            raise UnitUnavailable(f"{unit.name} is out of service; let it be.", member="unit_id")
        if unit.status is not UnitStatus.AVAILABLE:
            raise UnitBusy(f"{unit.name} has got a job meanwhile.", member="unit_id")
        values = {"state": "accepted", "decided_by": by.username, "decided_at": work.now}
        await store.change_suggestion(work.connection, suggestion_id, "open", **values)
        await tell_notice(work, row.unit_id, NOTICE.format(place=row.place), "info", by)
        work.record(_by_dispatcher(EventKind.STANDBY_ACCEPTED, row, work.now, by))


async def dismiss_suggestion(desk: Desk, suggestion_id: UUID, by: Person, reason: str | None) -> None:
    """The unit is left in peace for a while. Raises NotFound, SuggestionDecided."""
    async with transaction(desk) as work:
        row = await _open_suggestion(work, suggestion_id)
        values = {"state": "dismissed", "decided_by": by.username, "decided_at": work.now, "ended_at": work.now}
        await store.change_suggestion(work.connection, suggestion_id, "open", **values, reason=reason)
        data = {"reason": reason} if reason else {}
        work.record(_by_dispatcher(EventKind.STANDBY_DISMISSED, row, work.now, by, data))


async def _open_suggestion(work: Work, suggestion_id: UUID) -> AnyRow:
    row = await store.lock_suggestion(work.connection, suggestion_id)
    if row.state != "open":
        whom = f" by {row.decided_by}" if row.decided_by else ""
        raise SuggestionDecided(f"The suggestion is {row.state}{whom}.", member="suggestion_id")
    return row


async def make_suggestion(work: Work, unit_id: UUID, post: Post, move: Suggestion) -> bool:
    """Writes a new suggestion; False where the unit has a standing one."""
    suggestion_id = uuid4()
    made = await store.keep_suggestion(
        work.connection,
        suggestion_id=suggestion_id,
        unit_id=unit_id,
        made_at=work.now,
        lat=post.position.lat,
        lon=post.position.lon,
        place=post.name,
        drive_s=move.drive_s,
        gain_share=move.gain_share,
        gain_s=move.gain_s,
        share_before=move.share_before,
        share_after=move.share_after,
    )
    if made:
        data = {"suggestion_id": str(suggestion_id), "place": post.name}
        work.record(_by_server(EventKind.STANDBY_SUGGESTED, unit_id, work.now, data))
    return made


async def end_suggestion(work: Work, row: AnyRow, state: Literal["expired", "done"], reason: str | None) -> None:
    """It ends by itself; nothing where somebody decided it meanwhile."""
    values = {"state": state, "ended_at": work.now, "reason": reason}
    if await store.change_suggestion(work.connection, row.suggestion_id, row.state, **values):
        kind = EventKind.STANDBY_REACHED if state == "done" else EventKind.STANDBY_EXPIRED
        data = {"suggestion_id": str(row.suggestion_id), "place": row.place} | ({"reason": reason} if reason else {})
        work.record(_by_server(kind, row.unit_id, work.now, data))


def _by_server(kind: EventKind, unit_id: UUID, at: datetime, data: dict[str, Any]) -> Event:
    return Event(kind=kind, happened_at=at, said_by=SaidBy.SERVER, unit_id=unit_id, data=data)


def _by_dispatcher(kind: EventKind, row: AnyRow, at: datetime, by: Person, data: dict[str, Any] | None = None) -> Event:
    return Event(
        kind=kind,
        happened_at=at,
        said_by=SaidBy.DISPATCHER,
        actor=by.username,
        unit_id=row.unit_id,
        data={"suggestion_id": str(row.suggestion_id), "place": row.place} | (data or {}),
    )
