"""Small scenarios and places for the simulator's tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from dispatch.simulator.scenario import Scenario
from dispatch.simulator.scenario_toml import parse_scenario
from dispatch.simulator.stream import CallStream, Floats


def values(**changes: Any) -> dict[str, Any]:
    """A complete scenario as TOML would give it, with these members changed."""
    return {
        "name": "Test town",
        "streets": "generated",
        "days": 4,
        "warm_up_days": 1,
        "stations": [{"name": "North", "lat": 23.49, "lon": 120.45}, {"name": "South", "lat": 23.46, "lon": 120.45}],
        "units": [{"station": "North", "count": 3}, {"station": "South", "count": 2, "from": "19:00", "to": "07:00"}],
        "demand": {"source": "surface", "calls_per_day": 300},
        **changes,
    }


def town(**changes: Any) -> Scenario:
    """The same as a scenario."""
    return parse_scenario(values(**changes))


def grid(side: int = 20, step_deg: float = 0.003) -> tuple[Floats, Floats]:
    """Junctions of a square town, latitudes and longitudes."""
    lat, lon = np.meshgrid(23.45 + step_deg * np.arange(side), 120.42 + step_deg * np.arange(side), indexing="ij")
    return lat.ravel(), lon.ravel()


def rows(calls: CallStream) -> list[tuple[Any, ...]]:
    """The calls as tuples, one each."""
    columns = (
        calls.at_s,
        calls.node,
        calls.priority,
        calls.category,
        calls.accident_class,
        calls.service_s,
        calls.travel_factor,
    )
    return list(zip(*(column.tolist() for column in columns), strict=True))
