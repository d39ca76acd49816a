"""House numbers and landmarks for a generated city: as in a real one most are known and some are missing.

Numbers rise along each street, odd ones on one side and even ones on the other. The same map gives the same places.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.random import Generator, default_rng

from dispatch.roads.places import Place, PlaceKind
from dispatch.roads.places_streets import NamedStreets, Street
from dispatch.roads.street_map import METRES_PER_DEGREE, StreetMap

HOUSE_EVERY_M: Final = 90.0
NUMBERS_PER_M: Final = 0.2
"""Two sides, a house each ten metres: twenty numbers in a hundred metres."""
SIDE_M: Final = 11.0
MISSING_SHARE: Final = 0.25

LANDMARKS: Final = (
    ("hospital", ("嘉和醫院", "仁德醫院", "惠民醫院", "長安醫院")),
    ("school", ("育英國小", "崇仁國小", "文昌國中", "光華國小", "明德國中", "信義國小", "東門國小", "嘉北高中")),
    ("university", ("諸羅大學",)),
    ("station", ("諸羅", "北嘉")),
    ("park", ("中央公園", "親水公園", "北香公園", "文化公園", "兒童公園")),
    ("marketplace", ("東市場", "西門市場", "南興市場")),
    ("place_of_worship", ("城隍廟", "天后宮", "地藏庵", "聖安堂")),
    ("bank", ("諸羅銀行總行", "第一信用合作社")),
    ("fuel", ("北門加油站", "南田加油站", "湖內加油站")),
    ("townhall", ("市政府", "東區區公所", "西區區公所")),
    ("library", ("市立圖書館",)),
    ("stadium", ("市立體育場",)),
    ("mall", ("諸羅廣場", "秀泰百貨")),
    ("fire_station", ("第一消防分隊", "第二消防分隊")),
)
LOCALITIES: Final = ("東門", "西門", "北門", "南門", "湖內", "北社尾", "蘭潭", "後庄", "車店", "頭港", "竹圍", "嘉北")


def generated_places(street_map: StreetMap, seed: int) -> list[Place]:
    """Some thousands of addresses and a few dozen landmarks, on the junctions and along the edges of the map."""
    rng = default_rng(seed)
    named = NamedStreets(street_map)
    addresses = [place for street in named.streets for place in _houses(street_map, street, rng)]
    return [*addresses, *_landmarks(street_map, rng), *_localities(street_map, rng)]


def _houses(street_map: StreetMap, street: Street, rng: Generator) -> Iterator[Place]:
    """Houses along a street: its junctions in order along its main direction, straight from one to the next."""
    lat, lon = street_map.node_lat[street.nodes], street_map.node_lon[street.nodes]
    east_m = METRES_PER_DEGREE * float(np.cos(np.radians(street.lat)))
    points = np.column_stack(((lon - street.lon) * east_m, (lat - street.lat) * METRES_PER_DEGREE))
    if len(points) < 2:
        return
    _, _, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    ahead = axes[0] if axes[0].sum() >= 0 else -axes[0]  # numbers rise to the north-east, whatever the solver's sign
    points = points[np.argsort(points @ ahead, kind="stable")]
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate(([0.0], np.cumsum(steps)))
    at = np.arange(HOUSE_EVERY_M / 2, along[-1], HOUSE_EVERY_M)
    kept = rng.random((len(at), 2)) >= MISSING_SHARE
    for metres, sides in zip(at.tolist(), kept.tolist(), strict=True):
        piece = min(int(np.searchsorted(along, metres, side="right")) - 1, len(steps) - 1)
        course = (points[piece + 1] - points[piece]) / max(float(steps[piece]), 1e-9)
        foot = points[piece] + course * (metres - along[piece])
        for side, there in zip((1, -1), sides, strict=True):
            if there:
                x, y = foot + side * SIDE_M * np.array([-course[1], course[0]])
                number = 2 * int(metres * NUMBERS_PER_M / 2) + (1 if side > 0 else 2)
                yield Place(
                    kind=PlaceKind.ADDRESS,
                    name=street.name,
                    number=f"{number}號",
                    lat=street.lat + float(y) / METRES_PER_DEGREE,
                    lon=street.lon + float(x) / east_m,
                )


def _landmarks(street_map: StreetMap, rng: Generator) -> Iterator[Place]:
    names = [(name, sort) for sort, group in LANDMARKS for name in group]
    for (name, sort), node in zip(names, _spread(street_map, len(names), rng), strict=True):
        lat, lon = float(street_map.node_lat[node]), float(street_map.node_lon[node])
        # beside the junction, where a building would stand
        yield Place(kind=PlaceKind.LANDMARK, name=name, sort=sort, lat=lat + 3e-4, lon=lon + 3e-4)


def _localities(street_map: StreetMap, rng: Generator) -> Iterator[Place]:
    for name, node in zip(LOCALITIES, _spread(street_map, len(LOCALITIES), rng), strict=True):
        lat, lon = float(street_map.node_lat[node]), float(street_map.node_lon[node])
        yield Place(kind=PlaceKind.LOCALITY, name=name, sort="suburb", lat=lat, lon=lon)


def _spread(street_map: StreetMap, count: int, rng: Generator) -> list[int]:
    """Junctions at random, as many as there are names; with repetition where the map has fewer."""
    few = street_map.nodes < count
    return [int(node) for node in rng.choice(street_map.nodes, size=count, replace=few)]
