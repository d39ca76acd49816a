"""Standby posts: greedy and exchange beside HiGHS's proven best, and a few moves beside a whole new plan.

`python -m bench.posts [--quick] [--json FILE]`. Manhattan's streets (bench/manhattan_streets.py), with demand after
../shared/data/roads/manhattan-scenario.md; where the file is missing, and for --quick, a plane, and it says so. Times
are those of the processor, so that what else the machine does counts little; run it with OPENBLAS_NUM_THREADS=1.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench import manhattan_streets
from bench.report import arguments, report, summary
from dispatch.domain.coverage import Goal, coverage
from dispatch.domain.posts import Posts, choose_posts, crew_posts
from dispatch.domain.posts_exact import exact_posts
from dispatch.domain.posts_greedy import aggregate, greedy_posts, home_posts
from dispatch.domain.posts_moves import relocations
from dispatch.roads.table import travel_table

T = TypeVar("T")
Floats = NDArray[np.float64]
PLAIN, BUSY = Goal(busy=0.0), Goal(busy=0.3, depth=2)
HELD: Final = Goal(busy=0.0, limit_s=180.0, least_share=0.995)
"""A constraint that the bare p-median does not hold by itself on Manhattan."""
GOALS: Final = {"p_median": PLAIN, "p_median_99.5_pct_in_180_s": HELD, "busy_30_pct": BUSY}


@dataclass(frozen=True)
class Streets:
    """Intersections, seconds between them, and what share of the calls each expects."""

    name: str
    time_s: NDArray[np.float32]
    weights: Floats


def streets(quick: bool) -> Streets:
    """Manhattan, or a plane of its size."""
    rng = np.random.default_rng(7)
    if quick or not manhattan_streets.FILE.is_file():
        at_m = rng.uniform(0, 1, (1000 if quick else 4305, 2)) * [3_000, 18_000]
        time_s = (np.abs(at_m[:, None] - at_m[None]).sum(axis=2) / 8).astype(np.float32)
        return Streets("plane", time_s, _surface(at_m, rng))
    street_map, nodes = manhattan_streets.manhattan()
    lat, lon = np.asarray(street_map.node_lat)[nodes], np.asarray(street_map.node_lon)[nodes]
    at_m = np.column_stack((lat, lon * np.cos(np.radians(lat.mean())))) * 111_195
    return Streets("manhattan", travel_table(street_map, nodes).time_s, _surface(at_m, rng))


def _surface(at_m: Floats, rng: np.random.Generator) -> Floats:
    centres = at_m[rng.choice(len(at_m), 12, replace=False)]
    away_m2 = ((at_m[:, None] - centres[None]) ** 2).sum(axis=2)
    surface = 0.15 + np.exp(-away_m2 / (2 * 900.0**2)) @ rng.uniform(0.3, 1.5, 12)
    return np.asarray(surface / surface.sum())


def took(what: Callable[[], T], times: int = 1) -> tuple[T, list[float]]:
    """What it gives, and the processor's milliseconds of each time."""
    spent = []
    for _ in range(times):
        start = time.process_time()
        answer = what()
        spent.append((time.process_time() - start) * 1000)
    return answer, spent


def _figures(posts: Posts) -> dict[str, float]:
    return {"response_s": round(posts.coverage.response_s, 3), "share": round(posts.coverage.share, 4)}


