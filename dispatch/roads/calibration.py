"""Learns speed factors from drives that were matched to the streets: robust, and shrunk towards the priors.

What one drive says of one cell (vehicle, lights, hours of the day, street class) is one number: the logarithm of the
time that it took there over the time that the priors give. A cell's factor is the middle of its drives by Huber's
estimator, which a parked car or a leap of GPS hardly moves; it counts n / (n + k) against what is known of its kind of
drive as a whole, and that in turn n / (n + k) against the priors. See docs/eta.md. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.conditions import Conditions, arc_times_s
from dispatch.roads.huber import fitted, middle
from dispatch.roads.matching import Driven
from dispatch.roads.metric import Floats
from dispatch.roads.speed_factors import FACTOR_MAX, FACTOR_MIN, KINDS, SHAPE, SpeedFactors, band_of, kind_of
from dispatch.roads.speeds import vehicle_factor
from dispatch.roads.street_map import Ints, StreetMap

PRIOR_DRIVES: Final = 15.0
"""k: so many drives weigh as much as the prior."""
PRIOR_SHARES: Final = 2.0
"""The same for the part of a cell in whole drives, in sums of squared shares: a cell is a third of a drive or so."""
PASS_MIN_S: Final = 5.0
"""A drive that by the priors spends less in a cell says nothing of it: a fix's error is as long."""
PASS_FULL_S: Final = 60.0
"""From here on a pass has its full weight; a shorter one is ruled by whether its light was red."""
ROUNDS: Final = 12
"""The time of a leg across several cells is shared out by the factors of the round before."""
SETTLED: Final = 0.002

BANDS_AND_CLASSES: Final = SHAPE[1] * SHAPE[2]


@dataclass(frozen=True, slots=True, eq=False)
class Drives:
    """Matched drives as columns. Legs are numbered through all drives, pieces belong to legs."""

    kind: Ints
    """Of each drive, as speed_factors.KINDS."""
    leg_s: Floats
    leg_drive: Ints
    piece_leg: Ints
    piece_cell: Ints
    """Flat index into SHAPE."""
    piece_s: Floats
    """By the priors."""

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def took_s(self) -> Floats:
        """Seconds of each drive, as far as it was matched."""
        return _sums(self.leg_drive, self.leg_s, len(self))

    def expected_s(self, factor: Floats) -> Floats:
        """Of each drive, by these factors."""
        return _sums(self.leg_drive[self.piece_leg], self.piece_s * factor.ravel()[self.piece_cell], len(self))

    def take(self, which: NDArray[np.bool_]) -> Drives:
        """Some of them, in the same order."""
        legs = which[self.leg_drive]
        pieces = legs[self.piece_leg]
        return Drives(
            self.kind[which],
            self.leg_s[legs],
            _renumbered(which)[self.leg_drive[legs]],
            _renumbered(legs)[self.piece_leg[pieces]],
            self.piece_cell[pieces],
            self.piece_s[pieces],
        )


@dataclass(frozen=True, slots=True)
class Drive:
    """What belongs to a matched track. `hour` is that of the local day in which it began."""

    driven: Driven
    hour: int
    motorcycle: bool
    lights: bool


