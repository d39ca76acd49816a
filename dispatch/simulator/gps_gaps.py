"""When each unit's position is not heard of: spells of silence, drawn beforehand, the same for every policy."""

from __future__ import annotations

import numpy as np

from dispatch.simulator.scenario import GpsLoss

_KEY = 2**32 - 2


def gps_gaps(loss: GpsLoss, units: int, end_s: float, seed: int) -> list[list[tuple[float, float]]]:
    """For each unit its silences as (from, to) in seconds of the run, in order and apart.

    Spells and the times between are exponential, so that the silent share is `loss.share` in the long run and at the
    start. Each unit has draws of its own: more units leave the others' silences as they are.
    """
    return [_spells(loss, end_s, np.random.SeedSequence(seed, spawn_key=(_KEY, unit))) for unit in range(units)]


def _spells(loss: GpsLoss, end_s: float, sequence: np.random.SeedSequence) -> list[tuple[float, float]]:
    if loss.share == 0:
        return []
    rng = np.random.default_rng(sequence)
    heard_s = loss.mean_s * (1 - loss.share) / loss.share
    silent = rng.random() < loss.share
    at_s, spells = 0.0, []
    while at_s < end_s:
        until_s = at_s + rng.exponential(loss.mean_s if silent else heard_s)
        if silent:
            spells.append((at_s, min(until_s, end_s)))
        at_s, silent = until_s, not silent
    return spells