def against_exact(city: Streets, quick: bool) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Both on the same 300 places and 100 candidates, 12 posts."""
    rng = np.random.default_rng(11)
    places, candidates, count = (80, 30, 5) if quick else (300, 100, 12)
    small = aggregate(city.weights, city.time_s, places)
    weights = small.summed(city.weights)
    results, ratios = [], {}
    for name, goal in GOALS.items():
        slower, worse = [], []
        for _ in range(1 if quick else 3):
            chosen = rng.choice(len(city.weights), candidates, replace=False)
            times_s = city.time_s[np.ix_(chosen, small.places)].astype(np.float64)
            fast, fast_ms = took(partial(choose_posts, weights, times_s, count, goal), 5)
            best, best_ms = took(partial(exact_posts, weights, times_s, count, goal, time_limit_s=300))
            assert best is not None
            slower.append(best_ms[0] / float(np.median(fast_ms)))
            worse.append(fast.coverage.response_s / best.posts.coverage.response_s)
            results += [
                summary(f"{name}, greedy and exchange", fast_ms) | _figures(fast),
                summary(f"{name}, HiGHS", best_ms) | _figures(best.posts) | {"proven": best.proven},
            ]
        ratios[f"{name}: time of HiGHS over greedy and exchange (median)"] = float(np.median(slower))
        ratios[f"{name}: response of greedy and exchange over HiGHS, % above 1 (mean)"] = (
            100 * float(np.mean(worse)) - 100
        )
        ratios[f"{name}: response of greedy and exchange over HiGHS, % above 1 (worst)"] = 100 * float(max(worse)) - 100
    return results, ratios


def at_full_size(city: Streets) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """24 posts among 600 candidates for every intersection; the homes of the scenario; the city made small."""
    rng = np.random.default_rng(13)
    candidates = rng.choice(len(city.weights), min(600, len(city.weights)), replace=False)
    times_s = city.time_s[candidates]
    results, ratios = [], {}
    for name, goal in GOALS.items():
        chosen, spent = took(partial(choose_posts, city.weights, times_s, 24, goal), 3)
        greedy = coverage(city.weights, times_s[greedy_posts(city.weights, times_s, 24, goal)], goal)
        results.append(summary(f"{city.name}, 24 of {len(candidates)}, {len(city.weights)} places, {name}", spent))
        ratios[f"{name}: response of greedy alone over exchange"] = greedy.response_s / chosen.coverage.response_s
    for posts, units in ((24, 1), (6, 4), (2, 12)):
        homes, spent = took(partial(home_posts, city.weights, city.time_s, candidates, posts, units))
        found = coverage(city.weights, city.time_s[homes], PLAIN)
        results.append(summary(f"{posts} homes of {units}", spent) | {"response_s": round(found.response_s, 1)})
    small, spent = took(partial(aggregate, city.weights, city.time_s, 300))
    results.append(summary("300 places for all", spent) | {"error_s": round(small.error_s, 1)})
    errors = []
    for _ in range(50):
        standing = rng.choice(len(city.weights), 16)
        whole = coverage(city.weights, city.time_s[standing], BUSY)
        less = coverage(small.summed(city.weights), city.time_s[np.ix_(standing, small.places)], BUSY)
        errors.append((abs(less.share - whole.share), abs(less.response_s / whole.response_s - 1)))
    share, response = np.mean(errors, axis=0)
    results.append({"name": "300 places for all", "share_error_pp": 100 * share, "response_error_pct": 100 * response})
    return results, ratios


def moves_beside_a_plan(city: Streets) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Idle units where their last calls were: at most two moves, and all of them to the posts of a whole new plan."""
    rng = np.random.default_rng(17)
    small = aggregate(city.weights, city.time_s, 300)
    weights = small.summed(city.weights)
    places = small.places[greedy_posts(weights, city.time_s[np.ix_(small.places, small.places)], 100, PLAIN)]
    post_s = city.time_s[np.ix_(places, small.places)].astype(np.float64)
    results: list[dict[str, Any]] = []
    ratios = {}
    for idle in (6, 12, 24):
        plan = choose_posts(weights, post_s, idle, BUSY)
        spent: list[float] = []
        gains, drives, asked = np.zeros(2), np.zeros(2), 0
        for _ in range(100):
            units = rng.choice(len(city.weights), idle, p=city.weights)
            unit_s, drive_s = city.time_s[np.ix_(units, small.places)], city.time_s[np.ix_(units, places)]
            moves, once = took(partial(relocations, weights, unit_s, post_s, drive_s, np.ones(idle), BUSY))
            spent += once
            asked += len(moves)
            now_s = coverage(weights, unit_s, BUSY).response_s
            to_plan = drive_s[:, list(plan.candidates)]
            gains += sum(move.gain_s for move in moves), now_s - plan.coverage.response_s
            drives += (
                sum(move.drive_s for move in moves),
                sum(to_plan[unit, post] for unit, post in crew_posts(to_plan)),
            )
        results.append(summary(f"relocations, {idle} units, 100 posts, 300 places", spent) | {"moves": asked / 100})
        ratios[f"{idle} idle: gain of at most two moves over that of a whole plan"] = float(gains[0] / gains[1])
        ratios[f"{idle} idle: driving of at most two moves over that of a whole plan"] = float(drives[0] / drives[1])
    return results, ratios


def main() -> None:
    """Everything, on one city."""
    asked = arguments(__doc__ or "")
    city = streets(asked.quick)
    print(f"streets: {city.name}, {len(city.weights)} places")
    parts = [against_exact(city, asked.quick), at_full_size(city), moves_beside_a_plan(city)]
    results = [result for found, _ in parts for result in found]
    report(results, {name: ratio for _, ratios in parts for name, ratio in ratios.items()}, asked.json)


if __name__ == "__main__":
    main()
