"""How fast the simulator is: events a second beside a bare heap of the same events, and a city's year.

`python -m bench.simulator [--quick] [--json FILE]`: one core, processor time. The city is Chiayi's proxy streets with
the demand of its accidents: 40 units, 100 calls a day, 365 days, the server's own policy.
"""

from __future__ import annotations

import heapq
import time
from dataclasses import replace

import numpy as np

from bench.policy_city import PolicyCity, chiayi_city
from bench.report import arguments, report
from dispatch.simulator.call_streams import make_calls
from dispatch.simulator.car import CarPlan
from dispatch.simulator.conditions import Conditions
from dispatch.simulator.engine import Run, run
from dispatch.simulator.policies import POLICIES
from dispatch.simulator.stream import CallStream

UNITS, STATIONS, CALLS_PER_DAY = 40, 10, 100
DAYS, QUICK_DAYS = 365, 20
YEAR_S = 60.0


def year(place: PolicyCity, days: int) -> tuple[CallStream, list[CarPlan]]:
    """The calls of so many days, and the units."""
    scenario = replace(place.at(CALLS_PER_DAY), days=float(days))
    calls = make_calls(scenario, place.city.node_lat, place.city.node_lon, seed=110)
    homes = [post for post in place.posts(STATIONS) for _ in range(UNITS // STATIONS)]
    return calls, [CarPlan(f"U{number:02d}", home) for number, home in enumerate(homes, 1)]


def bare_heap(calls: CallStream, done: Run) -> int:
    """The same moments pushed and popped, and nothing else: call, arrival, clear."""
    served = ~np.isnan(done.responses.arrived_s)
    queue: list[tuple[float, int, int]] = []
    arrived, cleared = done.responses.arrived_s.tolist(), done.responses.cleared_s.tolist()
    events = 0
    at = calls.at_s.tolist()
    heapq.heappush(queue, (at[0], 0, 0))
    while queue:
        _, kind, call = heapq.heappop(queue)
        events += 1
        if kind == 0:
            if call + 1 < len(at):
                heapq.heappush(queue, (at[call + 1], 0, call + 1))
            if served[call]:
                heapq.heappush(queue, (arrived[call], 1, call))
        elif kind == 1:
            heapq.heappush(queue, (cleared[call], 2, call))
    return events


def main() -> None:
    """Runs it and prints."""
    asked = arguments(__doc__ or "")
    place = chiayi_city()
    calls, cars = year(place, QUICK_DAYS if asked.quick else DAYS)
    _ = place.city.time_to_s
    began = time.process_time()
    done = run(place.city, cars, calls, POLICIES["batch-reoptimised"], Conditions(lights={1: 0.75}))
    middle = time.process_time()
    events = bare_heap(calls, done)
    ended = time.process_time()
    took_s, bare_s = middle - began, ended - middle
    results = [
        {
            "name": f"{len(calls)} incidents, {UNITS} units",
            "seconds": round(took_s, 2),
            "events_per_s": round(done.events / took_s),
        },
        {"name": "bare heap of the same calls", "seconds": round(bare_s, 3), "events_per_s": round(events / bare_s)},
    ]
    ratios = {
        "event_over_bare_event": (took_s / done.events) / (bare_s / events),
        "year_over_60_s": took_s / YEAR_S * (DAYS / (QUICK_DAYS if asked.quick else DAYS)),
    }
    report(results, ratios, asked.json)


if __name__ == "__main__":
    main()
