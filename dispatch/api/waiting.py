"""How much waits at a desk where nobody is signed in: two counts, nothing else. Decision 0028 says why."""

from __future__ import annotations

import time
from collections import OrderedDict
from http import HTTPStatus
from typing import Final

from fastapi import Request, Response

from dispatch.api.problems import described, problem
from dispatch.api.routing import api_router
from dispatch.api.schemas.alarms import Waiting
from dispatch.api.signed_in import TheDesk
from dispatch.store.alarms import waiting_counts

router = api_router("session")
KEPT_S: Final = 2.0
"""One count serves everybody for so long: asking often costs the database nothing."""
WINDOW_S: Final = 60.0
ASKED_MAX: Final = 240
"""From one address within the window: a room of twenty desks behind one proxy asks as often."""
ADDRESSES_MAX: Final = 10_000


class Counts:
    """One per server process: the newest counts, and who asked how often."""

    def __init__(self) -> None:
        self.read_at_s = float("-inf")
        self.counts = Waiting(sos=None, unassigned=None)
        self._asked: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def may_ask(self, address: str, now_s: float) -> bool:
        """Counts the question. The oldest addresses are forgotten, so that made-up ones can't fill the memory."""
        since_s, asked = self._asked.pop(address, (now_s, 0))
        if now_s - since_s >= WINDOW_S:
            since_s, asked = now_s, 0
        self._asked[address] = (since_s, asked + 1)
        if len(self._asked) > ADDRESSES_MAX:
            self._asked.popitem(last=False)
        return asked < ASKED_MAX


@router.get("/waiting", responses=described(429), response_model=Waiting)
async def waiting(request: Request, desk: TheDesk) -> Waiting | Response:
    """For anybody: open SOS and calls without a unit, as counts. Null where the bureau has turned that off."""
    if not desk.settings.waiting_counts:
        return Waiting(sos=None, unassigned=None)
    counts: Counts = request.app.state.waiting
    now_s = time.monotonic()
    if not counts.may_ask(request.client.host if request.client else "", now_s):
        detail = f"Ask at most {ASKED_MAX} times a minute."
        retry = {"Retry-After": str(round(WINDOW_S))}
        return problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_attempts", detail, headers=retry)
    if now_s - counts.read_at_s >= KEPT_S:
        async with desk.engine.connect() as connection:
            sos, unassigned = await waiting_counts(connection)
        counts.counts, counts.read_at_s = Waiting(sos=sos, unassigned=unassigned), now_s
    return counts.counts
