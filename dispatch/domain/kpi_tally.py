"""Percentiles of many values in many groups without sorting them all: two passes over bins, and still exact. Pure.

Each value is counted in a bin of its group. The counts tell in which bins the wanted ranks lie; only what lies in those
is sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.percentile import ranks

Ints = NDArray[np.int64]
US_IN_S: Final = 1_000_000
_HORIZON_US: Final = 1800 * US_IN_S
"""Most responses are shorter; all that are longer share their group's last bin."""
_CELLS: Final = 1 << 16
_FEWEST, _MOST = 64, 2048
_FEW: Final = 6
_KEY_BITS: Final = 63


class Tally:
    """Values of groups numbered from 0, whole microseconds, told piece by piece.

    Most lie in [origin_us, horizon_us); what lies outside counts as well, in its group's first or last bin.
    """

    def __init__(self, groups: int, origin_us: int = 0, horizon_us: int = _HORIZON_US) -> None:
        self._groups = groups
        self._origin_us = origin_us
        self._bins = min(max(_CELLS // max(groups, 1), _FEWEST), _MOST)
        self._shift = ((horizon_us - origin_us - 1) // self._bins).bit_length()
        """A bin is a power of two wide: whole numbers are shifted in a fraction of the time that a product takes."""
        self._counts = np.zeros(groups * self._bins, np.int64)
        self._pieces: list[tuple[NDArray[np.integer[Any]], Ints]] = []
        self._groups_of: list[NDArray[Any] | None] = []

    def add(self, values: Ints, groups: NDArray[Any] | None = None) -> None:
        """Some values, each with the number of its group; without numbers all are of group 0."""
        if not len(values):
            return
        cells = values - self._origin_us if self._origin_us else values
        cells = cells >> self._shift
        np.clip(cells, 0, self._bins - 1, out=cells)
        if groups is not None:
            cells += groups.astype(np.int64) * self._bins
        first = int(cells.min())
        counts = np.bincount(cells - first)
        self._counts[first : first + len(counts)] += counts
        cells = cells.astype(np.int16 if groups is None else np.int32)
        self._pieces.append((cells, values))
        self._groups_of.append(groups)

    def n(self) -> Ints:
        """How many values each group has."""
        return np.asarray(self._by_group().sum(axis=1))

    def means_s(self) -> list[float | None]:
        """Of each group, seconds."""
        sums = np.zeros(self._groups)
        for (_, values), groups in zip(self._pieces, self._groups_of, strict=True):
            if groups is None:
                sums[0] += values.sum()
            else:
                sums += np.bincount(groups, weights=values, minlength=self._groups)
        means = zip(sums, self.n(), strict=True)
        return [float(total) / int(n) / US_IN_S if n else None for total, n in means]

    def percentiles_s(self, percents: Sequence[int], of: Ints | None = None) -> list[list[float | None]]:
        """Of each percent and group, seconds: as `percentile` gives it over `of` values whose first are those told."""
        have = self.n()
        wanted = [ranks(have if of is None else of, percent) for percent in percents]
        at = self._at(np.array([rank for below, above, _ in wanted for rank in (below, above)])) / US_IN_S
        found = []
        for (below, above, hundredths), lows, highs in zip(wanted, at[::2], at[1::2], strict=True):
            values = lows + (highs - lows) * hundredths / 100
            known = (below >= 0) & (above < have)
            found.append([float(value) if is_known else None for value, is_known in zip(values, known, strict=True)])
        return found

    def _by_group(self) -> Ints:
        return self._counts.reshape(self._groups, self._bins)

    def _at(self, wanted: Ints) -> Ints:
        """[which][group]: the value at these ranks, counted from 0; 0 at a rank that a group does not have."""
        found = np.zeros(wanted.shape, np.int64)
        which, group = np.nonzero((wanted >= 0) & (wanted < self.n()))
        if not len(group):
            return found
        asked = wanted[which, group]
        up_to = self._by_group().cumsum(axis=1)
        bins = (up_to[group] <= asked[:, None]).sum(axis=1)
        cells = group * self._bins + bins
        inside = asked - up_to[group, bins] + self._counts[cells]
        is_in = _one_of(np.unique(cells), len(self._counts))
        rows = [np.flatnonzero(is_in(cells_of)) for cells_of, _ in self._pieces]
        places = np.concatenate([cells_of[some] for (cells_of, _), some in zip(self._pieces, rows, strict=True)])
        values = np.concatenate([values_of[some] for (_, values_of), some in zip(self._pieces, rows, strict=True)])
        found[which, group] = _nth(places, values, cells, inside)
        return found


def _nth(places: NDArray[np.integer[Any]], values: Ints, cells: Ints, inside: Ints) -> Ints:
    """Of each of `cells` the value that is at `inside` when those in that place are sorted.

    Place and value are sorted as one number: of numbers of one kind numpy sorts a million in the time that a sort by
    two keys takes for a hundred thousand. Only where both do not fit into 63 bits it is the latter.
    """
    low = int(values.min())
    width = (int(values.max()) - low).bit_length()
    if int(cells.max()).bit_length() + width > _KEY_BITS:
        order = np.lexsort((values, places))
        return np.asarray(values[order][np.searchsorted(places[order], cells) + inside])
    keys = (places.astype(np.int64) << width) + (values - low)
    keys.sort()
    return np.asarray((keys[np.searchsorted(keys, cells << width) + inside] & ((1 << width) - 1)) + low)


def _one_of(chosen: Ints, n: int) -> Callable[[NDArray[np.integer[Any]]], NDArray[np.bool_]]:
    """Whether numbers below `n` are among the chosen ones. A few are compared with, faster than looked up."""
    if len(chosen) <= _FEW:
        return lambda numbers: np.logical_or.reduce([numbers == one for one in chosen.astype(numbers.dtype)])
    among = np.zeros(n, np.bool_)
    among[chosen] = True
    return lambda numbers: among[numbers]
