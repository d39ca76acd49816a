"""How soon somebody is anywhere, and the areas that follow."""

from __future__ import annotations

import json

import networkx as nx
import numpy as np
import pytest
import shapely

from dispatch.domain.geometry import Position, distance_m
from dispatch.roads.conditions import Conditions
from dispatch.roads.coverage import coverage, reached
from dispatch.roads.isochrones import BESIDE_M, BYTES_MAX, LIMITS_S, isochrones
from dispatch.roads.speeds import MOTORCYCLE_FACTOR
from dispatch.roads.travel import TravelTimes
from tests.unit.roads.generated import city, city_places, streets
from tests.unit.roads.towns import Town, place


def test_coverage_is_the_nearest_units_time() -> None:
    """At every junction the least of what networkx finds from each unit, over arcs as they run, not turned round."""
    units = city_places(1, 6)
    stands = city().stand(units)
    seconds = coverage(city(), stands)
    arcs = streets().arcs
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    graph.add_weighted_edges_from(zip(arcs.tail.tolist(), arcs.head.tolist(), arcs.time_s.tolist(), strict=True))
    best = np.full(streets().nodes, np.inf)
    for number in range(len(units)):
        alone = coverage(city(), stands.take(np.array([number])))
        snaps = stands.snaps
        edge, share = int(snaps.edge[number]), snaps.offset_m[number] / streets().edge_length_m[snaps.edge[number]]
        graph.add_edge(-1, int(streets().edge_to[edge]), weight=(1 - share) * float(streets().edge_time_s[edge]))
        if np.isfinite(streets().edge_back_s[edge]):
            graph.add_edge(-1, int(streets().edge_from[edge]), weight=share * float(streets().edge_back_s[edge]))
        plain = nx.single_source_dijkstra_path_length(graph, -1)
        graph.remove_node(-1)
        np.testing.assert_allclose(alone, [plain[node] for node in range(streets().nodes)], atol=1e-6)
        best = np.minimum(best, alone)
    np.testing.assert_allclose(seconds, best)


def test_coverage_runs_with_the_traffic() -> None:
    """On a one-way ring what lies behind a unit is far from it."""
    corners = [(0.0, 0.0), (400.0, 0.0), (400.0, 400.0), (0.0, 400.0)]
    town = Town()
    for number in range(4):
        town.street(number, (number + 1) % 4, corners[number], corners[(number + 1) % 4], back_mps=0)
    travel = TravelTimes(town.street_map())
    seconds = coverage(travel, travel.stand([place(200, 0)]))
    np.testing.assert_allclose(seconds, [140, 20, 60, 100], atol=0.5)
    assert reached(seconds, 60.5).tolist() == [False, True, True, False]
    assert reached(seconds, 60.5, np.array([2, 0])).tolist() == [True, False]


def test_motorcycles_lights_hours_and_nobody() -> None:
    """A motorcycle takes its share; lights a factor; the rush hour longer; who is off the streets does not count."""
    units = city_places(2, 4)
    cars, motorcycles = (city().stand(units, motorcycles=[kind] * 4) for kind in (False, True))
    base = coverage(city(), cars)
    np.testing.assert_allclose(coverage(city(), motorcycles), base * MOTORCYCLE_FACTOR)
    np.testing.assert_allclose(coverage(city(), cars, factor=0.72), base * 0.72)
    rush = Conditions(hour=17)
    assert (coverage(city(), cars, rush) >= base).all()
    assert (coverage(city(), motorcycles, rush) <= MOTORCYCLE_FACTOR * coverage(city(), cars, rush) + 1e-9).all()
    mixed = city().stand([*units, Position(25.0, 121.5)], motorcycles=[True, False, False, False, False])
    assert (coverage(city(), mixed) <= base + 1e-9).all()
    assert np.isinf(coverage(city(), city().stand([Position(25.0, 121.5)]))).all()
    with pytest.raises(ValueError, match="no street map"):
        coverage(TravelTimes(None), TravelTimes(None).stand(units))


def test_isochrones_hold_what_is_reached_and_not_what_is_not() -> None:
    """Junctions reached in time lie inside, those far beyond in time and place outside; nearer areas lie in wider."""
    seconds = coverage(city(), city().stand(city_places(3, 1)))
    drawn = isochrones(streets(), seconds)
    limits = [feature["properties"]["within_s"] for feature in drawn["features"]]
    assert limits == sorted(LIMITS_S, reverse=True)
    assert len(json.dumps(drawn)) < BYTES_MAX * 1.2
    areas = [shapely.geometry.shape(feature["geometry"]) for feature in drawn["features"]]
    nodes = shapely.points(streets().node_lon, streets().node_lat)
    for limit, area in zip(limits, areas, strict=True):
        assert area.is_valid
        inside = shapely.contains(area, nodes)
        assert inside[seconds <= limit].mean() > 0.98
        far = [node for node in np.flatnonzero(seconds > limit + 240).tolist() if beyond(seconds, limit, node)]
        assert len(far) > 20 or limit == max(limits)
        assert inside[far].mean() < 0.05 if far else True
    assert areas[0].area > areas[1].area > areas[2].area


def beyond(seconds: np.ndarray, limit: float, node: int) -> bool:
    """Whether no junction that is reached lies within three times BESIDE_M of it."""
    here = Position(float(streets().node_lat[node]), float(streets().node_lon[node]))
    near = (abs(streets().node_lat - here.lat) < 0.003) & (abs(streets().node_lon - here.lon) < 0.003)
    return all(
        distance_m(here, Position(float(streets().node_lat[other]), float(streets().node_lon[other]))) > 5 * BESIDE_M
        for other in np.flatnonzero(near & (seconds <= limit + 30)).tolist()
    )


def test_many_units_still_fit_the_frame() -> None:
    """Ragged areas are coarsened until they fit; without any unit there is nothing to draw."""
    seconds = coverage(city(), city().stand(city_places(4, 40)))
    assert len(json.dumps(isochrones(streets(), seconds, [60, 90, 120]), separators=(",", ":"))) <= BYTES_MAX
    nobody = isochrones(streets(), np.full(streets().nodes, np.inf))
    assert nobody == {"type": "FeatureCollection", "features": []}
