"""Any banned turns: times, ways, tables and coverage against plain searches whose points are arcs."""

from __future__ import annotations

import heapq
import math
from dataclasses import replace
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.domain.geometry import Position
from dispatch.roads import ways
from dispatch.roads.conditions import USUAL
from dispatch.roads.coverage import coverage
from dispatch.roads.street_map import StreetMap
from dispatch.roads.table import travel_table
from dispatch.roads.travel import TravelTimes
from tests.unit.roads.towns import Town, position_on

Turns = set[tuple[int, int]]
Spot = tuple[int, float]

places = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda p: (p[0] * 40.0, p[1] * 40.0))
bends = st.tuples(st.floats(3, 1197), st.floats(3, 1197))


@st.composite
def towns(draw: st.DrawFn) -> StreetMap:
    """A ring of streets with chords, one-ways, parallels and loops, and any turns banned, traps among them."""
    corners = draw(st.lists(places, min_size=2, max_size=6))
    town = Town()
    for number in range(len(corners)):
        after = (number + 1) % len(corners)
        town.street(
            number, after, corners[number], draw(bends), corners[after], back_mps=draw(st.sampled_from([4, 11]))
        )
    for _ in range(draw(st.integers(0, 7))):
        begin, end = (draw(st.integers(0, len(corners) - 1)) for _ in range(2))
        shape = (corners[begin], draw(bends), draw(bends), corners[end])
        town.street(begin, end, *shape, back_mps=draw(st.sampled_from([0.0, 7.0])))
    street_map = town.street_map()
    arcs = street_map.arcs
    pairs = [(a, b) for a in range(len(arcs.tail)) for b in range(len(arcs.tail)) if arcs.head[a] == arcs.tail[b]]
    turns = sorted(draw(st.sets(st.sampled_from(pairs), max_size=12)))
    both = np.array(turns, dtype=np.int32).reshape(-1, 2)
    return replace(street_map, turn_in=both[:, 0].copy(), turn_out=both[:, 1].copy())


@settings(max_examples=150)
@given(street_map=towns(), seed=st.integers(0, 2**32 - 1))
def test_any_turns_as_a_search_from_arc_to_arc_says(street_map: StreetMap, seed: int) -> None:
    """Random bans: every time is that of a plain search whose points are arcs, and the way drawn breaks no ban."""
    rng = np.random.default_rng(seed)
    travel = TravelTimes(street_map)
    spots = [(int(rng.integers(street_map.edges)), float(rng.uniform(0.02, 0.98))) for _ in range(5)]
    positions = [position_on(street_map, *spot) for spot in spots]
    snaps = travel._index.snap(positions)
    # where streets cross or run together, a place may be found on either: such places prove nothing here
    along = [share * street_map.edge_length_m[edge] for edge, share in spots]
    sure = [i for i in range(5) if snaps.edge[i] == spots[i][0] and abs(snaps.offset_m[i] - along[i]) < 0.01]
    if 0 not in sure:
        return
    banned = set(zip(street_map.turn_in.tolist(), street_map.turn_out.tolist(), strict=True))
    etas = travel.etas(positions[0], [positions[i] for i in sure])
    for i, eta in zip(sure, etas, strict=True):
        seconds = arc_search(street_map, banned, spots[i], spots[0])
        if math.isinf(seconds):
            assert eta.basis == "geodesic"
            continue
        assert eta.basis == "street"
        assert eta.eta_s == pytest.approx(seconds, abs=0.02)
        driven = arcs_driven(travel, positions[i], positions[0])
        assert not banned.intersection(pairwise(driven))
        assert travel.route(positions[i], positions[0]).distance_m == eta.distance_m


@settings(max_examples=60)
@given(street_map=towns())
def test_tables_and_coverage_obey_the_bans(street_map: StreetMap) -> None:
    """From junction to junction, by table and by coverage from one car there, as a plain search from arc to arc."""
    arcs = street_map.arcs
    banned = set(zip(street_map.turn_in.tolist(), street_map.turn_out.tolist(), strict=True))
    graph: nx.DiGraph[object] = nx.DiGraph()
    for b in range(len(arcs.tail)):
        graph.add_edge(("from", int(arcs.tail[b])), b, s=float(arcs.time_s[b]))
        graph.add_edge(b, ("to", int(arcs.head[b])), s=0.0)
        for a in range(len(arcs.tail)):
            if arcs.head[a] == arcs.tail[b] and (a, b) not in banned:
                graph.add_edge(a, b, s=float(arcs.time_s[b]))
    nodes = list(range(street_map.nodes))
    table = travel_table(street_map, nodes)
    travel = TravelTimes(street_map)
    for begin in nodes:
        best = nx.single_source_dijkstra_path_length(graph, ("from", begin), weight="s")
        plain = [0.0 if end == begin else best.get(("to", end), math.inf) for end in nodes]
        np.testing.assert_allclose(table.time_s[begin], plain, rtol=1e-5)
        at = Position(float(street_map.node_lat[begin]), float(street_map.node_lon[begin]))
        stands = travel.stand([at])
        edge, at_end = int(stands.snaps.edge[0]), stands.onward_share[0] * 1e6 < 1
        if (street_map.edge_to if at_end else street_map.edge_from)[edge] == begin and stands.back_share[0] in (0, 1):
            seconds = coverage(travel, stands, USUAL)
            np.testing.assert_allclose(seconds, plain, atol=0.02)


def arcs_driven(travel: TravelTimes, begin: Position, end: Position) -> list[int]:
    """The arcs of the way that is drawn, in order."""
    street_map = travel.street_map
    assert street_map is not None
    stands, target = travel.stand([begin]), travel._place(end)
    tree = travel._tree(target, np.inf, USUAL, motorcycle=False)
    found = ways.fastest(street_map, street_map.arcs.time_s, target, [tree], stands)
    legs = ways.legs(street_map, target, stands, int(found.choice[0, 0]), tree)
    return [
        edge if first < last else int(street_map.arcs.back_of_edge[edge]) for edge, first, last in legs if first != last
    ]


def arc_search(street_map: StreetMap, banned: Turns, source: Spot, target: Spot) -> float:
    """Seconds by a heap over (arc just driven), on edges really cut at both places."""
    arcs = street_map.arcs
    pieces: list[tuple[int | Spot, int | Spot, float, int]] = []  # tail, head, seconds, arc
    for arc in range(len(arcs.tail)):
        edge = int(arcs.edge[arc])
        cuts = sorted({0.0, 1.0, *(share for on, share in (source, target) if on == edge)})
        for low, high in pairwise(cuts):
            seconds = (high - low) * float(arcs.time_s[arc])
            ends: list[int | Spot] = [
                int(street_map.edge_from[edge]) if at == 0 else int(street_map.edge_to[edge]) if at == 1 else (edge, at)
                for at in (low, high)
            ]
            tail, head = ends if arcs.forward[arc] else ends[::-1]
            pieces.append((tail, head, seconds, arc))
    if source == target:
        return 0.0
    heap = [(seconds, number) for number, (tail, _, seconds, _) in enumerate(pieces) if tail == source]
    heapq.heapify(heap)
    done: set[int] = set()
    while heap:
        seconds, number = heapq.heappop(heap)
        if number in done:
            continue
        done.add(number)
        _, head, _, arc = pieces[number]
        if head == target:
            return seconds
        for after, (tail, _, more, next_arc) in enumerate(pieces):
            if tail == head and not (isinstance(head, int) and (arc, next_arc) in banned):
                heapq.heappush(heap, (seconds + more, after))
    return math.inf
