"""Travel times: partial edges, one-ways, loops and parallel streets against a plain search; fallbacks that say so."""

from __future__ import annotations

import math
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.domain.geometry import Position, distance_m
from dispatch.roads.route_line import POINTS_MAX
from dispatch.roads.speeds import ACCESS_SPEED_MPS, DEFAULT_SPEED_MPS, DETOUR, vehicle_factor
from dispatch.roads.street_map import StreetMap
from dispatch.roads.travel import NO_MAP, NO_WAY, SOURCE_OFF, TARGET_OFF, TravelTimes
from tests.unit.roads.generated import city, city_places
from tests.unit.roads.towns import Town, line_m, place, position_on


def one_way_ring() -> TravelTimes:
    """A square of 400 m sides, driven clockwise only, junctions at the four corners; 10 m/s."""
    corners = [(0.0, 0.0), (400.0, 0.0), (400.0, 400.0), (0.0, 400.0)]
    town = Town()
    for number in range(4):
        town.street(number, (number + 1) % 4, corners[number], corners[(number + 1) % 4], back_mps=0)
    return TravelTimes(town.street_map())


def test_one_way_the_car_goes_on_not_back() -> None:
    """Ahead on the same one-way street is near; behind is once round the block; lengths and times agree."""
    travel = one_way_ring()
    ahead, behind = travel.etas(place(300, 0), [place(100, 0), place(350, 0)])
    assert (ahead.basis, ahead.reason) == ("street", None)
    assert ahead.eta_s == pytest.approx(20, abs=0.1)
    assert ahead.distance_m == pytest.approx(200, abs=1)
    assert behind.eta_s == pytest.approx(155, abs=0.5)
    assert behind.distance_m == pytest.approx(1_550, abs=5)


def test_a_place_at_a_junction_is_on_all_its_streets() -> None:
    """Reaching or leaving a corner takes no detour, whichever of its one-way streets was found first."""
    travel = one_way_ring()
    corners = [place(0, 0), place(400, 0), place(400, 400), place(0, 400)]
    for first, second in pairwise([*corners, corners[0]]):
        forth, back = travel.etas(second, [first])[0], travel.etas(first, [second])[0]
        assert forth.eta_s == pytest.approx(40, abs=0.2)
        assert back.eta_s == pytest.approx(120, abs=0.6)
        assert travel.etas(first, [first])[0].eta_s == pytest.approx(0, abs=0.01)


def test_a_corner_is_reached_by_the_other_street() -> None:
    """A place at the end of a one-way street is reached from a side street there without driving round the block."""
    corners = [(0.0, 0.0), (400.0, 0.0), (400.0, 400.0), (0.0, 400.0)]
    town = Town()
    for number in range(4):
        town.street(number, (number + 1) % 4, corners[number], corners[(number + 1) % 4], back_mps=0)
    for number in range(4):
        town.street(number, 10 + number, corners[number], (corners[number][0] * 3 - 400, corners[number][1]))
    travel = TravelTimes(town.street_map())
    for north, east in corners:
        beside = place(north + (200 if north else -200), east)
        for north_m, east_m in ((0, 0), (0.004, 0), (-0.004, 0), (0, 0.004), (0, -0.004)):
            corner = place(north + north_m, east + east_m)
            assert travel.etas(corner, [beside])[0].eta_s == pytest.approx(20, abs=0.1)


