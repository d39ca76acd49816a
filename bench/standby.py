"""`python -m bench.standby [--quick] [--json FILE]`: what coverage and suggestions cost the server, by part.

On Manhattan's 16,811 junctions (a plane-like generated city with --quick), 24 idle units on random junctions, 36,500
past calls. Beside it the bare search: one `scipy.sparse.csgraph.dijkstra` from one junction on the same graph, which a
look at coverage needs once for each unit. Times are those of the processor; run it with OPENBLAS_NUM_THREADS=1.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from bench import manhattan_streets
from bench.report import arguments, report, summary
from dispatch.domain.coverage import DEFAULT_GOAL
from dispatch.domain.geometry import Position
from dispatch.domain.posts_moves import DEFAULT_RULES
from dispatch.roads.generated_city import generate_chiayi
from dispatch.roads.travel import TravelTimes
from dispatch.service.coverage import Base, IdleUnits, hour_of, picture
from dispatch.service.coverage_demand import fit
from dispatch.service.coverage_places import places_of
from dispatch.service.standby_plan import Setting, plan
from dispatch.store.standby_calls import CallColumns

T = TypeVar("T")
UNITS, CALLS = 24, 36_500
NOW = datetime(2026, 11, 25, 13, 20, tzinfo=UTC)


def took(what: Callable[[], T], times: int = 1) -> tuple[T, list[float]]:
    """What it gives, and the processor's milliseconds of each time."""
    spent = []
    for _ in range(times):
        start = time.process_time()
        answer = what()
        spent.append((time.process_time() - start) * 1000)
    return answer, spent


def main() -> None:
    """Measures and prints."""
    asked = arguments(__doc__ or "")
    small = asked.quick or not manhattan_streets.FILE.is_file()
    streets = generate_chiayi(1) if small else manhattan_streets.manhattan()[0]
    print(f"streets: {streets.info.source}, {streets.nodes} junctions")
    travel, rng = TravelTimes(streets), np.random.default_rng(7)
    times = 5 if asked.quick else 30
    places, made = took(lambda: places_of(1, travel, ()))
    at = rng.integers(0, streets.nodes, CALLS)
    since = NOW - timedelta(days=365)
    calls = CallColumns(
        since.timestamp() + rng.random(CALLS) * 365 * 86_400 * 0.999,
        streets.node_lat[at],
        streets.node_lon[at],
        rng.integers(1, 5, CALLS),
    )
    expected, fitted = took(lambda: fit(places, calls, since, NOW), times)
    post_s, rows = took(lambda: places.from_posts_s(hour_of(NOW)))
    stand = rng.integers(0, streets.nodes, UNITS)
    positions = [Position(float(streets.node_lat[n]), float(streets.node_lon[n])) for n in stand]
    (to_places, to_posts), reached = took(lambda: places.from_units_s(positions, hour_of(NOW)), times)
    idle = IdleUnits((), to_places, to_posts)
    _, judged = took(lambda: picture(Base(places, expected), idle, NOW, 300.0, 0.6), times)
    setting = Setting(
        expected.next_hour(NOW),
        to_places.astype(np.float64),
        post_s.astype(np.float64),
        to_posts.astype(np.float64),
        np.ones(UNITS, dtype=np.bool_),
    )
    _, planned = took(lambda: plan(setting, {}, DEFAULT_GOAL, DEFAULT_RULES), times)
    arcs = streets.arcs
    graph = csr_array((arcs.time_s, (arcs.tail, arcs.head)), shape=(streets.nodes, streets.nodes))
    _, bare = took(lambda: [dijkstra(graph, indices=int(n)) for n in stand], times)
    results = [
        summary("once a map: sites, places, posts", made),
        summary(f"each 15 min: demand from {CALLS} calls", fitted),
        summary("once an hour of the day: from 100 posts", rows),
        summary(f"each look: from {UNITS} units to everything", reached),
        summary("each look: shares and thin areas", judged),
        summary("each look: the moves", planned),
        summary(f"bare dijkstra, {UNITS} times", bare),
    ]
    report(
        results,
        {"from the units to everything over bare dijkstra": float(np.median(reached) / np.median(bare))},
        asked.json,
    )


if __name__ == "__main__":
    main()
