"""How sure figures of paired runs are: 95 % Student intervals of means, of differences, of relative changes.

Two policies that met the same calls differ by less than their spreads suggest: what they differ by is taken run by run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import stdtrit

from dispatch.simulator.results import FIGURES, Figures
from dispatch.simulator.stream import Floats

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replications with its 95 % interval; no interval from one run, no mean where one has none."""

    mean: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What b has that a has not. `difference`: b - a. `relative`: mean of b over mean of a, less 1."""

    difference: Estimate
    relative: Estimate


def estimate(values: Sequence[float | None]) -> Estimate:
    """Mean and Student interval of independent replications."""
    numbers = _numbers(values)
    if numbers is None:
        return Estimate(None, None, None, len(values))
    return _interval(float(numbers.mean()), numbers)


def compare(a: Sequence[float | None], b: Sequence[float | None]) -> Comparison:
    """Paired by position. Raises ValueError where they aren't equally many.

    The relative change is a ratio of means; its interval follows the delta method: the Student interval of the mean of
    (b - ratio × a) / mean(a), which is what is left of the pairs when b is explained by a. None where mean(a) is 0.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} runs and {len(b)} are no pairs")
    first, second = _numbers(a), _numbers(b)
    nothing = Estimate(None, None, None, len(a))
    if first is None or second is None:
        return Comparison(nothing, nothing)
    difference = second - first
    middle = float(first.mean())
    relative = nothing
    if middle:
        ratio = float(second.mean()) / middle
        relative = _interval(ratio - 1, (second - ratio * first) / middle)
    return Comparison(_interval(float(difference.mean()), difference), relative)


def summarise(runs: Sequence[Figures]) -> dict[str, Estimate]:
    """Each figure over the replications of one variant."""
    return {name: estimate([getattr(run, name) for run in runs]) for name in FIGURES}


def paired(a: Sequence[Figures], b: Sequence[Figures]) -> dict[str, Comparison]:
    """Each figure of b against that of a, replication by replication."""
    return {name: compare([getattr(run, name) for run in a], [getattr(run, name) for run in b]) for name in FIGURES}


def _numbers(values: Sequence[float | None]) -> Floats | None:
    if not values or any(value is None for value in values):
        return None
    return np.array(values, dtype=np.float64)


def _interval(middle: float, spread: Floats) -> Estimate:
    n = len(spread)
    if n < 2:
        return Estimate(middle, None, None, n)
    half = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2) * spread.std(ddof=1) / np.sqrt(n))
    return Estimate(middle, middle - half, middle + half, n)
