"""Who may come after whom, at what cost: the arcs and prices on which the clairvoyant bound is computed.

Nothing here is an estimate: each cost is what `docs/simulator-bounds.md` says, or less.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Index = NDArray[np.int64]

STEPS_S: Final = np.array([0.0, 30, 60, 100, 160, 240, 360, 540, 800, 1200, 1800, 2700, 4000, 6000])
"""A unit's price falls at these delays after the earliest time at which its call can be cleared."""
LEVELS: Final = len(STEPS_S)
_NOISE_S: Final = 1e-6
_ROWS: Final = 128


@dataclass(frozen=True, slots=True)
class Prices:
    """What a unit is worth, by the call that it has cleared (then the sources) and by how late that is."""

    late: Reals
    """[call, level], never rising with the level; what a unit is worth beyond `base`."""
    base: Reals
    """[call, then source]: what a unit is worth there at any time."""


@dataclass(frozen=True, slots=True)
class Field:
    """The counted calls, and where units can come from: another counted call, or one of the sources."""

    at_s: Reals
    ready_s: Reals
    """When a unit can be sent: the ring and the call taking."""
    weight: Reals
    slowness: Reals
    """True travel time over the table's."""
    time_to_s: NDArray[np.float32]
    """[to call, from call], table's seconds."""
    source_s: Reals
    """[to call, from source], true seconds."""
    least_s: Reals
    """No schedule answers the call faster."""
    clear_s: Reals
    """No schedule clears the call, or has a source's unit, earlier."""

    def __len__(self) -> int:
        return len(self.at_s)

    def travel_s(self, row: Index, col: Index) -> Reals:
        """True travel times to calls from the places of calls or sources."""
        n = len(self)
        by_call = self.time_to_s[row, np.minimum(col, n - 1)] * self.slowness[row]
        return np.asarray(np.where(col < n, by_call, self.source_s[row, np.maximum(col - n, 0)]))

    def blocks(self) -> Iterator[tuple[slice, Reals, Reals]]:
        """For some rows at a time: which, the least response after each predecessor, when that unit could be sent."""
        n = len(self)
        for first in range(0, n, _ROWS):
            rows = slice(first, min(n, first + _ROWS))
            travel = np.concatenate(
                [self.time_to_s[rows] * self.slowness[rows, None], self.source_s[rows]], axis=1, dtype=np.float64
            )
            sent = np.maximum(self.ready_s[rows, None], self.clear_s[None])
            response = sent + travel - self.at_s[rows, None]
            own = np.arange(rows.stop - rows.start)
            response[own, first + own] = np.inf
            yield rows, response, sent


class Arcs:
    """Some arcs predecessor → call, each with every time of sending that may be the best one."""

    def __init__(self, field: Field, row: Index, col: Index) -> None:
        """Arcs sorted by row, at least one in each."""
        n = len(field)
        self.row, self.col = row, col
        self.first = np.flatnonzero(np.r_[True, row[1:] != row[:-1]])
        travel = field.travel_s(row, col)
        sent = np.maximum(field.ready_s[row], field.clear_s[col])
        # Waiting pays where the predecessor's price falls, and nowhere between.
        times = np.maximum(field.clear_s[col][:, None] + STEPS_S, sent[:, None])
        times[col >= n] = sent[col >= n][:, None]
        response = times + (travel - field.at_s[row])[:, None]
        out = np.searchsorted(STEPS_S, times - field.clear_s[col][:, None] + _NOISE_S, side="right") - 1
        out[col >= n] = LEVELS - 1
        into = np.searchsorted(STEPS_S, response - field.least_s[row][:, None] - _NOISE_S, side="right") - 1
        self.out_level = out
        self.in_level = np.maximum(into, 0)
        self.plain = field.weight[row][:, None] * response
        self._out = np.minimum(col, n - 1)[:, None] * LEVELS + out
        self._in = row[:, None] * LEVELS + self.in_level
        self._sources = np.flatnonzero(col >= n)

    def costs(self, late: Reals) -> tuple[Reals, Index]:
        """Of each arc the least cost with these prices, without the base ones, and which time of sending gives it."""
        flat = late.ravel()
        paid = flat[self._out]
        paid[self._sources] = 0.0
        cost = self.plain + paid - flat[self._in]
        best = cost.argmin(axis=1)
        return cost[np.arange(len(cost)), best], best


def near_in_time(field: Field, back: int, ahead: int) -> tuple[Index, Index]:
    """For each call the predecessors that are cleared around its ring: so many before it, so many after."""
    order = np.argsort(field.clear_s, kind="stable")
    at = np.searchsorted(field.clear_s[order], field.ready_s)
    place = at[:, None] + np.arange(-back, ahead)[None]
    col = order[np.clip(place, 0, len(order) - 1)]
    row = np.broadcast_to(np.arange(len(field))[:, None], col.shape)
    kept = (place >= 0) & (place < len(order)) & (col != row)
    return row[kept], col[kept].astype(np.int64)


def cheapest(field: Field, prices: Prices, keep: int) -> tuple[Reals, Index, Index]:
    """What each call costs at least, over all predecessors; and its cheapest predecessors as arcs (rows, columns).

    Predecessors cleared long before or long after the ring are judged without their late price: exact for the former,
    too cheap for the latter, which keeps the bound valid.
    """
    n = len(field)
    least = np.empty(n)
    rows_of, cols_of = [], []
    keep = min(keep, len(field.clear_s) - 1)
    for rows, response, sent in field.blocks():
        level = np.searchsorted(STEPS_S, (response - field.least_s[rows, None] - _NOISE_S).ravel(), side="right") - 1
        level = np.clip(level.reshape(response.shape), 0, LEVELS - 1)
        own = np.arange(rows.start, rows.stop)
        cost = field.weight[rows, None] * response - prices.late[own[:, None], level] + prices.base[None]
        near = (sent[:, :n] - field.clear_s[None, :n] < STEPS_S[-1]) & np.isfinite(response[:, :n])
        near &= prices.late[None, :, 0] > 0
        near &= field.clear_s[None, :n] < field.ready_s[rows, None] + STEPS_S[-1]
        r, c = np.nonzero(near)
        if len(r):
            arcs = Arcs(field, r + rows.start, c)
            cost[r, c] = arcs.costs(prices.late)[0] + prices.base[c]
        least[rows] = cost.min(axis=1)
        chosen = np.argpartition(cost, keep - 1, axis=1)[:, :keep]
        good = np.isfinite(np.take_along_axis(cost, chosen, axis=1))
        rows_of.append(np.broadcast_to(own[:, None], chosen.shape)[good])
        cols_of.append(chosen[good])
    return least, np.concatenate(rows_of), np.concatenate(cols_of).astype(np.int64)
