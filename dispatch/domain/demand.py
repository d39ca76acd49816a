"""Where and when calls are to be expected: calls an hour at each place, for each hour of the week. Pure.

A year of a small city is 36,000 calls over 168 hours of the week and hundreds of places: less than one call a cell, so
that the bare table is noise. Each level therefore leans on the one above it, the more the fewer calls it has of its
own (Gamma-Poisson: with `n` calls seen where `m` were expected, and a belief worth `k` calls, the level above is
multiplied by `(k + n) / (k + m)`, the mean of the posterior):

1. hour of the week on (hour of the day × weekday), which lean on the plain mean;
2. a place on its neighbourhood (the calls spread by a kernel), which has an even floor, so that no place is ever 0;
3. (place × hour) on the product of the two, first by hour of the day, then by hour of the week, counted over the
   neighbourhood: a street of bars late at night shows in its whole quarter.

In every hour the places add up to level 1, and all hours that were watched to the calls that were seen plus the floor.
Of no calls at all an even surface comes.

Source of the estimator: any text on empirical Bayes for rates; D. G. Clayton and J. Kaldor, "Empirical Bayes estimates
of age-standardized relative risks for use in disease mapping", Biometrics 43 (1987). The figures of the belief are
ours: tests/unit/domain/test_demand.py holds that they foretell unseen weeks better than the bare table and the product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WEEK_H: Final = 168
HOUR_S: Final = 3600.0
DAY_S: Final = 86_400.0
TAIPEI_AHEAD_H: Final = 8
"""Asia/Taipei has been UTC+8 all year since 1979 (IANA time zone database), so whole arrays need no zone rules."""
_THURSDAY: Final = 3
_HOUR_OF_DAY: Final = np.arange(WEEK_H) % 24
_WEEKDAY: Final = np.arange(WEEK_H) // 24
_EARTH_M_PER_DEG: Final = 111_195.0
_KERNEL_REACH: Final = 3.0


def hour_of_week(at_s: ArrayLike) -> Ints:
    """0 for Monday 00 h to 167 for Sunday 23 h in Asia/Taipei, of times in seconds since 1970 (UTC)."""
    hours = np.floor_divide(np.asarray(at_s, dtype=np.float64), HOUR_S).astype(np.int64)
    return (hours + TAIPEI_AHEAD_H + 24 * _THURSDAY) % WEEK_H


@dataclass(frozen=True, slots=True)
class PastCalls:
    """Calls by place and hour of the week, and how long each hour of the week was watched."""

    place: Ints
    slot: Ints
    """Hour of the week, see `hour_of_week`."""
    weight: Floats
    """What each call counts for; 1 is a call."""
    watched_h: Floats
    """[168] hours of the period that fell on each hour of the week, weighted by recency as the calls are."""


def past_calls(
    received_s: ArrayLike,
    place: ArrayLike,
    *,
    since_s: float,
    until_s: float,
    weight: ArrayLike | None = None,
    half_life_days: float | None = None,
) -> PastCalls:
    """Calls of a period, received at seconds since 1970 (UTC) at a place index each.

    `weight`: by priority, say; of mean 1 they keep the unit "calls". `half_life_days`: after so many days a call and
    the hour it came in count for half. Raises ValueError where a call lies outside the period.
    """
    received = np.asarray(received_s, dtype=np.float64)
    if received.size and not (since_s <= received.min() and received.max() < until_s):
        raise ValueError("a call lies outside the period that was watched")
    counts = np.ones(received.shape) if weight is None else np.asarray(weight, dtype=np.float64)
    start = np.arange(np.floor(since_s / HOUR_S), np.ceil(until_s / HOUR_S)) * HOUR_S
    watched = (np.minimum(start + HOUR_S, until_s) - np.maximum(start, since_s)) / HOUR_S
    if half_life_days is not None:
        counts = counts * 0.5 ** ((until_s - received) / (half_life_days * DAY_S))
        watched = watched * 0.5 ** ((until_s - start) / (half_life_days * DAY_S))
    return PastCalls(
        place=np.asarray(place, dtype=np.int64),
        slot=hour_of_week(received),
        weight=counts,
        watched_h=_sums(hour_of_week(start), watched, WEEK_H),
    )


@dataclass(frozen=True, slots=True)
class Belief:
    """How many calls the level above is worth at each level, and the even floor under everything, in calls."""

    hour_calls: float = 30.0
    place_calls: float = 5.0
    cell_calls: float = 10.0
    floor_calls: float = 1.0


DEFAULT_BELIEF: Final = Belief()


@dataclass(frozen=True, slots=True)
class Demand:
    """Expected calls an hour, [168 hours of the week × places], in the weights that the calls came with."""

    hourly: Floats

    def expected(self, weekday: int, hour: int, hours: float = 1.0) -> Floats:
        """Expected calls at each place in the `hours` from a full hour on; Monday is 0, the hour Asia/Taipei's.

        Half hours count for half; the week begins again after Sunday. Raises ValueError where there is no such hour.
        """
        if not (0 <= weekday < 7 and 0 <= hour < 24 and hours >= 0):
            raise ValueError(f"no such hours: weekday {weekday}, hour {hour}, {hours} hours")
        whole, part = divmod(hours, 1.0)
        share = np.bincount((weekday * 24 + hour + np.arange(int(whole))) % WEEK_H, minlength=WEEK_H).astype(np.float64)
        share[(weekday * 24 + hour + int(whole)) % WEEK_H] += part
        calls: Floats = share @ self.hourly
        return calls

    def grouped(self, group: ArrayLike, groups: int) -> Demand:
        """The same demand over groups of places, such as those of posts_greedy.aggregate: sums, nothing is lost."""
        member = np.asarray(group, dtype=np.int64)
        into = csr_array((np.ones(member.size), (np.arange(member.size), member)), shape=(member.size, groups))
        return Demand(np.asarray(self.hourly @ into))


def kernel_by_time(time_s: ArrayLike, scale_s: float) -> Any:
    """Neighbourhood of places by travel seconds between them [places × places]: a Gaussian, 1 at the place itself."""
    seconds = np.asarray(time_s)
    row, col = np.nonzero(seconds <= _KERNEL_REACH * scale_s)
    value = np.exp(-0.5 * (seconds[row, col].astype(np.float64) / scale_s) ** 2)
    return csr_array((value, (row, col)), shape=seconds.shape)


def kernel_by_position(lat: ArrayLike, lon: ArrayLike, scale_m: float) -> Any:
    """The same by straight metres, on a plane that touches the city's middle."""
    north = np.asarray(lat, dtype=np.float64)
    east = np.asarray(lon, dtype=np.float64) * np.cos(np.radians(north.mean()))
    tree = cKDTree(np.column_stack((north, east)) * _EARTH_M_PER_DEG)
    near = tree.sparse_distance_matrix(tree, _KERNEL_REACH * scale_m, output_type="coo_matrix")
    value = np.exp(-0.5 * (near.data / scale_m) ** 2)
    return csr_array((value, (near.row, near.col)), shape=near.shape)


