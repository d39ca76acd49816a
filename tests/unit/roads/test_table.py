"""Tables of all pairs, and the chains that are drawn together for them, against plain searches."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.chiayi_streets import chiayi
from bench.manhattan_streets import manhattan
from dispatch.domain.geometry import Position
from dispatch.roads.chains import Steps, without_chains
from dispatch.roads.conditions import Conditions
from dispatch.roads.search import Rows
from dispatch.roads.street_map import StreetMap
from dispatch.roads.table import travel_table
from dispatch.roads.travel import TravelTimes
from tests.support.cities import generated_chiayi
from tests.support.data import shared


def plain_table(street_map: StreetMap, nodes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Seconds, and metres along networkx's way."""
    arcs = street_map.arcs
    graph: nx.DiGraph[int] = nx.DiGraph()
    for tail, head, seconds, metres in zip(
        arcs.tail.tolist(), arcs.head.tolist(), arcs.time_s.tolist(), arcs.length_m.tolist(), strict=True
    ):
        if not graph.has_edge(tail, head) or graph[tail][head]["s"] > seconds:
            graph.add_edge(tail, head, s=seconds, m=metres)
    times, metres_of = [], []
    for begin in nodes:
        best = nx.single_source_dijkstra_path_length(graph, begin, weight="s")
        paths = nx.single_source_dijkstra_path(graph, begin, weight="s")
        times.append([best[end] for end in nodes])
        metres_of.append([sum(graph[a][b]["m"] for a, b in pairwise(paths[end])) for end in nodes])
    return np.array(times), np.array(metres_of)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_table_is_what_plain_searches_say(seed: int) -> None:
    """Of some junctions of the generated city, in any order, one of them twice."""
    street_map = generated_chiayi(seed)
    nodes = np.random.default_rng(seed).integers(0, street_map.nodes, 25).tolist()
    nodes.append(nodes[0])
    table = travel_table(street_map, nodes)
    seconds, metres = plain_table(street_map, nodes)
    np.testing.assert_allclose(table.time_s, seconds, rtol=1e-5)
    np.testing.assert_allclose(table.distance_m, metres, rtol=1e-5, atol=0.01)
    assert table.time_s.dtype == table.distance_m.dtype == np.float32
    rush = travel_table(street_map, nodes, Conditions(hour=17))
    assert (rush.time_s >= table.time_s).all()


def test_the_table_agrees_with_the_etas() -> None:
    """From junction to junction the same seconds and metres as `matrix`."""
    street_map = generated_chiayi(3)
    nodes = [5, 500, 1500, 2500]
    table, travel = travel_table(street_map, nodes), TravelTimes(street_map)
    at = [Position(float(street_map.node_lat[node]), float(street_map.node_lon[node])) for node in nodes]
    matrix = travel.matrix(at, travel.stand(at))
    np.testing.assert_allclose(matrix.time_s.T, table.time_s, atol=0.02)
    np.testing.assert_allclose(matrix.distance_m.T, table.distance_m, atol=0.1)


def test_only_junctions_of_the_map() -> None:
    """No junctions, an empty table; unknown ones are refused."""
    street_map = generated_chiayi(3)
    assert travel_table(street_map, []).time_s.shape == (0, 0)
    for wrong in (-1, street_map.nodes):
        with pytest.raises(ValueError, match="junctions"):
            travel_table(street_map, [wrong])


@settings(max_examples=200)
@given(st.data())
def test_chains_keep_all_times(data: st.DataObject) -> None:
    """Any steps, any states to keep: between those the least times and their metres are as before."""
    count = data.draw(st.integers(2, 9))
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    steps = data.draw(st.lists(st.tuples(ends, st.integers(0, 9)), min_size=1, max_size=24))
    tail, head = (np.array([pair[side] for pair, _ in steps], dtype=np.int32) for side in (0, 1))
    seconds = np.array([float(cost) for _, cost in steps])
    rows = Rows(tail, head, seconds, 10 * seconds, np.arange(len(steps), dtype=np.int32), count)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    short = without_chains(Steps(rows.row, rows.column, rows.time_s, rows.length_m), keep)
    before = least(rows.row, rows.column, rows.time_s)
    after = least(short.tail, short.head, short.time_s)
    np.testing.assert_allclose(short.length_m, 10 * short.time_s)
    for begin in np.flatnonzero(keep).tolist():
        for end in np.flatnonzero(keep).tolist():
            if begin != end:
                assert after.get((begin, end)) == before.get((begin, end))


def least(tail: np.ndarray, head: np.ndarray, seconds: np.ndarray) -> dict[tuple[int, int], float]:
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    graph.add_weighted_edges_from(zip(tail.tolist(), head.tolist(), seconds.tolist(), strict=True))
    return {
        (begin, end): cost for begin, costs in nx.all_pairs_dijkstra_path_length(graph) for end, cost in costs.items()
    }


def test_manhattan_as_its_file_says() -> None:
    """16,811 points, 24,437 arcs, 4,305 intersections; a chain's time is the sum of its arcs' to the last bit."""
    street_map, intersections = manhattan(shared("roads/manhattan.zip"))
    assert (street_map.nodes, len(street_map.arcs.tail), len(intersections)) == (16_811, 24_437, 4_305)
    assert street_map.info.cut_off_edges == 0
    # by half of mode 2, in days: the first arc of the file
    first = 6.794717193088875e-06 * 86_400 / 2
    at = np.hypot(street_map.node_lat - 40.7683919, street_map.node_lon + 73.9817173).argmin()
    assert first in street_map.arcs.time_s[street_map.arcs.tail == at]
    some = intersections[::400]
    table = travel_table(street_map, some)
    seconds, _ = plain_table(street_map, some.tolist())
    np.testing.assert_allclose(table.time_s, seconds, rtol=1e-6)


def test_chiayis_proxy_streets() -> None:
    """2,654 junctions, 619 km, all at 28 km/h both ways."""
    street_map = chiayi(shared("chiayi/streets-proxy.geojson"))
    assert (street_map.nodes, street_map.edges) == (2_654, 4_158)
    assert street_map.kilometres == pytest.approx(619, abs=1)
    assert np.isfinite(street_map.edge_back_s).all()
    np.testing.assert_allclose(street_map.edge_length_m / street_map.edge_time_s, 28 / 3.6)