def test_into_a_loop_by_the_shorter_side() -> None:
    """A place on a loop that begins and ends at one junction is reached the short way, and so the route is drawn."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 500))
    town.street(1, 1, (0, 500), (200, 500), (200, 700), (0, 700), (0, 500))
    travel = TravelTimes(town.street_map())
    for there, metres in ((place(100, 500), 600), (place(0, 600), 600)):
        route = travel.route(place(0, 0), there)
        assert route.distance_m == pytest.approx(metres, abs=2)
        assert line_m(route.line) == pytest.approx(metres, abs=4)


def test_of_parallel_streets_the_fastest_counts() -> None:
    """Two streets join the same junctions: the longer but faster one gives time and distance, not their sum."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 1000), forward_mps=5, back_mps=5)
    town.street(0, 1, (0, 0), (400, 500), (0, 1000), forward_mps=20, back_mps=20)
    town.street(0, 2, (0, 0), (0, -500))
    town.street(1, 3, (0, 1000), (0, 1500))
    eta = TravelTimes(town.street_map()).etas(place(0, 1400), [place(0, -400)])[0]
    bow = 2 * math.hypot(400, 500)
    assert eta.eta_s == pytest.approx(80 + bow / 20, abs=0.3)
    assert eta.distance_m == pytest.approx(800 + bow, abs=4)


def test_a_street_without_length_still_connects() -> None:
    """Two junctions at one place, joined by an edge of no length: the way over it exists and costs nothing."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 500))
    town.street(1, 2, (0, 500), (0, 500))
    town.street(2, 3, (0, 500), (0, 1000))
    street_map = town.street_map()
    assert (street_map.edges, street_map.edge_time_s.min()) == (3, 0)
    eta = TravelTimes(street_map).etas(place(0, 900), [place(0, 100)])[0]
    assert eta.basis == "street"
    assert eta.eta_s == pytest.approx(80, abs=0.2)


def test_a_detour_beats_a_slow_same_street() -> None:
    """Source and target on one street, but the fast way leaves it."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 1000), forward_mps=1, back_mps=1)
    town.street(0, 1, (0, 0), (350, 500), (0, 1000), forward_mps=20, back_mps=20)
    eta = TravelTimes(town.street_map()).etas(place(0, 990), [place(0, 10)])[0]
    assert eta.eta_s == pytest.approx(20 + 2 * math.hypot(350, 500) / 20, abs=0.3)


places = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda p: (p[0] * 25.0, p[1] * 25.0))
bends = st.tuples(st.floats(3, 997), st.floats(3, 997))
speeds = st.sampled_from([3.0, 7.0, 12.0, 20.0])


@settings(max_examples=80)
@given(data=st.data())
def test_any_town_as_a_plain_search_says(data: st.DataObject) -> None:
    """Random streets with loops, parallels, one-ways and zero lengths: times and distances are networkx's."""
    corners = data.draw(st.lists(places, min_size=2, max_size=6))
    town = Town()
    for number in range(len(corners)):  # a two-way ring keeps everything connected
        after = (number + 1) % len(corners)
        town.street(number, after, corners[number], data.draw(bends), corners[after], forward_mps=data.draw(speeds))
    for _ in range(data.draw(st.integers(0, 6))):
        begin, end = (data.draw(st.integers(0, len(corners) - 1)) for _ in range(2))
        shape = (corners[begin], data.draw(bends), data.draw(bends), corners[end])
        back = data.draw(st.sampled_from([0.0, 5.0]))
        town.street(begin, end, *shape, forward_mps=data.draw(speeds), back_mps=back)
    for number in range(data.draw(st.integers(0, 2))):
        twin, begin = 100 + number, data.draw(st.integers(0, len(corners) - 1))
        end = (begin + 1) % len(corners)
        town.street(begin, twin, corners[begin], corners[begin])
        town.street(twin, end, corners[begin], data.draw(bends), corners[end])
    street_map = town.street_map()
    travel = TravelTimes(street_map)
    seed = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    spots = [(int(rng.integers(street_map.edges)), float(rng.random())) for _ in range(6)]
    positions = [position_on(street_map, *spot) for spot in spots]
    snaps = travel._index.snap(positions)
    # where streets cross or run together, a place may be found on either: such places prove nothing here
    along = [share * street_map.edge_length_m[edge] for edge, share in spots]
    sure = [i for i in range(6) if snaps.edge[i] == spots[i][0] and abs(snaps.offset_m[i] - along[i]) < 0.01]
    if 0 not in sure:
        return
    etas = travel.etas(positions[0], [positions[i] for i in sure])
    for i, eta in zip(sure, etas, strict=True):
        seconds, metres = plain_search(street_map, spots[i], spots[0])
        assert eta.basis == "street"
        assert eta.eta_s == pytest.approx(seconds, abs=0.02)
        assert eta.distance_m == pytest.approx(metres, abs=0.1)
        route = travel.route(positions[i], positions[0])
        assert (route.eta_s, route.distance_m) == (eta.eta_s, eta.distance_m)
        # thinning cuts each bend by some metres; only rounding to six digits adds to the way, at each point
        assert line_m(route.line) <= route.distance_m + 0.15 * len(route.line)
        # of streets there and back over one line, which corners in one place make, thinning leaves nothing
        assert len(set(corners)) < len(corners) or line_m(route.line) >= route.distance_m * 0.9 - 15


