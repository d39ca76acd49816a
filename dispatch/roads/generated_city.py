"""Streets for the demo: a city that does not exist, over the real extent of Chiayi, the same for the same seed.

The map says of itself that it is generated; no street of it may guide a real car.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.random import Generator, default_rng
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dispatch.roads.assembly import Run, assemble
from dispatch.roads.chiayi_outline import CHIAYI_OUTLINE
from dispatch.roads.generated_plan import PlannedStreet, lanes, lay_ground, major_streets
from dispatch.roads.speeds import CLASSES, running_speed_mps
from dispatch.roads.street_map import METRES_PER_DEGREE, MapInfo, StreetMap

__all__ = ["CHIAYI_OUTLINE", "generate_chiayi"]

RECIPE: Final = "generated-chiayi-1"
"""Changes with whatever changes the streets of a seed."""
_MIDDLE_LAT, _MIDDLE_LON = 23.48, 120.45
_GRID_M: Final = 0.5
_STUB_M: Final = 30.0
_GAP_SHARE: Final = 0.16
_GAP_GROWTH_PER_M: Final = 0.00006


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch between two junctions: points in whole steps of the grid, and the street of the plan that it is of."""

    points: np.ndarray
    street: PlannedStreet
    one_way: bool

    @property
    def ends(self) -> tuple[int, int]:
        return _key(self.points[0]), _key(self.points[-1])


def generate_chiayi(seed: int) -> StreetMap:
    """Some thousands of junctions on about 60 km², strongly connected, flagged as generated."""
    rng = default_rng(seed)
    outline = shapely.Polygon([_to_plane(lat, lon) for lat, lon in CHIAYI_OUTLINE])
    ground = lay_ground(outline, rng)
    majors = major_streets(ground, rng)
    planned = sorted([*majors, *lanes(ground, majors, rng)], key=lambda street: CLASSES.index(street.street_class))
    pieces = _connected(_without_stubs(_thinned(_pieces(planned), rng)))
    info = MapInfo(
        source=f"{RECIPE}-{seed}",
        sha256=hashlib.sha256(f"{RECIPE}-{seed}".encode()).hexdigest(),
        generated=True,
        ways_taken=len(planned),
    )
    street_map = assemble([_run(piece) for piece in pieces], info)
    if street_map is None:
        raise AssertionError("the plan of the generated city holds no street")
    return street_map


def _pieces(planned: list[PlannedStreet]) -> list[_Piece]:
    """The plan cut at every crossing. Where lines run together, the wider class has the place."""
    lines = [street.line for street in planned]
    noded = shapely.get_parts(shapely.union_all(lines, grid_size=_GRID_M))
    points = [np.round(shapely.get_coordinates(line) / _GRID_M) for line in noded]
    index = shapely.STRtree(lines)
    middles = shapely.line_interpolate_point(noded, 0.5, normalized=True)
    asked, near = index.query(middles, predicate="dwithin", distance=3 * _GRID_M)
    owner = np.full(len(noded), -1)
    order = np.lexsort((-near, asked))  # the last written, which is the first of the plan, stays
    owner[asked[order]] = near[order]
    of_line = np.array(lines)[owner]  # of those without an owner any: they are left out below
    begin_m, end_m = (
        shapely.line_locate_point(of_line, shapely.points([line[at] * _GRID_M for line in points])) for at in (0, -1)
    )
    pieces = []
    for line, of, runs_on in zip(points, owner, begin_m <= end_m, strict=True):
        if of < 0:
            continue
        street = planned[int(of)]
        pieces.append(_Piece(line if runs_on else line[::-1], street, street.one_way))
    return sorted(pieces, key=lambda piece: (*piece.points[0], *piece.points[-1], len(piece.points)))


def _thinned(pieces: list[_Piece], rng: Generator) -> list[_Piece]:
    """Without some lanes, more of them outside: which makes dead ends, and crossings that do not line up."""
    kept = []
    for piece in pieces:
        away_m = float(np.hypot(*piece.points[0])) * _GRID_M
        gap = piece.street.street_class == "residential" and rng.random() < _GAP_SHARE + _GAP_GROWTH_PER_M * away_m
        if not gap:
            kept.append(piece)
    return kept


def _without_stubs(pieces: list[_Piece]) -> list[_Piece]:
    """Without dead ends of a few metres, left over where a line reaches past its last crossing."""
    while True:
        ends, counts = np.unique([piece.ends for piece in pieces], return_counts=True)
        loose = set(ends[counts == 1].tolist())
        kept = [piece for piece in pieces if not (loose.intersection(piece.ends) and _length_m(piece) < _STUB_M)]
        if len(kept) == len(pieces):
            return kept
        pieces = kept


def _connected(pieces: list[_Piece]) -> list[_Piece]:
    """One-way streets where they cut nothing off; where they would, the street is two-way."""
    places, at = np.unique(np.array([piece.ends for piece in pieces]), return_inverse=True)
    tail, head = at.reshape(-1, 2).T
    back = np.array([not piece.one_way for piece in pieces])
    rows, columns = np.concatenate((tail, head[back])), np.concatenate((head, tail[back]))
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(len(places), len(places)))
    _, part = connected_components(graph.tocsr(), directed=True, connection="strong")
    return [
        _Piece(piece.points, piece.street, piece.one_way and part[a] == part[b])
        for piece, a, b in zip(pieces, tail, head, strict=True)
    ]


def _run(piece: _Piece) -> Run:
    x, y = (piece.points * _GRID_M).T
    speed = running_speed_mps(piece.street.street_class, None)
    lats = _MIDDLE_LAT + y / METRES_PER_DEGREE
    lons = _MIDDLE_LON + x / (METRES_PER_DEGREE * np.cos(np.radians(_MIDDLE_LAT)))
    keys = [_key(point) for point in piece.points]
    back = 0.0 if piece.one_way else speed
    return Run(keys, lats.tolist(), lons.tolist(), piece.street.street_class, piece.street.name, speed, back)


def _key(point: np.ndarray) -> int:
    return int(point[0]) * (1 << 32) + int(point[1])


def _length_m(piece: _Piece) -> float:
    return float(np.hypot(*np.diff(piece.points, axis=0).T).sum()) * _GRID_M


def _to_plane(lat: float, lon: float) -> tuple[float, float]:
    east = (lon - _MIDDLE_LON) * METRES_PER_DEGREE * float(np.cos(np.radians(_MIDDLE_LAT)))
    return east, (lat - _MIDDLE_LAT) * METRES_PER_DEGREE
