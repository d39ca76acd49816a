"""The clairvoyant bound against the best of all schedules, on instances small enough to try them all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.simulator.clairvoyant import clairvoyant_bound
from dispatch.simulator.stream import CallStream
from tests.support.schedules import best_weighted_mean_s, stream

PLACES = 4
WEIGHTS = {1: 8.0, 2: 3.0, 3: 1.0, 4: 1.0}
LIGHTS = {1: 0.75}


@st.composite
def calls(draw: st.DrawFn) -> CallStream:
    """Up to five calls, dense enough to queue."""
    n = draw(st.integers(1, 5))
    at_s = sorted(draw(st.lists(st.integers(0, 3000), min_size=n, max_size=n)))
    return stream(
        [float(a) for a in at_s],
        draw(st.lists(st.integers(0, PLACES - 1), min_size=n, max_size=n)),
        draw(st.lists(st.integers(1, 4), min_size=n, max_size=n)),
        draw(st.lists(st.floats(0, 4000), min_size=n, max_size=n)),
        draw(st.lists(st.floats(0.5, 2), min_size=n, max_size=n)),
    )


tables = st.lists(st.integers(0, 900), min_size=PLACES * PLACES, max_size=PLACES * PLACES)


@settings(max_examples=150)
@given(
    calls(),
    tables,
    st.lists(st.integers(0, PLACES - 1), min_size=1, max_size=3),
    st.sampled_from([0.0, 60.0]),
    st.sampled_from([0.0, 700.0, 1500.0]),
    st.sampled_from([0, 40]),
)
def test_no_schedule_of_the_class_is_below_the_bound(
    stream: CallStream, table: list[int], homes: list[int], taking_s: float, count_from_s: float, turns: int
) -> None:
    """Whatever the calls, the streets (which need keep no triangle inequality), the units and the warm-up."""
    if not (stream.at_s >= count_from_s).any():
        return
    time_s = np.array(table, dtype=np.float32).reshape(PLACES, PLACES)
    bound = clairvoyant_bound(
        stream,
        time_s,
        np.array(homes, dtype=np.int32),
        weights=WEIGHTS,
        call_taking_s=taking_s,
        priority_factor=LIGHTS,
        count_from_s=count_from_s,
        settle_s=900.0,
        turns=turns,
    )
    best_s = best_weighted_mean_s(
        stream,
        time_s,
        homes,
        weights=WEIGHTS,
        call_taking_s=taking_s,
        priority_factor=LIGHTS,
        count_from_s=count_from_s,
        settled_by_s=bound.settled_by_s if math.isfinite(bound.settled_by_s) else 0.0,
    )
    assert bound.assignment_s <= bound.weighted_mean_s <= best_s + 1e-3
    assert bound.weighted_mean_s >= taking_s - 1e-6


@settings(max_examples=40)
@given(calls(), tables)
def test_one_call_alone_is_bounded_exactly(stream: CallStream, table: list[int]) -> None:
    """Nothing is lost where there is nothing to relax."""
    time_s = np.array(table, dtype=np.float32).reshape(PLACES, PLACES)
    first = stream.until(float(stream.at_s[0]) + 1e-9)
    if len(first) != 1:
        return
    bound = clairvoyant_bound(
        first,
        time_s,
        np.array([0, 1], dtype=np.int32),
        weights=WEIGHTS,
        call_taking_s=60.0,
        priority_factor=LIGHTS,
        count_from_s=0.0,
    )
    lights = LIGHTS.get(int(first.priority[0]), 1.0)
    best_s = 60 + min(time_s[0, first.node[0]], time_s[1, first.node[0]]) * lights * first.travel_factor[0]
    assert bound.weighted_mean_s == pytest.approx(best_s, abs=0.05)