def fit_demand(calls: PastCalls, places: int, near: Any = None, belief: Belief = DEFAULT_BELIEF) -> Demand:
    """The expected calls, from past ones; see the head of this file. `near`: a kernel [places × places], or none.

    Raises ValueError where no time was watched, or a call lies at no place.
    """
    if calls.watched_h.sum() <= 0:
        raise ValueError("no time was watched")
    if calls.place.size and not (calls.place.min() >= 0 and calls.place.max() < places):
        raise ValueError(f"a call lies at none of the {places} places")
    seen = _sums(calls.slot * places + calls.place, calls.weight, WEEK_H * places).reshape(WEEK_H, places)
    rate = _hour_rates(seen.sum(axis=1), calls.watched_h, belief)
    hourly = np.outer(rate, _place_shares(seen.sum(axis=0), near, belief))
    for group, groups in ((_HOUR_OF_DAY, 24), (np.arange(WEEK_H), WEEK_H)):
        hourly *= _local_factor(seen, hourly * calls.watched_h[:, None], group, groups, near, belief)
    hourly *= (rate / hourly.sum(axis=1))[:, None]
    return Demand(hourly)


def _hour_rates(seen: Floats, watched_h: Floats, belief: Belief) -> Floats:
    """Calls an hour in each hour of the week."""
    total = seen.sum() + belief.floor_calls
    rate = np.full(WEEK_H, total / watched_h.sum())
    for group in (_HOUR_OF_DAY, _WEEKDAY, np.arange(WEEK_H)):
        counted, expected = _sums(group, seen), _sums(group, rate * watched_h)
        rate *= ((belief.hour_calls + counted) / (belief.hour_calls + expected))[group]
    rate *= total / (rate @ watched_h)
    return rate


def _sums(group: Ints, values: Floats, groups: int = 0) -> Floats:
    return np.bincount(group, weights=values, minlength=groups).astype(np.float64)


def _place_shares(seen: Floats, near: Any, belief: Belief) -> Floats:
    """The share of all calls that each place has."""
    around = np.full(seen.size, seen.mean()) if near is None else (seen / near.sum(axis=1)) @ near
    around = around + belief.floor_calls / seen.size
    share = around * (belief.place_calls + seen) / (belief.place_calls + around)
    normed: Floats = share / share.sum()
    return normed


def _local_factor(seen: Floats, model: Floats, group: Ints, groups: int, near: Any, belief: Belief) -> Floats:
    """By how much each neighbourhood differs from the model in each group of hours."""
    by_group = csr_array((np.ones(WEEK_H), (group, np.arange(WEEK_H))), shape=(groups, WEEK_H))
    counted, expected = by_group @ seen, by_group @ model
    if near is not None:
        counted, expected = counted @ near, expected @ near
    factor: Floats = ((belief.cell_calls + counted) / (belief.cell_calls + expected))[group]
    return factor
