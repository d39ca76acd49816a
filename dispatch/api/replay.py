"""Past periods as they were shown: a snapshot, what changed it, where units were, and the decisions of the time."""

from __future__ import annotations

import asyncio
import gzip
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from fastapi import Query, Request, Response
from starlette.exceptions import HTTPException

from dispatch.api.period import PeriodOf
from dispatch.api.problems import described
from dispatch.api.replay_frames import decision_view, event_frame, snapshot_frame, track_view
from dispatch.api.routing import api_router
from dispatch.api.schemas import replay as schemas
from dispatch.api.signed_in import SignedIn, TheDesk
from dispatch.domain.refusals import Invalid
from dispatch.service.desk import Desk
from dispatch.service.past import Pictures
from dispatch.service.past_kept import Kept, read_kept
from dispatch.service.past_tracks import Tracks
from dispatch.store.access import log_access
from dispatch.store.database import one_moment
from dispatch.store.past_positions import positions_before, positions_in

router = api_router("replay")
SPAN: Final = timedelta(hours=2)
DISPATCHERS_REACH: Final = timedelta(hours=24)
"""A dispatcher looks back at this shift and the one before; what lies further back is review, and a supervisor's."""
ROLES: Final = ("dispatcher", "supervisor", "auditor")
GZIP_LEVEL: Final = 5
_encode = msgspec.json.Encoder().encode


@router.get(
    "/replay",
    responses={**described(401, 403), 200: {"model": schemas.Replay}},
    response_model=None,
)
async def replay(
    request: Request,
    desk: TheDesk,
    session: SignedIn,
    period: PeriodOf,
    every_s: Annotated[int, Query(ge=1, le=60, description="One position of each unit in so many seconds")] = 5,
) -> Response:
    """What the consoles showed in [from, to), as it was known then. Both are needed; at most two hours.

    For dispatchers (the last 24 hours), supervisors and auditors. Each look is logged, as officers' positions are
    personal. One is made at a time, so that looking back never holds up what is to be dispatched now.
    """
    now = desk.clock()
    start, end = _checked(period.start, period.end, now)
    if session.role not in ROLES:
        raise HTTPException(403, f"This is for {', '.join(ROLES)}; you are signed in as {session.role}.")
    if session.role == "dispatcher" and start < now - DISPATCHERS_REACH:
        raise HTTPException(403, "Dispatchers look back 24 hours; ask a supervisor for what lies further back.")
    async with request.app.state.replaying:
        return await _made(request, desk, session.username, start, end, every_s, now)


async def _made(
    request: Request, desk: Desk, username: str, start: datetime, end: datetime, every_s: int, now: datetime
) -> Response:
    async with one_moment(desk.engine) as connection:
        detail = {"from": start.isoformat(), "to": end.isoformat()}
        await log_access(connection, username, "replay", desk.settings.bureau, detail)
        kept = await read_kept(connection, start, end)
        came = await positions_in(connection, start, end, every_s)
        tracks = Tracks(start, await positions_before(connection, start), came)
    kept_since = now - timedelta(days=desk.settings.fix_retention_days)
    packs = "gzip" in request.headers.get("accept-encoding", "")
    body = await asyncio.to_thread(_body, kept, tracks, every_s, kept_since, packs=packs)
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"} | ({"Content-Encoding": "gzip"} if packs else {})
    return Response(body, media_type="application/json", headers=headers)


def _checked(start: datetime | None, end: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    if start is None:
        raise Invalid("say from when on, such as 2026-11-25T02:00:00+08:00", member="from")
    if end is None:
        raise Invalid("say until when, such as 2026-11-25T03:00:00+08:00", member="to")
    if end - start > SPAN:
        raise Invalid("the period is longer than two hours; ask for a part of it", member="to")
    if start > now:
        raise Invalid("the period has not begun yet", member="from")
    return start, min(end, now)


def _body(kept: Kept, tracks: Tracks, every_s: int, kept_since: datetime, *, packs: bool) -> bytes:
    """Plain computing; some hundred thousand positions take a second."""
    pictures = Pictures(kept, tracks)
    content: dict[str, Any] = {
        "from": kept.start.isoformat(),
        "to": kept.end.isoformat(),
        "every_s": every_s,
        "snapshot": snapshot_frame(pictures.at_start(), kept.start),
        "events": [event_frame(moment, number) for number, moment in enumerate(pictures.moments(), start=1)],
        "tracks": [track_view(unit_id, track) for unit_id, track in tracks.within.items() if track.at_ms],
        "decisions": [decision_view(row, kept.assignments) for row in kept.decisions],
        "positions_kept_since": kept_since.isoformat(),
        "approximate_incidents": [str(key) for key in pictures.approximate()],
    }
    body = _encode(content)
    return gzip.compress(body, GZIP_LEVEL) if packs else body
