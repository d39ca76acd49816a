"""One incident after the other: the rule that steps in when the solver is slow, and the one to compare with."""

from __future__ import annotations

import heapq

import numpy as np

from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.rows import Column, Row
from dispatch.domain.situation import Floats, Situation


def choose_one_by_one(
    situation: Situation,
    rows: list[Row],
    columns: list[Column],
    eta_s: Floats,
    penalty_s: Floats,
    settings: PolicySettings,
) -> list[int | None]:
    """The column of each row. Who has a unit keeps it, unless a better priority takes it on its way.

    The best priority (or the longest wait) chooses first, the nearest permitted unit; an incident that loses its
    unit to a better priority chooses after it.
    """
    taken: list[int | None] = [row.column for row in rows]
    owner = {row.column: i for i, row in enumerate(rows) if row.column is not None}

    def key(i: int) -> tuple[int, float, str, int]:
        return _turn(situation, rows, i, by_priority=settings.greedy_order == "priority")

    queue = [key(i) for i, row in enumerate(rows) if row.column is None]
    heapq.heapify(queue)
    free = np.array([column.is_idle for column in columns])
    while queue:
        i = heapq.heappop(queue)[3]
        priority = situation.incidents[rows[i].incident].priority
        open_to = free
        if settings.divert:
            open_to = free.copy()
            for j, loser in owner.items():
                may = (
                    not columns[j].held
                    and not rows[loser].held
                    and situation.incidents[rows[loser].incident].priority > priority
                )
                open_to[j] = may and not free[j]
        reach_s = np.where(open_to, eta_s[i] + penalty_s[i], np.inf)
        best = int(np.argmin(reach_s))
        if reach_s[best] == np.inf:
            continue
        taken[i] = best
        free[best] = False
        if best in owner:
            loser = owner.pop(best)
            taken[loser] = None
            heapq.heappush(queue, key(loser))
    return taken


def send_who_is_left(
    situation: Situation,
    rows: list[Row],
    columns: list[Column],
    eta_s: Floats,
    penalty_s: Floats,
    taken: list[int | None],
) -> None:
    """Nobody waits while a unit that may go stands idle, however far it is: fills `taken` where it is None.

    And nobody loses a unit that nobody else gets.
    """
    for i, row in enumerate(rows):
        if taken[i] is None and row.column is not None and row.column not in taken:
            taken[i] = row.column
    idle = {j for j, column in enumerate(columns) if column.is_idle}.difference(j for j in taken if j is not None)
    waiting = [i for i, j in enumerate(taken) if j is None]
    for i in sorted(waiting, key=lambda i: _turn(situation, rows, i, by_priority=True)):
        may_go = [j for j in sorted(idle) if penalty_s[i, j] < np.inf]
        if may_go:
            best = min(may_go, key=lambda j: float(eta_s[i, j] + penalty_s[i, j]))
            taken[i] = best
            idle.discard(best)


def _turn(situation: Situation, rows: list[Row], i: int, *, by_priority: bool) -> tuple[int, float, str, int]:
    """Whose turn it is: the better priority, then the longer wait; the number settles ties."""
    incident = situation.incidents[rows[i].incident]
    return (incident.priority if by_priority else 0, incident.received_s, incident.number, i)
