"""From runs of points to a street map: split at junctions, keep the largest strongly connected part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dispatch.roads.metric import Floats, steps_m
from dispatch.roads.speeds import CLASSES
from dispatch.roads.street_map import Ints, MapInfo, StreetMap
from dispatch.roads.turn_rules import TurnRule, with_turns

_FIRST_NAME = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one street: two points or more, each known by a key; equal keys are one place."""

    keys: Sequence[int]
    lats: Sequence[float]
    lons: Sequence[float]
    street_class: str
    name: str
    forward_mps: float
    backward_mps: float
    """Zero on a one-way street."""
    way: int = 0
    """The number by which turn rules name the street."""


def assemble(runs: Sequence[Run], info: MapInfo, rules: Sequence[TurnRule] = ()) -> StreetMap | None:
    """The map of these runs, or None if there is no street among them that can be entered and left again.

    A junction is a place where runs end or that they pass more than once. Of the parts in which every place can be
    reached from every other, the one with most kilometres is kept; `info` is completed with what fell away. The rules
    name streets and places by the numbers and keys of the runs.
    """
    if not runs:
        return None
    keys = np.concatenate([np.asarray(run.keys, dtype=np.int64) for run in runs])
    lat = np.concatenate([np.asarray(run.lats, dtype=np.float64) for run in runs])
    lon = np.concatenate([np.asarray(run.lons, dtype=np.float64) for run in runs])
    run_of_point = np.repeat(np.arange(len(runs)), [len(run.keys) for run in runs])
    places, place_of_point, visits = np.unique(keys, return_inverse=True, return_counts=True)
    changes = np.flatnonzero(np.diff(run_of_point))
    ends = np.concatenate(([0], changes, changes + 1, [len(keys) - 1]))
    is_junction = visits > 1
    is_junction[place_of_point[ends]] = True

    stops = np.flatnonzero(is_junction[place_of_point])
    same_run = run_of_point[stops[:-1]] == run_of_point[stops[1:]]
    first, last = stops[:-1][same_run], stops[1:][same_run]
    along = np.concatenate(([0.0], np.cumsum(steps_m(lat, lon))))
    length = along[last] - along[first]
    tail, head = place_of_point[first], place_of_point[last]
    owner = run_of_point[first]
    forward = np.array([run.forward_mps for run in runs])[owner]
    backward = np.array([run.backward_mps for run in runs])[owner]

    kept = _largest_part(tail, head, backward > 0, length, len(places))
    if not kept.any():
        return None
    first, last, owner = first[kept], last[kept], owner[kept]
    used, ends_of_kept = np.unique(np.concatenate((tail[kept], head[kept])), return_inverse=True)
    a_point_of = np.zeros(len(places), dtype=np.int64)
    a_point_of[place_of_point] = np.arange(len(keys))
    shape_start, points = _slices(first, last)
    name_of_run, names = _numbered([run.name for run in runs])
    class_of_run = np.array([CLASSES.index(run.street_class) for run in runs], dtype=np.uint8)
    with np.errstate(divide="ignore"):
        back_s = np.where(backward[kept] > 0, length[kept] / backward[kept], np.inf)
    street_map = StreetMap(
        info=replace(
            info,
            cut_off_edges=int(np.count_nonzero(~kept)),
            cut_off_km=float(length[~kept].sum() / 1000),
        ),
        names=names,
        node_lat=lat[a_point_of[used]],
        node_lon=lon[a_point_of[used]],
        edge_from=ends_of_kept[: len(first)].astype(np.int32),
        edge_to=ends_of_kept[len(first) :].astype(np.int32),
        edge_length_m=length[kept],
        edge_time_s=length[kept] / forward[kept],
        edge_back_s=back_s,
        edge_class=class_of_run[owner],
        edge_name=name_of_run[owner],
        shape_start=shape_start,
        shape_lat=lat[points],
        shape_lon=lon[points],
    )
    if not rules:
        return street_map
    way = np.array([run.way for run in runs], dtype=np.int64)
    node_of_key = dict(zip(places[used].tolist(), range(len(used)), strict=True))
    return with_turns(street_map, way[owner], node_of_key, rules)


def _largest_part(tail: Ints, head: Ints, two_way: Ints, length: Floats, places: int) -> np.ndarray:
    """Which edges lie in the strongly connected part with most metres."""
    tails, heads = np.concatenate((tail, head[two_way])), np.concatenate((head, tail[two_way]))
    graph = coo_array((np.ones(len(tails), dtype=np.int8), (tails, heads)), shape=(places, places))
    count, part = connected_components(graph.tocsr(), directed=True, connection="strong")
    inside = part[tail] == part[head]
    metres = np.bincount(part[tail][inside], weights=length[inside], minlength=count)
    return np.asarray(inside & (part[tail] == int(np.argmax(metres))))


def _slices(first: np.ndarray, last: np.ndarray) -> tuple[Ints, np.ndarray]:
    """Start offsets (one more than slices) and the concatenated indices of the slices first[i]..last[i], inclusive."""
    sizes = last - first + 1
    start = np.concatenate(([0], np.cumsum(sizes)))
    indices = np.arange(start[-1]) - np.repeat(start[:-1] - first, sizes)
    return start.astype(np.int32), indices


def _numbered(names: Sequence[str]) -> tuple[Ints, tuple[str, ...]]:
    """Each name's number, and the names by number; the empty name is number 0."""
    numbers = {_FIRST_NAME: 0}
    index = np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int32)
    return index, tuple(numbers)