def plain_search(street_map: StreetMap, source: tuple[int, float], target: tuple[int, float]) -> tuple[float, float]:
    """Seconds, and the least metres of the ways as fast, by networkx on edges really cut at both places."""
    graph: nx.MultiDiGraph[object] = nx.MultiDiGraph()
    for edge in range(street_map.edges):
        cuts = sorted({0.0, 1.0, *(share for on, share in (source, target) if on == edge)})
        ends = {0.0: int(street_map.edge_from[edge]), 1.0: int(street_map.edge_to[edge])}
        length, forward, back = (
            float(column[edge]) for column in (street_map.edge_length_m, street_map.edge_time_s, street_map.edge_back_s)
        )
        for low, high in pairwise(cuts):
            a, b = ends.get(low, ("on", edge, low)), ends.get(high, ("on", edge, high))
            graph.add_edge(a, b, s=(high - low) * forward, m=(high - low) * length)
            if math.isfinite(back):
                graph.add_edge(b, a, s=(high - low) * back, m=(high - low) * length)
    best: dict[object, float] = nx.single_source_dijkstra_path_length(graph, ("on", *source), weight="s")
    seconds = best[("on", *target)]
    tight: nx.MultiDiGraph[object] = nx.MultiDiGraph(
        (a, b, {"m": d["m"]}) for a, b, d in graph.edges(data=True) if a in best and best[a] + d["s"] <= best[b] + 1e-6
    )
    tight.add_node(("on", *source))
    tight.add_node(("on", *target))
    shortest = nx.single_source_dijkstra_path_length(tight, ("on", *source), weight="m")
    return seconds, shortest[("on", *target)]


def test_the_way_from_the_street_counts() -> None:
    """A place beside the street adds its distance at the access speed, at both ends."""
    eta = one_way_ring().etas(place(300, -50), [place(100, -30)])[0]
    assert eta.eta_s == pytest.approx(20 + 80 / ACCESS_SPEED_MPS, abs=0.2)
    assert eta.distance_m == pytest.approx(280, abs=1)


def test_factors_belong_to_their_source() -> None:
    """A motorcycle takes 0.8 of a car's time, lights 0.72 of it, both their product; the distance is the same."""
    target, source = city_places(1, 2)
    factors = [1.0, vehicle_factor(motorcycle=True), vehicle_factor(lights=True)]
    factors.append(vehicle_factor(motorcycle=True, lights=True))
    etas = city().etas(target, [source] * 4, factors)
    assert [eta.eta_s / etas[0].eta_s for eta in etas] == pytest.approx([1, 0.8, 0.72, 0.576])
    assert len({eta.distance_m for eta in etas}) == 1
    with pytest.raises(ValueError, match="positive"):
        city().etas(target, [source], [0.0])
    with pytest.raises(ValueError, match="2 sources"):
        city().etas(target, [source] * 2, [1.0])


def test_far_from_streets_the_straight_line_answers_and_says_so() -> None:
    """More than 300 m off: geodesic times 1.35 at the default speed, with the reason; the others are not touched."""
    target, source, north = *city_places(2, 2), Position(23.56, 120.45)
    near, far = city().etas(target, [source, north])
    assert (near.basis, near.reason) == ("street", None)
    assert (far.basis, far.reason) == ("geodesic", SOURCE_OFF)
    assert far.distance_m == pytest.approx(distance_m(north, target) * DETOUR)
    assert far.eta_s == pytest.approx(far.distance_m / DEFAULT_SPEED_MPS)
    assert [eta.reason for eta in city().etas(north, [source, target])] == [TARGET_OFF] * 2


