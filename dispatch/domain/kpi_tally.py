"""Percentiles and means of many values in many groups, exact. Pure.

Group and value are sorted as one whole number: numpy sorts numbers of one kind many at a time, two keys one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.percentile import ranks

Ints = NDArray[np.int64]
US_IN_S: Final = 1_000_000
_KEY_BITS: Final = 63
"""Of a signed number."""


class Tally:
    """Values of groups numbered from 0, whole microseconds, told piece by piece; asked when all are told."""

    def __init__(self, groups: int) -> None:
        self._groups = groups
        self._values: list[Ints] = []
        self._groups_of: list[NDArray[Any]] = []

    def add(self, values: Ints, groups: NDArray[Any] | None = None) -> None:
        """Some values, each with the number of its group; without numbers all are of group 0, in every call."""
        self._values.append(values)
        if groups is not None:
            self._groups_of.append(groups)

    def n(self) -> Ints:
        """How many values each group has."""
        return self._n

    def means_s(self) -> list[float | None]:
        """Of each group, seconds."""
        sums = [float(some) for some in self._sums]
        return [total / int(n) / US_IN_S if n else None for total, n in zip(sums, self._n, strict=True)]

    def percentiles_s(self, percents: Sequence[int], of: Ints | None = None) -> list[list[float | None]]:
        """Of each percent and group, seconds: as `percentile` gives it over `of` values whose first are those told."""
        wanted = [ranks(self._n if of is None else of, percent) for percent in percents]
        at = self._at(np.array([rank for below, above, _ in wanted for rank in (below, above)])) / US_IN_S
        found = []
        for (below, above, hundredths), lows, highs in zip(wanted, at[::2], at[1::2], strict=True):
            values = lows + (highs - lows) * hundredths / 100
            known = (below >= 0) & (above < self._n)
            found.append([float(value) if is_known else None for value, is_known in zip(values, known, strict=True)])
        return found

    def _at(self, wanted: Ints) -> Ints:
        """[which][group]: the value at these ranks, counted from 0; 0 at a rank that a group does not have."""
        found = np.zeros(wanted.shape, np.int64)
        which, group = np.nonzero((wanted >= 0) & (wanted < self._n))
        if len(group):
            found[which, group] = self._nth(self._begin[group] + wanted[which, group])
        return found

    def _nth(self, places: Ints) -> Ints:
        """The values at these places of all, sorted by group and value."""
        if self._groups_of:
            return self._sorted[places]
        # Of one group a few places are found without a sort.
        return np.asarray(np.partition(self._all, np.unique(places))[places])

    @cached_property
    def _all(self) -> Ints:
        return np.concatenate([np.zeros(0, np.int64), *self._values])

    @cached_property
    def _n(self) -> Ints:
        counts = np.zeros(self._groups, np.int64)
        for groups in self._groups_of:
            counts += np.bincount(groups, minlength=self._groups)
        if not self._groups_of:
            counts[:1] = len(self._all)
        return counts

    @cached_property
    def _begin(self) -> Ints:
        """The place of each group's first value."""
        return np.cumsum(self._n) - self._n

    @cached_property
    def _sums(self) -> NDArray[np.float64]:
        sums, has_any = np.zeros(self._groups), np.flatnonzero(self._n)
        if not self._groups_of:
            sums[:1] = self._all.sum()
        elif len(has_any):
            sums[has_any] = np.add.reduceat(self._sorted, self._begin[has_any])
        return sums

    @cached_property
    def _sorted(self) -> Ints:
        """All values, by group and value; asked only where there is one."""
        values, groups = self._all, np.concatenate(self._groups_of)
        low = int(values.min())
        width = (int(values.max()) - low).bit_length()
        if self._groups.bit_length() + width > _KEY_BITS:
            return np.asarray(values[np.lexsort((values, groups))])
        keys = groups.astype(np.int64)
        keys <<= width
        keys += values
        keys -= low
        keys.sort()
        keys &= (1 << width) - 1
        keys += low
        return keys
