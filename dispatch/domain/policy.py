"""Who goes: one decision over all incidents that nobody has reached yet and all units that may go. Pure.

Rows are the needs of incidents, one unit each; columns are idle units and units under way that may be sent elsewhere.
The cost of a pair is what the wait costs, `w·(r + L·σ((r − T)/s))` with r = waited + ETA, plus what the drive costs
those who wait for a unit meanwhile. Nobody waits while a unit that may go stands idle; with too few units those wait
for whom it costs least. `scipy.optimize.linear_sum_assignment` finds the least sum (shortest augmenting paths; D. F.
Crouse, IEEE Trans. Aerospace and Electronic Systems 52, 2016). Why a unit may go or not stands in judging.py, needs.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from dispatch.domain import cost
from dispatch.domain.greedy import choose_one_by_one, send_who_is_left
from dispatch.domain.judging import UNDER_WAY, is_under_way, judge, why_incident_keeps, why_unit_stays
from dispatch.domain.needs import fill, needs_of, on_duty
from dispatch.domain.policy_settings import DEFAULT_POLICY, PolicySettings
from dispatch.domain.rows import Column, Row
from dispatch.domain.situation import Floats, Situation
from dispatch.domain.unit import UnitStatus

Solver = Callable[[Floats], NDArray[np.intp] | None]
"""Cost matrix in, the column of each row out; None where it could not answer in time."""

DIVERTED: Final = "diverted"
REPLACED: Final = "replaced"


@dataclass(frozen=True, slots=True)
class Order:
    """Unit and incident by their index in the situation. `leaves`: the incident that the unit was under way to."""

    incident: int
    unit: int
    eta_s: float
    role: str
    leaves: int | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A unit leaves an incident: `diverted` to another one, or `replaced` by a faster unit, and free."""

    incident: int
    unit: int
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done now. Releases come before orders: a unit leaves one incident before it gets another."""

    orders: tuple[Order, ...]
    releases: tuple[Release, ...]
    waiting: tuple[int, ...]
    """Incidents with a need that nobody meets, by index."""
    method: str
    rows: int = 0
    columns: int = 0
    fallback: bool = False
    """The solver gave no answer in time, and the greedy rule stepped in."""


def optimal(costs: Floats) -> NDArray[np.intp]:
    """The columns that make the sum least."""
    return np.asarray(linear_sum_assignment(costs)[1])


def decide(situation: Situation, settings: PolicySettings = DEFAULT_POLICY, solver: Solver = optimal) -> Plan:
    """Orders for units that should go, and releases of units that should not go on. The same input, the same plan."""
    rows, columns = _rows_and_columns(situation, settings)
    open_rows = [row for row in rows if row.column is None]
    if not rows or not columns or not (open_rows or any(column.is_idle for column in columns) or len(rows) > 1):
        waiting = tuple(dict.fromkeys(row.incident for row in open_rows))
        return Plan((), (), waiting, settings.method, len(rows), len(columns))
    eta_s, penalty_s = cost.times(situation, rows, columns, settings)
    taken: list[int | None] | None = None
    if settings.method == "batch":
        taken = _together(cost.matrix(situation, rows, eta_s, penalty_s, settings), solver)
    fallback = taken is None and settings.method == "batch"
    if taken is None:
        taken = choose_one_by_one(situation, rows, columns, eta_s, penalty_s, settings)
    elif None in taken:
        send_who_is_left(situation, rows, columns, eta_s, penalty_s, taken)
    return _plan(rows, columns, taken, eta_s, "greedy" if fallback else settings.method, fallback=fallback)


def _rows_and_columns(situation: Situation, settings: PolicySettings) -> tuple[list[Row], list[Column]]:
    units = situation.units
    columns = []
    for index, unit in enumerate(units):
        if unit.status is UnitStatus.AVAILABLE:
            judgement = judge(unit, situation.now_s, settings)
            if judgement.fit:
                columns.append(Column(index, judgement.doubt_s, is_idle=True))
    capabilities = on_duty(units)
    moves = settings.reoptimise or settings.divert
    rows = []
    for i, incident in enumerate(situation.incidents):
        needs = needs_of(incident, settings, capabilities)
        for need, sent in zip(needs, fill(needs, incident.sent, units), strict=True):
            if sent is None:
                rows.append(Row(i, need))
            elif moves and is_under_way(sent.state):
                unit = units[sent.unit]
                judgement = judge(unit, situation.now_s, settings)
                left_s = float(situation.eta_s[i, sent.unit]) + judgement.doubt_s
                if unit.status in UNDER_WAY and judgement.fit and settings.freeze_s < left_s < math.inf:
                    stays = why_unit_stays(unit, settings) is not None
                    keeps = stays or why_incident_keeps(incident, settings) is not None
                    rows.append(Row(i, need, column=len(columns), held=keeps))
                    columns.append(Column(sent.unit, judgement.doubt_s, is_idle=False, held=stays))
    return rows, columns


def _together(costs: Floats, solver: Solver) -> list[int | None] | None:
    """The column of each row, None where it waits; or nothing where the solver could not answer."""
    found = solver(costs)
    if found is None:
        return None
    width = costs.shape[1] - costs.shape[0]
    return [int(j) if j < width and costs[i, j] < cost.FORBIDDEN / 2 else None for i, j in enumerate(found)]


def _plan(
    rows: list[Row], columns: list[Column], taken: list[int | None], eta_s: Floats, method: str, *, fallback: bool
) -> Plan:
    before: dict[int, int] = {}
    for row in rows:
        if row.column is not None:
            before[columns[row.column].unit] = row.incident
    after = {columns[j].unit: rows[i].incident for i, j in enumerate(taken) if j is not None}
    orders, releases, waiting = [], [], []
    for i, (row, j) in enumerate(zip(rows, taken, strict=True)):
        if j is None:
            waiting.append(row.incident)
            continue
        unit = columns[j].unit
        leaves = before.get(unit)
        if leaves != row.incident:
            orders.append(Order(row.incident, unit, float(eta_s[i, j]), row.need.role, leaves))
    for unit, incident in before.items():
        goes_to = after.get(unit)
        if goes_to != incident:
            releases.append(Release(incident, unit, REPLACED if goes_to is None else DIVERTED))
    return Plan(
        tuple(orders),
        tuple(releases),
        tuple(dict.fromkeys(waiting)),
        method,
        len(rows),
        len(columns),
        fallback,
    )
