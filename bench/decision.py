"""One decision over 200 units and 60 incidents, beside the bare `linear_sum_assignment` of that size.

`python -m bench.decision [--quick] [--json FILE]`: in pairs, in one run. The decision holds rules, costs, the search
and the plan; the ETAs are given, as the server's cache of searches gives them (`python -m bench.coverage` times those).
"""

from __future__ import annotations

import time

import numpy as np
from scipy.optimize import linear_sum_assignment

from bench.report import arguments, report, summary
from dispatch.domain.assignment import AssignmentState
from dispatch.domain.incident import AccidentClass, Category
from dispatch.domain.policy import decide
from dispatch.domain.situation import OpenIncident, Sent, Situation, Unit
from dispatch.domain.unit import UnitStatus

UNITS, INCIDENTS = 200, 60
PAIRS, QUICK_PAIRS = 500, 30
NOW_S = 1_000_000.0
SPEED_MPS = 9.0
CITY_M = 12_000.0


def busy_evening(seed: int) -> Situation:
    """A third of the units idle, a third under way, the rest at scenes; two thirds of the incidents have a unit."""
    rng = np.random.default_rng(seed)
    units_at, incidents_at = rng.uniform(0, CITY_M, (UNITS, 2)), rng.uniform(0, CITY_M, (INCIDENTS, 2))
    under_way = {unit: unit for unit in range(INCIDENTS * 2 // 3)}
    units = [
        Unit(
            unit_id=j,
            name=f"U{j:03d}",
            status=UnitStatus.EN_ROUTE if j in under_way else (UnitStatus.AVAILABLE if j % 2 else UnitStatus.ON_SCENE),
            motorcycle=j % 3 == 0,
            capabilities=frozenset({"accident"}) if j % 10 == 0 else frozenset(),
            station=j % 12,
            crew=1 + (j % 3 != 0),
            fixed_s=NOW_S - (40 if j % 17 == 0 else 1),
            incident_id=under_way.get(j),
        )
        for j in range(UNITS)
    ]
    kinds = [
        (Category.OTHER, None),
        (Category.CRIMINAL, None),
        (Category.TRAFFIC_ACCIDENT, AccidentClass.A2),
        (Category.TRAFFIC_ACCIDENT, AccidentClass.A3),
    ]
    incidents = [
        OpenIncident(
            incident_id=i,
            number=f"{i:04d}",
            priority=int(rng.choice([1, 2, 3], p=[0.15, 0.45, 0.4])),
            received_s=NOW_S - float(rng.uniform(0, 900)),
            category=kinds[i % 4][0],
            accident_class=kinds[i % 4][1],
            station=i % 12,
            sent=(Sent(i, AssignmentState.EN_ROUTE),) if i in under_way else (),
        )
        for i in range(INCIDENTS)
    ]
    eta_s = np.linalg.norm(incidents_at[:, None] - units_at[None], axis=2) * 1.35 / SPEED_MPS
    return Situation(NOW_S, incidents, units, eta_s)


def main() -> None:
    """Runs it and prints."""
    asked = arguments(__doc__ or "")
    ours, bare = [], []
    for seed in range(QUICK_PAIRS if asked.quick else PAIRS):
        situation = busy_evening(seed)
        costs = np.ascontiguousarray(situation.eta_s)
        start_ns = time.perf_counter_ns()
        decide(situation)
        middle_ns = time.perf_counter_ns()
        linear_sum_assignment(costs)
        end_ns = time.perf_counter_ns()
        ours.append((middle_ns - start_ns) / 1e6)
        bare.append((end_ns - middle_ns) / 1e6)
    results = [
        summary(f"decision, {UNITS} units x {INCIDENTS} incidents", ours),
        summary("bare linear_sum_assignment of that size", bare),
    ]
    ratios = {
        "decision_p50_over_bare_p50": results[0]["p50_ms"] / results[1]["p50_ms"],
        "decision_p99_over_deadline_50_ms": results[0]["p99_ms"] / 50.0,
    }
    report(results, ratios, asked.json)


if __name__ == "__main__":
    main()
