"""`python -m bench.coverage [--quick] [--json FILE]`: coverage of a city by its idle units, beside the bare search.

On Manhattan's 16,811 junctions, 24 units on random streets. In pairs, one after the other in one run: ours, from
positions that are snapped already to seconds at every junction; and `scipy.sparse.csgraph.dijkstra(min_only=True)` on
the same graph, from the junctions at the units' edges' ends. Also, without a rival: the areas drawn,
and the matrix of a busy night whose searches are kept while its units move.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from bench.manhattan_streets import manhattan
from bench.report import arguments, report, summary
from dispatch.domain.geometry import Position
from dispatch.roads.coverage import coverage
from dispatch.roads.isochrones import isochrones
from dispatch.roads.street_map import StreetMap
from dispatch.roads.travel import TravelTimes

UNITS = 24
FLEET, PLACES = 200, 60


def _ms(run: Callable[[], object]) -> float:
    begin = perf_counter()
    run()
    return (perf_counter() - begin) * 1000


def _middles(street_map: StreetMap, edges: NDArray[np.int64]) -> list[tuple[float, float]]:
    """A point of each edge's shape, half way."""
    middle = (street_map.shape_start[edges] + street_map.shape_start[edges + 1] - 1) // 2
    return list(zip(street_map.shape_lat[middle].tolist(), street_map.shape_lon[middle].tolist(), strict=True))


def _places(street_map: StreetMap, rng: np.random.Generator, count: int) -> list[tuple[float, float]]:
    return _middles(street_map, rng.integers(0, street_map.edges, count))


def main() -> None:
    """Measures and prints."""
    given = arguments(__doc__)
    street_map, _ = manhattan()
    travel, arcs = TravelTimes(street_map), street_map.arcs
    graph = csr_array((arcs.time_s, (arcs.tail, arcs.head)), shape=(street_map.nodes, street_map.nodes))
    rng = np.random.default_rng(5)
    ours, whole, bare, drawn = [], [], [], []
    for _ in range(20 if given.quick else 300):
        at = rng.integers(0, street_map.edges, UNITS)
        units = [Position(lat, lon) for lat, lon in _middles(street_map, at)]
        stands = travel.stand(units)
        ends = np.unique(np.concatenate((street_map.edge_from[at], street_map.edge_to[at])))
        bare.append(_ms(lambda ends=ends: dijkstra(graph, indices=ends, min_only=True)))  # type: ignore[misc]
        ours.append(_ms(lambda stands=stands: coverage(travel, stands)))  # type: ignore[misc]
        whole.append(_ms(lambda units=units: coverage(travel, travel.stand(units))))  # type: ignore[misc]
    for _ in range(2 if given.quick else 10):
        drawn.append(_ms(lambda stands=stands: isochrones(street_map, coverage(travel, stands))))  # type: ignore[misc]
    places = [Position(lat, lon) for lat, lon in _places(street_map, rng, PLACES)]
    travel.matrix(places, travel.stand(places[:1]))
    matrix = []
    for _ in range(5 if given.quick else 100):
        moved = travel.stand([Position(lat, lon) for lat, lon in _places(street_map, rng, FLEET)])
        matrix.append(_ms(lambda moved=moved: travel.matrix(places, moved)))  # type: ignore[misc]
    results = [
        summary("coverage", ours),
        summary("coverage with snapping", whole),
        summary("bare dijkstra", bare),
        summary("isochrones as GeoJSON", drawn),
        summary(f"matrix of {FLEET} units and {PLACES} places, searches kept", matrix),
    ]
    # pairs: each ratio is of two calls that followed each other
    ratio = float(np.median(np.array(ours) / np.array(bare)))
    report(results, {"coverage to bare dijkstra": ratio}, given.json)


if __name__ == "__main__":
    main()
