"""Remembers who could go to an incident that nobody is on: when a round first sees it, and whenever that changes.

In every mode: where a person decides, nothing else tells what was free when the call came in (docs/why-late.md).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Set

import numpy as np

from dispatch.domain.unit import UnitStatus
from dispatch.service.carrying_out import Decided
from dispatch.service.desk import Desk
from dispatch.store.unit_looks import Look, keep_looks


class Looks:
    """Of one server while it leads; what it forgets with its end, the next one looks at anew."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._somebody: dict[Hashable, bool] = {}

    async def keep(self, decided: Decided, *, but: Set[int] = frozenset()) -> None:
        """What of this plan is news. `but`: rows for which another plan of this round is made."""
        news = [look for look in _looks(decided, but) if self._somebody.get(look.incident_id) is not look.somebody]
        if news:
            async with self._desk.engine.begin() as connection:
                await keep_looks(connection, news)
        self._somebody |= {look.incident_id: look.somebody for look in news}

    def forget(self, but: Set[Hashable]) -> None:
        """The others have ended, or have all whom they need."""
        self._somebody = {one: said for one, said in self._somebody.items() if one in but}


def _looks(decided: Decided, but: Set[int]) -> Iterator[Look]:
    """Of those that nobody is on, where the plan sends somebody or says that it can't."""
    situation, plan = decided.situation, decided.plan
    somebody = {order.incident for order in plan.orders}
    is_free = np.array([unit.status is UnitStatus.AVAILABLE for unit in situation.units], dtype=bool)
    for row in sorted(somebody.union(plan.waiting) - but):
        if situation.incidents[row].sent:
            continue
        free_s = np.asarray(situation.eta_s[row])[is_free]
        known_s = free_s[np.isfinite(free_s)]
        nearest_s = float(known_s.min()) if len(known_s) else None
        yield Look(decided.id_of(row), decided.picture.now, nearest_s, row in somebody)
