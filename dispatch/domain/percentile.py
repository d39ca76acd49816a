"""Percentiles as the clock gives them: linear between ranks, over values some of which may be infinite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray


def percentile(finite: Sequence[float] | NDArray[np.float64], n: int, percent: int) -> float | None:
    """Linear interpolation between ranks (numpy's "linear") over n values of which the `finite`, sorted, come first.

    None where the rank falls on, or between a number and, one of the others. Ranks are whole numbers and hundredths
    of them, so that a rank that falls on a number exactly needs no neighbour.
    """
    if n == 0:
        return None
    below, above, hundredths = ranks(n, percent)
    if above >= len(finite):
        return None
    return float(finite[below] + (finite[above] - finite[below]) * hundredths / 100)


_Counts = TypeVar("_Counts", int, NDArray[np.int64])


def ranks(n: _Counts, percent: int) -> tuple[_Counts, _Counts, _Counts]:
    """(rank below, rank above, hundredths of the way between) of a percentile of n values, counted from 0."""
    below, hundredths = divmod((n - 1) * percent, 100)
    return below, below + (hundredths > 0), hundredths
