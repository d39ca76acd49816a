"""What it costs to send a unit to an incident, for all pairs at once. Seconds weighted by priority.

`cost.matrix` has a column for each unit, and then one for each row that means "nobody for now"; its costs are counted
from what waiting costs, so that a negative cost is a unit worth sending.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import expit

from dispatch.domain.incident import AccidentClass
from dispatch.domain.judging import leaves_too_early
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.rows import Column, Row
from dispatch.domain.situation import Floats, Mask, Situation

FORBIDDEN: Final = 1e9
"""More than any sum of permitted costs: 60 incidents that wait for a week do not reach it."""
UNKNOWN_S: Final = 1e6
"""Stands for an ETA that nobody knows; the penalty forbids the pair."""


def times(
    situation: Situation, rows: list[Row], columns: list[Column], settings: PolicySettings
) -> tuple[Floats, Floats]:
    """(ETA, penalty) in seconds, rows × columns. The penalty is infinite where the unit may not go by itself.

    A negative penalty is a preference: A3 accidents for the station's own unit, where it gets there in time.
    """
    incidents, units = situation.incidents, situation.units
    eta_s = situation.eta_s.take([row.incident for row in rows], 0).take([column.unit for column in columns], 1)
    unknown = ~np.isfinite(eta_s)
    eta_s = np.where(unknown, UNKNOWN_S, eta_s)
    doubts = [column.doubt_s for column in columns]
    if any(doubts):
        eta_s = eta_s + np.array(doubts)
    penalty_s = np.where(unknown, np.inf, 0.0)
    ends = any(units[column.unit].shift_ends_s < np.inf for column in columns)
    for i, row in enumerate(rows):
        incident, need = incidents[row.incident], row.need
        if incident.narrow:
            eta_s[i] += [0.0 if units[column.unit].motorcycle else settings.narrow_car_s for column in columns]
        if need.capability is not None or need.officers > 1:
            penalty_s[i, [not need.met_by(units[column.unit]) for column in columns]] = np.inf
        if incident.refused:
            penalty_s[i, [units[column.unit].unit_id in incident.refused for column in columns]] = np.inf
        if ends:
            arrives = situation.now_s + eta_s[i]
            late = [
                leaves_too_early(units[c.unit], at, incident, settings) for c, at in zip(columns, arrives, strict=True)
            ]
            penalty_s[i, late] = np.inf
        if incident.accident_class is AccidentClass.A3 and incident.station is not None:
            own = np.array([units[column.unit].station == incident.station for column in columns])
            in_time = eta_s[i] <= settings.target_s - (situation.now_s - incident.received_s)
            penalty_s[i, own & in_time] -= settings.own_station_s
    _hold(rows, columns, eta_s, penalty_s)
    return eta_s, penalty_s


def _hold(rows: list[Row], columns: list[Column], eta_s: Floats, penalty_s: Floats) -> None:
    """A held unit goes nowhere else, and its incident gives it up for a faster one alone; a unit keeps its own row."""
    for i, row in enumerate(rows):
        if row.column is None:
            continue
        if columns[row.column].held:
            penalty_s[:, row.column] = np.inf
        if row.held:
            slower: Mask = eta_s[i] >= eta_s[i, row.column]
            penalty_s[i, slower] = np.inf
        penalty_s[i, row.column] = min(0.0, penalty_s[i, row.column]) if np.isfinite(penalty_s[i, row.column]) else 0.0


def matrix(situation: Situation, rows: list[Row], eta_s: Floats, penalty_s: Floats, settings: PolicySettings) -> Floats:
    """Costs of rows × (columns and one wait a row), from the times and penalties of `times`."""
    height, width = eta_s.shape
    weights = settings.weights
    weight = np.array([weights[situation.incidents[row.incident].priority - 1] * row.need.share for row in rows])
    waited_s = np.array([situation.now_s - situation.incidents[row.incident].received_s for row in rows])
    waiting_weight = sum(float(weight[i]) for i, row in enumerate(rows) if row.column is None)
    per_second = settings.pressure * waiting_weight / max(len(situation.units), 1)

    costs = np.zeros((height, width + height))
    response_s = eta_s + waited_s[:, None]
    pairs = weight[:, None] * (_priced(response_s, settings) + penalty_s) + per_second * eta_s
    # who is left waiting is reached by a drive some day: without its price here the drive would look dear beside it
    pairs -= (weight * _priced(waited_s + settings.wait_s, settings) + per_second * settings.wait_s)[:, None]
    for i, row in enumerate(rows):
        if row.column is not None:
            pairs[i, row.column] -= weight[i] * settings.keep_s
        if row.held:
            costs[i, width:] = FORBIDDEN
    pairs[np.isinf(pairs)] = FORBIDDEN
    costs[:, :width] = pairs
    return costs


def _priced(response_s: Floats, settings: PolicySettings) -> Floats:
    """Seconds of waiting, with the step from in time to late."""
    late = expit((response_s - settings.target_s) / settings.lateness_softness_s)
    return np.asarray(response_s + settings.lateness_s * late)
