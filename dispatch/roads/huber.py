"""The middle of numbers some of which are wrong: Huber's estimator (1964), with weights."""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatch.roads.metric import Floats

TUNING: Final = 1.345
"""95 % as good as the mean where nothing is wrong."""
_MAD_TO_SIGMA: Final = 1.4826
_STEPS: Final = 25
_CLOSE: Final = 1e-6


def middle(values: Floats, weights: Floats) -> float:
    """Near the mean of what agrees; what lies far off counts as if it lay at the edge. 0 of nothing.

    From the weighted median, with the median deviation as the scale, by weights that are found again and again.
    """
    if not len(values):
        return 0.0
    centre = _median(values, weights)
    scale = _MAD_TO_SIGMA * _median(np.abs(values - centre), weights)
    if scale < _CLOSE:
        return centre
    for _ in range(_STEPS):
        away = np.abs(values - centre) / scale
        counts = weights * TUNING / np.maximum(away, TUNING)
        before, centre = centre, float(np.average(values, weights=counts))
        if abs(centre - before) < _CLOSE:
            break
    return centre


def fitted(design: Floats, values: Floats, held: Floats) -> Floats:
    """Coefficients that explain the values, row by row of the design; those that are off are weighed down as above.

    `held`: how strongly each is held at 0, in squared sums of its column (ridge regression).
    """
    found: Floats = np.zeros(design.shape[1])
    for _ in range(_STEPS if len(values) else 0):
        off = values - design @ found
        scale = _MAD_TO_SIGMA * float(np.median(np.abs(off - np.median(off))))
        counts = TUNING / np.maximum(np.abs(off) / max(scale, _CLOSE), TUNING)
        before, weighed = found, design.T * counts
        found = np.asarray(np.linalg.solve(weighed @ design + np.diag(held), weighed @ values), dtype=np.float64)
        if np.abs(found - before).max() < _CLOSE:
            break
    return found


def _median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values, kind="stable")
    gone = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(gone, gone[-1] / 2)])
