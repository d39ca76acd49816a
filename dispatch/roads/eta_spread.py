"""How far off an ETA may be: its standard deviation, and the chance that it takes longer than a limit. Pure, arrays.

The figures are priors, to be set anew from arrivals once enough of them are recorded beside their ETAs.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from dispatch.domain.lateness import chance_later_than
from dispatch.roads.metric import Floats

__all__ = ["chance_later_than", "quantile_s", "spread_s"]

STREET_SIGMA: Final = 0.2
"""σ of the logarithm of true over estimated time, along streets: that of the Manhattan scenario, where signals, queues
and gaps are drawn with it."""
STRAIGHT_SIGMA: Final = 0.45
"""The same where only the straight line answers. Detours between 1.0 and 2.0 and speeds between half and twice the
default one, taken as independent, give about this."""
START_S: Final = 10.0
"""What does not shrink with the way: walking to the car, pulling out, the door."""
STALE_SHARE: Final = 1 / 3**0.5
"""A unit that moved on for the age of its fix is nearer or farther by up to that age, each direction as likely: a
uniform error between −age and +age."""
STALE_MAX_S: Final = 900.0
"""Beyond this age it says no more than that the unit may be anywhere in its beat."""


def spread_s(eta_s: ArrayLike, *, position_age_s: ArrayLike = 0.0, on_street: ArrayLike = True) -> Floats:
    """Standard deviation of each ETA, seconds: of driving, of starting, and of an old position, as independent."""
    sigma = np.where(np.asarray(on_street), STREET_SIGMA, STRAIGHT_SIGMA)
    driving_s = np.asarray(eta_s, dtype=np.float64) * np.sqrt(np.expm1(sigma**2))
    stale_s = np.clip(np.asarray(position_age_s, dtype=np.float64), 0.0, STALE_MAX_S) * STALE_SHARE
    return np.asarray(np.sqrt(driving_s**2 + stale_s**2 + START_S**2))


def quantile_s(eta_s: ArrayLike, deviation_s: ArrayLike, share: ArrayLike) -> Floats:
    """Seconds that the way takes at most in this share of drives (0 to 1), of the same lognormal time.

    The ETA itself where there is no deviation or no way. A wide deviation of a short way has a long tail and a mean
    above most drives: then even the higher share may lie below the ETA.
    """
    mean, deviation, wanted = (np.asarray(value, dtype=np.float64) for value in (eta_s, deviation_s, share))
    mean, deviation, wanted = np.broadcast_arrays(mean, deviation, wanted)
    seconds = np.array(mean)
    spread = (mean > 0) & (deviation > 0)
    variance = np.log1p((deviation[spread] / mean[spread]) ** 2)
    seconds[spread] = mean[spread] * np.exp(ndtri(wanted[spread]) * np.sqrt(variance) - variance / 2)
    return np.asarray(seconds)
