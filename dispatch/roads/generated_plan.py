"""The drawing board of the generated city: which streets it has, as lines in metres. Geometry only, no graph.

A river with few bridges and a railway with few crossings divide the city, because that is what makes the nearest car
by straight line the wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.random import Generator
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from dispatch.roads.generated_names import EAST_WEST, NORTH_SOUTH, collector_names

TURN_RAD: Final = np.radians(-11.0)
REACH_M: Final = 9_000.0
RIVER_HALF_WIDTH_M: Final = 60.0
RAILWAY_HALF_WIDTH_M: Final = 18.0
BRIDGES_EACH: Final = 3
"""Every third arterial crosses the river."""
CROSSINGS_EACH: Final = 2
BLOCK_MIN_M2: Final = 9_000.0
DENSE_SPACING_M: Final = 85.0
SPACING_GROWTH: Final = 0.022
"""Metres between lanes gained per metre from the middle of the city."""
COLLECTORS_WITHIN_M: Final = 4_200.0


@dataclass(frozen=True, slots=True)
class PlannedStreet:
    """One line of the plan."""

    line: LineString
    street_class: str
    name: str
    one_way: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """What the streets have to live with."""

    outline: Polygon
    river: LineString
    railway: LineString


def lay_ground(outline: Polygon, rng: Generator) -> Ground:
    """A river through the south from east to west, a railway past the middle from north to south."""
    x = np.linspace(-REACH_M, REACH_M, 60)
    river_y = -1_700 + 350 * np.sin(x / 1_700 + rng.uniform(0, 6)) + 0.05 * x
    y = np.linspace(-REACH_M, REACH_M, 20)
    rail_x = -1_300 + 0.18 * y + 160 * np.sin(y / 3_500 + rng.uniform(0, 6))
    return Ground(outline, LineString(np.column_stack((x, river_y))), LineString(np.column_stack((rail_x, y))))


def major_streets(ground: Ground, rng: Generator) -> list[PlannedStreet]:
    """Arterials, ring, diagonals, collectors between them, and streets along both banks of the river."""
    planned: list[PlannedStreet] = []
    phase = rng.uniform(0, 6, size=4)
    across = _offsets(rng, 760.0, len(EAST_WEST))
    along = _offsets(rng, 720.0, len(NORTH_SOUTH))
    spare = collector_names(rng)
    for names, offsets, east_west in ((EAST_WEST, across, True), (NORTH_SOUTH, along, False)):
        for number, (name, offset) in enumerate(zip(names, offsets, strict=True)):
            main = number == len(names) // 2
            line = _bent(_grid_line(offset, REACH_M, east_west=east_west), phase)
            crosses = number % (CROSSINGS_EACH if east_west else BRIDGES_EACH) == 0 or main
            planned.extend(_built(ground, line, "primary" if main else "secondary", name, crosses=crosses))
        for middle in (offsets[1:] + offsets[:-1]) / 2:
            line = _bent(_grid_line(middle + rng.normal(0, 40), COLLECTORS_WITHIN_M, east_west=east_west), phase)
            one_way = bool(rng.random() < 0.3)
            planned.extend(_built(ground, line, "tertiary", next(spare), one_way=one_way))
    angle = np.linspace(0, 2 * np.pi, 72)
    ring = LineString(np.column_stack((2_900 * np.cos(angle) + 150, 2_250 * np.sin(angle) + 250)))
    planned.extend(_built(ground, ring, "primary", "環市路", crosses=True))
    for name, bearing in (("迎曦路", 0.62), ("望山路", 2.45), ("向海路", 3.95)):
        far = np.array([np.cos(bearing), np.sin(bearing)])
        line = LineString(np.outer(np.linspace(1_000, REACH_M, 30), far))
        planned.extend(_built(ground, _bent(line, phase), "primary", name, crosses=True))
    for side, name in ((1, "北堤路"), (-1, "南堤路")):
        bank = ground.river.parallel_offset(RIVER_HALF_WIDTH_M + 15, "left" if side > 0 else "right")
        planned.extend(_built(ground, bank, "tertiary", name))
    return planned


def lanes(ground: Ground, majors: list[PlannedStreet], rng: Generator) -> Iterator[PlannedStreet]:
    """Residential lanes in every block between the major streets: dense in the middle, sparse and patchy outside."""
    walls = [street.line for street in majors] + [ground.outline.exterior, ground.river, ground.railway]
    blocks = shapely.get_parts(shapely.polygonize([shapely.union_all(walls, grid_size=0.5)]))
    blocks = sorted(blocks, key=lambda block: block.centroid.coords[0])
    lines = shapely.STRtree([street.line for street in majors])
    numbers: dict[str, int] = {}
    for block in blocks:
        if block.area < BLOCK_MIN_M2 or not ground.outline.contains(block.centroid):
            continue
        street = majors[int(lines.nearest(block.centroid))]
        for line in _block_lines(block, rng):
            numbers[street.name] = number = numbers.get(street.name, 0) + int(rng.integers(1, 5))
            one_way = bool(rng.random() < 0.15)
            yield from _built(ground, line, "residential", f"{street.name}{number}巷", one_way=one_way)


def _block_lines(block: Polygon, rng: Generator) -> Iterator[LineString]:
    box = np.asarray(block.minimum_rotated_rectangle.exterior.coords)
    side = box[1] - box[0]
    turn = float(np.arctan2(side[1], side[0])) + rng.normal(0, 0.04)
    middle = np.asarray(block.centroid.coords[0])
    spacing = DENSE_SPACING_M + SPACING_GROWTH * float(np.hypot(*middle))
    reach = float(np.hypot(*(box[2] - box[0])))
    for quarter, stretch in ((0.0, 1.0), (np.pi / 2, 1.5)):
        ahead = np.array([np.cos(turn + quarter), np.sin(turn + quarter)])
        aside = np.array([-ahead[1], ahead[0]])
        at = -reach / 2 + rng.uniform(0.3, 1.0) * spacing
        while at < reach / 2:
            base = middle + aside * at
            line = LineString([base - ahead * reach, base + ahead * reach])
            yield from _lines_of(line.intersection(block))
            at += spacing * stretch * rng.uniform(0.7, 1.45)


def _built(
    ground: Ground, line: BaseGeometry, street_class: str, name: str, *, crosses: bool = False, one_way: bool = False
) -> Iterator[PlannedStreet]:
    """The parts of a line that lie in the city, interrupted by river and railway unless it crosses them."""
    inside = line.intersection(ground.outline)
    if not crosses:
        water = ground.river.buffer(RIVER_HALF_WIDTH_M)
        inside = inside.difference(water).difference(ground.railway.buffer(RAILWAY_HALF_WIDTH_M))
    for part in _lines_of(inside):
        yield PlannedStreet(part, street_class, name, one_way)


def _lines_of(shape: BaseGeometry) -> Iterator[LineString]:
    parts = shapely.get_parts(shapely.line_merge(shape)) if shape.geom_type == "MultiLineString" else [shape]
    yield from (part for part in parts if part.geom_type == "LineString" and part.length > 40)


def _offsets(rng: Generator, spacing_m: float, count: int) -> np.ndarray:
    return np.asarray((np.arange(count) - count // 2) * spacing_m + rng.normal(0, spacing_m / 9, count))


def _grid_line(offset_m: float, reach_m: float, *, east_west: bool) -> LineString:
    at = np.linspace(-reach_m, reach_m, 90)
    across = np.full_like(at, offset_m)
    x, y = (at, across) if east_west else (across, at)
    cos, sin = np.cos(TURN_RAD), np.sin(TURN_RAD)
    return LineString(np.column_stack((x * cos - y * sin, x * sin + y * cos)))


def _bent(line: LineString, phase: np.ndarray) -> LineString:
    """The same bend for all lines of a place, as if the land had pulled them."""
    x, y = np.asarray(line.coords).T
    east = 90 * np.sin(y / 1_100 + phase[0]) + 60 * np.sin(x / 700 + phase[1])
    north = 90 * np.sin(x / 1_200 + phase[2]) + 60 * np.sin(y / 800 + phase[3])
    return LineString(np.column_stack((x + east, y + north)))
