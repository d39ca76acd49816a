"""The generated city: the same for the same seed, whole, over Chiayi's ground, with the obstacles it promises."""

from __future__ import annotations

import json
from functools import cache

import networkx as nx
import numpy as np
import pytest
import shapely

from dispatch.domain.geometry import Position, distance_m
from dispatch.roads.generated_city import CHIAYI_OUTLINE, _to_plane, generate_chiayi
from dispatch.roads.generated_plan import lay_ground
from dispatch.roads.street_map import StreetMap
from dispatch.roads.travel import TravelTimes
from tests.support.data import shared

SEEDS = [1, 2, 20]


@cache
def city(seed: int) -> StreetMap:
    return generate_chiayi(seed)


def test_the_same_seed_gives_the_same_city() -> None:
    """Generated twice, every array is the same; another seed is another city."""
    again = generate_chiayi(1)
    assert (again.info, again.names) == (city(1).info, city(1).names)
    for name, value in vars(city(1)).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(again, name), value)
    assert city(2).nodes != city(1).nodes
    assert city(2).info.sha256 != city(1).info.sha256


@pytest.mark.parametrize("seed", SEEDS)
def test_every_junction_is_reached_from_every_other(seed: int) -> None:
    """One strongly connected part, of the size of a city, from which next to nothing was cut off."""
    arcs = city(seed).arcs
    graph = nx.DiGraph(zip(arcs.tail.tolist(), arcs.head.tolist(), strict=True))
    assert nx.is_strongly_connected(graph)
    assert 3_000 <= len(graph) == city(seed).nodes <= 8_000
    assert 500 < city(seed).kilometres < 900
    assert city(seed).info.cut_off_km < 0.02 * city(seed).kilometres


@pytest.mark.parametrize("seed", SEEDS)
def test_it_has_what_makes_a_city_hard(seed: int) -> None:
    """Arterials, collectors and lanes; dead ends; one-ways; Chinese names on most streets; and it owns up."""
    street_map = city(seed)
    assert street_map.info.generated
    assert {street_map.class_of(edge) for edge in range(street_map.edges)} >= {
        "primary", "secondary", "tertiary", "residential",
    }  # fmt: skip
    touching = np.bincount(np.concatenate((street_map.edge_from, street_map.edge_to)))
    assert np.count_nonzero(touching == 1) > 200
    assert np.count_nonzero(~np.isfinite(street_map.edge_back_s)) > 300
    assert all(
        "\u4e00" <= character <= "\u9fff" or character.isdigit() for name in street_map.names for character in name
    )
    assert np.mean(street_map.edge_name > 0) > 0.95


@pytest.mark.parametrize("seed", SEEDS)
def test_few_bridges_and_crossings(seed: int) -> None:
    """Of the thousands of edges only some cross the river or the railway, and both can be crossed."""
    street_map = city(seed)
    outline = shapely.Polygon([_to_plane(lat, lon) for lat, lon in CHIAYI_OUTLINE])
    ground = lay_ground(outline, np.random.default_rng(seed))
    owner = np.repeat(np.arange(street_map.edges), np.diff(street_map.shape_start))
    points = [_to_plane(lat, lon) for lat, lon in zip(street_map.shape_lat, street_map.shape_lon, strict=True)]
    lines = shapely.linestrings(points, indices=owner)
    assert 3 <= shapely.crosses(lines, ground.river).sum() <= 20
    assert 4 <= shapely.crosses(lines, ground.railway).sum() <= 20


def test_straight_line_often_picks_the_wrong_car() -> None:
    """River, railway and one-ways do their work: the nearest of eight cars by air is often not the first by street."""
    street_map, rng = city(1), np.random.default_rng(0)
    at = rng.integers(0, street_map.nodes, (60, 9))
    wrong = 0
    for target, *cars in at.tolist():
        place = Position(street_map.node_lat[target], street_map.node_lon[target])
        positions = [Position(street_map.node_lat[car], street_map.node_lon[car]) for car in cars]
        by_street = [eta.eta_s for eta in travel().etas(place, positions)]
        by_air = [distance_m(place, position) for position in positions]
        wrong += int(np.argmin(by_street) != np.argmin(by_air))
    assert 4 <= wrong <= 30


@cache
def travel() -> TravelTimes:
    return TravelTimes(city(1))


@pytest.mark.parametrize("seed", SEEDS)
def test_it_fills_the_outline(seed: int) -> None:
    """All streets lie inside the outline, and no place inside it is far from one."""
    street_map = city(seed)
    outline = shapely.Polygon([(lon, lat) for lat, lon in CHIAYI_OUTLINE])
    points = shapely.points(street_map.shape_lon, street_map.shape_lat)
    assert shapely.contains(outline.buffer(1e-5), points).all()
    rng = np.random.default_rng(seed)
    box = street_map.extent
    spots = [Position(rng.uniform(box.south, box.north), rng.uniform(box.west, box.east)) for _ in range(1_500)]
    inside = [spot for spot in spots if outline.contains(shapely.Point(spot.lon, spot.lat))]
    snaps = TravelTimes(street_map)._index.snap(inside)
    assert snaps.found.mean() > 0.97


def test_the_outline_is_chiayi_in_outline() -> None:
    """Few corners, and all but a little of the real villages' area, no more."""
    features = json.loads(shared("chiayi/villages.geojson").read_text(encoding="utf-8"))["features"]
    real = shapely.union_all([shapely.geometry.shape(feature["geometry"]) for feature in features])
    drawn = shapely.Polygon([(lon, lat) for lat, lon in CHIAYI_OUTLINE])
    assert drawn.is_valid
    assert len(CHIAYI_OUTLINE) < 60
    assert drawn.intersection(real).area / drawn.union(real).area > 0.95