def test_without_streets_everything_is_straight() -> None:
    """No map: the geodesic answer, its reason, and a route of two points."""
    target, source = city_places(3, 2)
    none = TravelTimes(None)
    eta = none.etas(target, [source], [0.5])[0]
    assert (eta.basis, eta.reason) == ("geodesic", NO_MAP)
    assert eta.eta_s == pytest.approx(0.5 * distance_m(source, target) * DETOUR / DEFAULT_SPEED_MPS)
    route = none.route(source, target)
    assert route.line == [(source.lon, source.lat), (target.lon, target.lat)]
    assert (route.basis, route.reason) == ("geodesic", NO_MAP)
    assert none.etas(target, []) == city().etas(target, []) == []


def test_a_limit_leaves_near_answers_as_they_are() -> None:
    """With a limit, what lies within it is the same; what lies beyond is never called nearer than the limit."""
    target, *sources = city_places(4, 60)
    factors = [0.72, 1.0] * 29 + [0.72]
    whole, limited = city().etas(target, sources, factors), city().etas(target, sources, factors, limit_s=300)
    assert any(eta.reason == NO_WAY for eta in limited)
    for full, cut in zip(whole, limited, strict=True):
        if full.eta_s <= 300:
            assert cut == full
        else:
            assert cut.eta_s >= 300
            assert cut == full or (cut.basis, cut.reason) == ("geodesic", NO_WAY)


def test_beyond_the_limit_nothing_is_near() -> None:
    """50 m away but once round the block: with a limit below that, the answer is the limit, not the straight line."""
    eta = one_way_ring().etas(place(300, 0), [place(350, 0)], limit_s=60)[0]
    assert (eta.eta_s, eta.basis, eta.reason) == (60, "geodesic", NO_WAY)


def test_order_and_company_change_nothing() -> None:
    """Each source's answer is its own: asked together, turned round, or alone."""
    target, *sources = city_places(5, 40)
    together = city().etas(target, sources)
    assert city().etas(target, sources[::-1]) == together[::-1]
    assert [city().etas(target, [source])[0] for source in sources] == together


def test_routes_in_the_city_fit_their_order() -> None:
    """A route starts at the unit, ends at the place, follows the way the ETA counted, and stays small."""
    target, *sources = city_places(6, 25)
    for source, eta in zip(sources, city().etas(target, sources), strict=True):
        route = city().route(source, target)
        assert (route.eta_s, route.distance_m, route.basis) == (eta.eta_s, eta.distance_m, "street")
        assert len(route.line) <= POINTS_MAX
        assert distance_m(source, Position(*route.line[0][::-1])) < 0.2
        assert distance_m(target, Position(*route.line[-1][::-1])) < 0.2
        assert line_m(route.line) == pytest.approx(route.distance_m, rel=0.01, abs=10)
        assert route.geojson()["coordinates"][0] == list(route.line[0])


def test_a_winding_route_is_thinned_until_it_fits() -> None:
    """Thousands of bends become at most POINTS_MAX points that still lead from end to end."""
    town = Town()
    town.street(0, 1, *[(30.0 * (i % 2) + 60 * math.sin(i / 40), i * 3.0) for i in range(3_000)])
    route = TravelTimes(town.street_map()).route(place(0, 5), place(0, 8_990))
    assert 2 < len(route.line) <= POINTS_MAX


def test_here_is_a_route_of_two_points() -> None:
    """Source and target at one place: no time, and still a line that GeoJSON allows."""
    here = city_places(7, 1, spread_m=0)[0]
    route = city().route(here, here)
    assert route.eta_s == pytest.approx(0, abs=0.01)
    assert len(route.line) == 2
