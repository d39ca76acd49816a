"""The hypercube queueing model: exact workloads and dispatch fractions of a few units that are told apart.

Source: R. C. Larson, "A hypercube queuing model for facility location and redistricting in urban emergency services",
Computers & Operations Research 1 (1974). Each atom's calls are Poisson, service is exponential with one rate for all
and includes the travel, the first free unit in the atom's order of preference goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Steady:
    """The system in the long run. State s: unit k is busy where bit k of s is set."""

    states: Reals
    """Probability of each state; with a queue, the last one is all busy and nobody waiting."""
    waiting: float
    """Probability that somebody waits (0 where calls are lost)."""
    workload: Reals
    """[unit]: share of the time that it is busy."""
    dispatch: Reals
    """[unit, atom]: share of all served calls; sums to 1."""
    refused: float
    """Share of the calls that find all units busy: lost, or made to wait."""

    @property
    def busy(self) -> Reals:
        """Probability of 0, 1, … all units busy (the last one with or without a queue)."""
        count = np.array([int(s).bit_count() for s in range(len(self.states))])
        spread = np.bincount(count, weights=self.states)
        spread[-1] += self.waiting
        return np.asarray(spread, dtype=np.float64)

    def mean_travel_s(self, travel_s: Reals) -> float:
        """Of all served calls, where every unit starts from its place; `travel_s` [unit, atom]."""
        return float((self.dispatch * travel_s).sum())


def nearest_first(travel_s: Reals) -> list[list[int]]:
    """Each atom's units by travel time; `travel_s` [unit, atom]."""
    return [np.argsort(travel_s[:, atom], kind="stable").tolist() for atom in range(travel_s.shape[1])]


def hypercube(
    calls_per_s: Sequence[float], preference: Sequence[Sequence[int]], service_s: float, *, queue: bool
) -> Steady:
    """Solves the chain of 2^N states. `queue`: those who find all busy wait, first come first served; else are lost.

    Raises ValueError where a queue would grow without end.
    """
    units = len(preference[0])
    size = 1 << units
    full = size - 1
    total, rate = sum(calls_per_s), 1 / service_s
    use = total / (units * rate)
    if queue and use >= 1:
        raise ValueError("more work than the units can do")
    chosen = np.full((size, len(calls_per_s)), -1)
    flow = np.zeros((size, size))
    for state in range(size):
        for unit in range(units):
            if state >> unit & 1:
                flow[state, state & ~(1 << unit)] += rate
        if state != full:
            for atom, order in enumerate(preference):
                unit = next(k for k in order if not state >> k & 1)
                chosen[state, atom] = unit
                flow[state, state | 1 << unit] += calls_per_s[atom]
    # Between "all busy" and the queue behind it flows are equal both ways, so the queue only adds its own mass.
    balance = (flow - np.diag(flow.sum(axis=1))).T
    balance[-1] = 1.0
    states = np.linalg.solve(balance, np.eye(size)[-1])
    waiting = 0.0
    if queue:
        behind = states[full] * use / (1 - use)
        states /= 1 + behind
        waiting = behind / (1 + behind)
    all_busy = states[full] + waiting
    share = np.array(calls_per_s) / total
    dispatch = np.zeros((units, len(share)))
    for state in range(full):
        np.add.at(dispatch, (chosen[state], np.arange(len(share))), states[state] * share)
    if queue:
        dispatch += all_busy * share / units  # whichever unit is free first, all alike
    dispatch /= dispatch.sum()
    bits = np.arange(size)[None] >> np.arange(units)[:, None] & 1
    return Steady(states, waiting, (bits * states).sum(axis=1) + waiting, dispatch, float(all_busy))