def columns(street_map: StreetMap, drives: Sequence[Drive]) -> Drives:
    """The drives as columns, each piece with the time that the priors give for it."""
    arcs = street_map.arcs
    of_arc = street_map.edge_class[arcs.edge].astype(np.int32)
    per_m: dict[tuple[int, bool], Floats] = {}
    cells, seconds = [], []
    for drive in drives:
        key = (drive.hour, drive.motorcycle)
        if key not in per_m:
            times_s = arc_times_s(street_map, Conditions(drive.hour), motorcycle=drive.motorcycle)
            per_m[key] = np.divide(times_s, arcs.length_m, out=np.zeros_like(times_s), where=arcs.length_m > 0)
        driven, kind = drive.driven, kind_of(motorcycle=drive.motorcycle, lights=drive.lights)
        own = vehicle_factor(motorcycle=drive.motorcycle, lights=drive.lights)
        seconds.append(driven.piece_m * per_m[key][driven.piece_arc] * own)
        cells.append((kind * SHAPE[1] + band_of(drive.hour)) * SHAPE[2] + of_arc[driven.piece_arc])
    legs = [len(drive.driven.leg_s) for drive in drives]
    before = np.concatenate(([0], np.cumsum(legs)))[: len(drives)]
    return Drives(
        kind=np.array([kind_of(motorcycle=one.motorcycle, lights=one.lights) for one in drives], dtype=np.int32),
        leg_s=_floats([one.driven.leg_s for one in drives]),
        leg_drive=np.repeat(np.arange(len(drives), dtype=np.int32), legs),
        piece_leg=_ints([one.driven.piece_leg + n for one, n in zip(drives, before, strict=True)]),
        piece_cell=_ints(cells),
        piece_s=_floats(seconds),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """Factors, [kind, band, class], and how many drives spoke of each."""

    factor: Floats
    drives: Ints


def learn(drives: Drives) -> Learned:
    """The factors that these drives show; 1 where they show nothing."""
    log_factor = np.zeros(SHAPE).ravel()
    counts = np.zeros(log_factor.shape, dtype=np.int32)
    for _ in range(ROUNDS):
        before = log_factor
        log_factor, counts = _cells(drives, np.exp(before))
        if np.abs(log_factor - before).max(initial=0.0) < SETTLED:
            break
    log_factor = log_factor + _rest(drives, np.exp(log_factor))
    factor = np.round(np.clip(np.exp(log_factor), FACTOR_MIN, FACTOR_MAX), 3)
    return Learned(factor.reshape(SHAPE), counts.reshape(SHAPE))


def _cells(drives: Drives, factor: Floats) -> tuple[Floats, Ints]:
    """One round: log factors and the number of drives of each cell, with each leg's time shared out by `factor`."""
    expected_s = drives.piece_s * factor[drives.piece_cell]
    leg_s = _sums(drives.piece_leg, expected_s, len(drives.leg_s))[drives.piece_leg]
    took_s = drives.leg_s[drives.piece_leg] * np.divide(
        expected_s, leg_s, out=np.zeros_like(expected_s), where=leg_s > 0
    )
    passes, of_pass = np.unique(
        drives.leg_drive[drives.piece_leg].astype(np.int64) * len(factor) + drives.piece_cell, return_inverse=True
    )
    prior_s, took_s = _sums(of_pass, drives.piece_s, len(passes)), _sums(of_pass, took_s, len(passes))
    told = (prior_s >= PASS_MIN_S) & (took_s > 0)
    cell, prior_s, took_s = (passes % len(factor))[told], prior_s[told], took_s[told]
    ratio, weight = np.log(took_s / prior_s), np.minimum(prior_s, PASS_FULL_S)
    log_factor, counts = np.zeros(len(factor)), np.bincount(cell, minlength=len(factor)).astype(np.int32)
    for kind in range(len(KINDS)):
        of_kind = np.flatnonzero(cell // BANDS_AND_CLASSES == kind)
        # passes of one drive are no independent witnesses: of the kind as a whole, drives are counted
        witnesses = len(np.unique((passes[told] // len(factor))[of_kind]))
        whole = _shrunk(middle(ratio[of_kind], weight[of_kind]), witnesses, 0.0)
        log_factor[kind * BANDS_AND_CLASSES : (kind + 1) * BANDS_AND_CLASSES] = whole
        for one in np.unique(cell[of_kind]):
            here = of_kind[cell[of_kind] == one]
            log_factor[one] = _shrunk(middle(ratio[here], weight[here]), len(here), whole)
    return log_factor, counts


def _rest(drives: Drives, factor: Floats) -> Floats:
    """What whole drives still take longer than the factors say, by cell: waits come in lumps, and the middle of short
    passes has none of them. A robust regression of whole drives on the shares of their cells, and on their kind.
    """
    drive = drives.leg_drive[drives.piece_leg]
    share = np.zeros((len(drives), len(factor)))
    np.add.at(share, (drive, drives.piece_cell), drives.piece_s * factor[drives.piece_cell])
    expected_s, took_s = share.sum(axis=1), drives.took_s
    known = (took_s > 0) & (expected_s > 0)
    rest = np.zeros(len(factor))
    for kind in range(len(KINDS)):
        of_kind = np.flatnonzero(known & (drives.kind == kind))
        cells_of_kind = slice(kind * BANDS_AND_CLASSES, (kind + 1) * BANDS_AND_CLASSES)
        parts = share[of_kind, cells_of_kind] / expected_s[of_kind, None]
        design = np.column_stack((parts, np.ones(len(of_kind))))
        held = np.append(np.full(BANDS_AND_CLASSES, PRIOR_SHARES), PRIOR_DRIVES)
        found = fitted(design, np.log(took_s[of_kind] / expected_s[of_kind]), held)
        rest[cells_of_kind] = found[:-1] + found[-1]
    return rest


def _shrunk(seen: float, count: int, towards: float) -> float:
    return (count * seen + PRIOR_DRIVES * towards) / (count + PRIOR_DRIVES)


@dataclass(frozen=True, slots=True)
class Errors:
    """How far predicted times were from real ones, over whole drives."""

    drives: int
    median_log_ratio: float
    """Of real over predicted; 0 is unbiased, 0.1 is 10 % too short."""
    mae_s: float
    """Mean of how many seconds it was off, either way."""
    p90_s: float
    """Nine of ten drives were off by no more."""


def errors(drives: Drives, speeds: SpeedFactors) -> Errors:
    """Of these drives by these speeds. Raises ValueError where there is no drive."""
    if not len(drives):
        raise ValueError("no drive to compare with")
    took_s, expected_s = drives.took_s, drives.expected_s(speeds.factor)
    off_s = np.abs(took_s - expected_s)
    return Errors(
        drives=len(drives),
        median_log_ratio=round(float(np.median(np.log(took_s / expected_s))), 4),
        mae_s=round(float(off_s.mean()), 1),
        p90_s=round(float(np.percentile(off_s, 90)), 1),
    )


def _renumbered(which: NDArray[np.bool_]) -> Ints:
    return (np.cumsum(which) - 1).astype(np.int32)


def _floats(parts: Sequence[Floats]) -> Floats:
    return np.concatenate([np.zeros(0), *parts])


def _ints(parts: Sequence[NDArray[np.integer]]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.int32), *parts]).astype(np.int32)


def _sums(group: NDArray[np.integer], values: Floats, count: int) -> Floats:
    return np.asarray(np.bincount(group, values, count), dtype=np.float64)
