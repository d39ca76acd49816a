"""Drives over a map with known true speeds, and what a receiver would say of them: error, gaps, waits at lights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dispatch.domain.geometry import Position
from dispatch.roads import ways
from dispatch.roads.conditions import USUAL, Conditions, arc_times_s
from dispatch.roads.metric import Floats, steps_m
from dispatch.roads.route_line import Leg
from dispatch.roads.speed_factors import BANDS, SHAPE, SpeedFactors, kind_of
from dispatch.roads.speeds import CLASSES, vehicle_factor
from dispatch.roads.street_map import METRES_PER_DEGREE, StreetMap
from dispatch.roads.travel import TravelTimes

WAIT_SHARE = 0.15
"""Of the true time, that is spent standing at lights, in lumps."""

QUEUE_AT = 0.75
"""So far along a street its queue stands."""


@dataclass(frozen=True)
class Seen:
    """What a receiver said, and what was true."""

    at_s: Floats
    lat: Floats
    lon: Floats
    arcs: list[int]
    hour: int
    motorcycle: bool
    lights: bool


def true_speeds(version: int = 99, **by_class: float) -> SpeedFactors:
    """Every kind of drive at all hours: `primary=1.3`; the kinds and bands differ by a known few per cent."""
    factor = np.ones(SHAPE)
    for name, value in by_class.items():
        factor[:, :, CLASSES.index(name)] = value
    factor[kind_of(motorcycle=True, lights=False)] *= 0.9
    factor[:, BANDS.index("peak")] *= 1.15
    return SpeedFactors(version, factor)


def legs_between(travel: TravelTimes, source: Position, target: Position) -> list[Leg]:
    """The stretches of the fastest way, as `TravelTimes.route` finds them."""
    assert travel.street_map is not None
    stands, place = travel.stand([source]), travel._place(target)
    tree = travel._tree(place, np.inf, USUAL, motorcycle=False)
    found = ways.fastest(travel.street_map, travel.graph().arc_time_s, place, [tree], stands)
    return ways.legs(travel.street_map, place, stands, int(found.choice[0, 0]), tree)


def drive(
    travel: TravelTimes,
    source: Position,
    target: Position,
    rng: np.random.Generator,
    speeds: SpeedFactors,
    *,
    hour: int = 10,
    motorcycle: bool = False,
    lights: bool = True,
    begins_s: float = 0.0,
    every_s: float = 2.0,
    error_m: float = 5.0,
    noise: float = 0.12,
    gap_chance: float = 0.0,
) -> Seen:
    """One drive at the true speeds. Its times differ by `noise` as a whole, and from street to street by as much."""
    street_map = travel.street_map
    assert street_map is not None
    arcs, metres, lat, lon, gone_s = _course(street_map, legs_between(travel, source, target))
    own = vehicle_factor(motorcycle=motorcycle, lights=lights)
    times_s = own * arc_times_s(street_map, Conditions(hour, lights=lights), motorcycle=motorcycle, speeds=speeds)
    whole = np.exp(rng.normal(0, noise))
    knots: list[tuple[float, float]] = [(0.0, 0.0)]
    for number, (arc, part_m) in enumerate(zip(arcs, metres, strict=True)):
        true_s = times_s[arc] * part_m / street_map.arcs.length_m[arc] * whole * np.exp(rng.normal(0, noise))
        waits = 0 < number < len(arcs) - 1  # nobody waits at a light where the drive begins or ends
        wait_s = rng.uniform(10, 50) if waits and rng.random() < WAIT_SHARE * true_s / 30 else 0.0
        driving_s, (now_s, here_m) = true_s * (1 - WAIT_SHARE) if waits else true_s, knots[-1]
        queue_m, queue_s = here_m + QUEUE_AT * part_m, now_s + QUEUE_AT * driving_s
        knots += [(queue_s, queue_m), (queue_s + wait_s, queue_m), (now_s + driving_s + wait_s, here_m + part_m)]
    knots_s, knots_m = np.array(knots).T
    at_s = np.arange(0.0, knots_s[-1] + every_s, every_s)
    passed_m = np.interp(at_s, knots_s, knots_m)
    north, east = _wandering(rng, len(at_s), error_m), _wandering(rng, len(at_s), error_m)
    here_lat, here_lon = np.interp(passed_m, gone_s, lat), np.interp(passed_m, gone_s, lon)
    kept = np.ones(len(at_s), dtype=bool)
    if rng.random() < gap_chance:
        begin = rng.integers(0, len(at_s))
        kept[begin : begin + int(20 / every_s)] = False
    return Seen(
        begins_s + at_s[kept],
        (here_lat + north / METRES_PER_DEGREE)[kept],
        (here_lon + east / (METRES_PER_DEGREE * np.cos(np.radians(here_lat))))[kept],
        arcs,
        hour,
        motorcycle,
        lights,
    )


def _course(street_map: StreetMap, legs: list[Leg]) -> tuple[list[int], list[float], Floats, Floats, Floats]:
    """Arcs, metres on each, and the line as lat, lon and metres gone."""
    arcs, metres, lats, lons, gone = [], [], [], [], []
    so_far = 0.0
    for edge, begin_m, end_m in legs:
        if begin_m == end_m:
            continue
        lat, lon = street_map.shape(edge)
        along = np.concatenate(([0.0], np.cumsum(steps_m(lat, lon))))
        along *= street_map.edge_length_m[edge] / max(along[-1], 1e-9)
        low, high = sorted((begin_m, end_m))
        at = np.concatenate(([low], along[(along > low) & (along < high)], [high]))
        at = at if begin_m < end_m else at[::-1]
        arcs.append(edge if begin_m < end_m else int(street_map.arcs.back_of_edge[edge]))
        metres.append(high - low)
        lats.append(np.interp(at, along, lat))
        lons.append(np.interp(at, along, lon))
        gone.append(so_far + np.abs(at - begin_m))
        so_far += high - low
    return arcs, metres, np.concatenate(lats), np.concatenate(lons), np.concatenate(gone)


def _wandering(rng: np.random.Generator, count: int, error_m: float) -> Floats:
    """A receiver's error: it wanders, it does not jump."""
    wander, error = np.empty(count), rng.normal(0, error_m)
    for number, step in enumerate(rng.normal(0, error_m, count)):
        error = 0.9 * error + (1 - 0.9**2) ** 0.5 * step
        wander[number] = error
    return wander
