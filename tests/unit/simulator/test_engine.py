"""The event loop: what happens when, to whom, on a straight street with a junction every 100 seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dispatch.domain.arrival import detect_arrival
from dispatch.domain.fix import Fix
from dispatch.domain.geometry import Position, between
from dispatch.domain.incident import AccidentClass, Category
from dispatch.domain.policy import Plan, decide
from dispatch.domain.policy_settings import PolicySettings
from dispatch.domain.situation import Situation
from dispatch.domain.unit import UnitStatus
from dispatch.simulator.car import CarPlan
from dispatch.simulator.city import City
from dispatch.simulator.conditions import Conditions
from dispatch.simulator.engine import Run, run
from dispatch.simulator.policies import POLICIES, Policy
from dispatch.simulator.standby import Standby
from dispatch.simulator.stream import CATEGORIES, CallStream

STEP_S, STEP_M = 100.0, 900.0
NODES = 11
SLOW = Conditions(lights={})
OTHER = CATEGORIES.index(Category.OTHER)


def street() -> City:
    """Eleven junctions in a row."""
    at = np.arange(NODES)
    steps = np.abs(at[:, None] - at[None]).astype(np.float32)
    return City(
        23.48 + at * STEP_M / 110_750, np.full(NODES, 120.45), steps * np.float32(STEP_S), steps * np.float32(STEP_M)
    )


def calls(*rows: tuple[float, int, int], service_s: float = 1000.0, slowness: float = 1.0, **more: int) -> CallStream:
    """(when, where, priority) of each."""
    n = len(rows)
    at_s, node, priority = (np.array(column) for column in zip(*rows, strict=True))
    return CallStream(
        at_s=at_s.astype(float),
        node=node.astype(np.int32),
        priority=priority.astype(np.int32),
        category=np.full(n, more.get("category", OTHER), np.int32),
        accident_class=np.full(n, more.get("accident_class", 0), np.int32),
        service_s=np.full(n, service_s),
        travel_factor=np.full(n, slowness),
    )


def cars(*homes: int) -> list[CarPlan]:
    """Units by where they wait."""
    return [CarPlan(f"U{number}", home) for number, home in enumerate(homes)]


def go(
    units: Sequence[CarPlan],
    stream: CallStream,
    conditions: Conditions = SLOW,
    policy: Policy = POLICIES["batch-reoptimised"],
    **more: object,
) -> Run:
    """A run on the street."""
    return run(street(), units, stream, policy, conditions, **more)  # type: ignore[arg-type]


def test_a_call_is_taken_answered_reached_and_cleared() -> None:
    """60 s of call taking, three junctions of 100 s, then the work."""
    done = go(cars(0), calls((10, 3, 3)))
    row = done.responses
    assert (row.dispatched_s[0], row.arrived_s[0], row.cleared_s[0], row.unit[0]) == (70, 370, 1370, 0)
    assert done.busy_s[0] == 1300
    assert done.metres[0] == 3 * STEP_M + 3 * STEP_M  # there, and home again


def test_traffic_lights_turnout_and_vehicle_change_the_way_there() -> None:
    """The true time is the street's, times the day's slowness, the lights' and the vehicle's share."""
    unit = replace(cars(0)[0], motorcycle=True, time_factor=0.8)
    conditions = Conditions(lights={1: 0.75}, turnout_s=30)
    done = go([unit], calls((0, 4, 1), slowness=1.5), conditions)
    assert done.responses.arrived_s[0] == pytest.approx(60 + 30 + 400 * 1.5 * 0.75 * 0.8)


def test_a_unit_on_its_way_home_is_sent_from_where_it_is() -> None:
    """It cleared at junction 4, has driven 150 s and is half way between 3 and 2: the next junction is 2."""
    done = go(cars(0), calls((0, 4, 3), (1550, 3, 3)))
    clear_s = 60 + 400 + 1000
    assert done.responses.cleared_s[0] == clear_s
    assert done.responses.dispatched_s[1] == clear_s + 150
    assert done.responses.arrived_s[1] == pytest.approx(clear_s + 150 + 50 + 100)


def test_a_unit_that_stays_waits_where_it_cleared() -> None:
    """The call beside it is reached at once."""
    done = go(cars(0), calls((0, 4, 3), (3000, 4, 3)), replace(SLOW, idle="stay"))
    assert done.responses.arrived_s[1] == 3060


def test_the_nearest_unit_is_diverted_to_a_priority_1_call() -> None:
    """It turns at the next junction; its first call waits for the other unit, and is reached all the same."""
    done = go(cars(0, 10), calls((0, 9, 3), (500, 3, 1)), policy=POLICIES["street-divert"])
    assert done.responses.unit.tolist() == [1, 0]
    done = go(cars(0), calls((0, 9, 3), (200, 1, 1)))
    assert done.responses.diversions.tolist() == [1, 0]
    assert done.responses.arrived_s[1] == pytest.approx(260 + 100)
    assert done.responses.arrived_s[0] > done.responses.cleared_s[1]


def test_nobody_is_sent_while_all_are_on_jobs_and_the_next_to_clear_goes() -> None:
    """The call waits, and is counted from its ring."""
    done = go(cars(5), calls((0, 5, 2), (100, 5, 2)))
    assert done.responses.arrived_s.tolist() == [60, 1060]


def test_every_decision_is_the_domains_own() -> None:
    """What the engine carried out is what `decide` says of the situation that it was shown."""
    seen: list[tuple[Situation, Plan]] = []
    rng = np.random.default_rng(3)
    rows = [
        (float(at), int(rng.integers(NODES)), int(rng.integers(1, 4))) for at in np.sort(rng.uniform(0, 20_000, 80))
    ]
    done = go(cars(1, 5, 9), calls(*rows), watch=lambda situation, plan: seen.append((situation, plan)))
    assert len(seen) == done.decisions > 80
    assert all(decide(situation) == plan for situation, plan in seen)
    assert not np.isnan(done.responses.cleared_s).any()


def test_the_same_input_gives_the_same_run() -> None:
    """To the last bit; nothing is drawn inside."""
    rng = np.random.default_rng(4)
    rows = [
        (float(at), int(rng.integers(NODES)), int(rng.integers(1, 4))) for at in np.sort(rng.uniform(0, 20_000, 80))
    ]
    one, two = (
        go(cars(1, 5, 9), calls(*rows), policy=replace(POLICIES["batch-reoptimised"], tick_s=10)) for _ in range(2)
    )
    for name in ("dispatched_s", "arrived_s", "cleared_s", "unit", "diversions"):
        np.testing.assert_array_equal(getattr(one.responses, name), getattr(two.responses, name))
    assert (one.events, one.decisions) == (two.events, two.decisions)


def test_a_violent_crime_takes_two_units_and_closes_when_the_last_clears() -> None:
    """The first of them stops the clock."""
    done = go(cars(0, 10), calls((0, 2, 1), category=CATEGORIES.index(Category.CRIMINAL)))
    assert (done.responses.arrived_s[0], done.responses.unit[0]) == (260, 0)
    assert done.responses.cleared_s[0] == 60 + 800 + 1000
    assert (done.busy_s > 0).all()


def test_a_specialist_is_waited_for_at_an_accident_with_casualties() -> None:
    """The nearest unit protects the scene, and the specialist comes when its own job is done."""
    units = [cars(5)[0], replace(cars(0)[0], name="S", capabilities=frozenset({"accident"}))]
    stream = calls((0, 0, 3), (10, 5, 2))
    stream.accident_class[1] = 1 + list(AccidentClass).index(AccidentClass.A2)
    stream.category[1] = CATEGORIES.index(Category.TRAFFIC_ACCIDENT)
    stream.service_s[1] = 5000
    done = go(units, stream)
    assert done.responses.unit.tolist() == [1, 0]
    assert done.responses.cleared_s[1] == pytest.approx(1060 + 500 + 5000)


def test_a_unit_is_sent_in_its_shift_alone_and_finishes_its_job() -> None:
    """Before it begins the call waits; a job that lasts beyond the end is done, and then the unit is gone."""
    unit = replace(cars(5)[0], shifts=((1000.0, 8000.0), (20_000.0, 30_000.0)))
    done = go([unit], calls((0, 5, 1), (7500, 5, 1), (9000, 5, 1), service_s=2000))
    assert done.responses.arrived_s.tolist() == [1000, 7560, 20_000]
    assert done.responses.cleared_s[1] == 9560


def test_what_a_run_shows_of_a_unit_out_of_reach_is_old() -> None:
    """The decision knows the last position alone; after 30 s the ETA is in doubt, after 300 s the unit is lost."""
    seen: list[Situation] = []
    conditions = replace(SLOW, silence=[[(0.0, 5000.0)], []])
    done = go(cars(0, 9), calls((0, 1, 3), (400, 1, 3)), conditions, watch=lambda where, _: seen.append(where))
    assert [where.units[0].fixed_s for where in seen[:2]] == [0.0, 0.0]
    assert done.responses.unit.tolist()[0] == 0  # 60 s old: 15 s of doubt, still nearer
    assert seen[1].units[0].status is UnitStatus.ON_SCENE
    lost = go(cars(0, 9), calls((400, 1, 3)), conditions)
    assert lost.responses.unit.tolist() == [1]


def test_standby_posts_hold_the_best_places() -> None:
    """A unit that is free goes to the best post that nobody holds."""
    posts = Standby(street(), [5, 0, 9])
    assert posts.post_of(4, []) == 5
    assert posts.post_of(4, [5]) == 0
    assert posts.post_of(4, [5, 0]) == 9
    assert posts.post_of(4, [1, 2]) == 5
    assert posts.post_of(4, [5, 0, 9]) == 4
    done = go(cars(10), calls((0, 10, 3), (3000, 5, 3)), standby=Standby(street(), [5]))
    assert done.responses.arrived_s[1] == 3060


def test_a_run_that_is_cut_leaves_the_rest_open() -> None:
    """Who is under way is busy until the cut, and no arrival is made up."""
    done = go(cars(0), calls((0, 10, 3)), replace(SLOW, end_s=500.0))
    assert math.isnan(done.responses.arrived_s[0])
    assert done.busy_s[0] == 440


def test_the_straight_line_takes_the_wrong_unit_and_the_streets_the_right_one() -> None:
    """A river: nearest as the crow flies is farthest by street."""
    city = street()
    far = city.time_s.copy()
    far[4, 5:] += 3000
    far[5:, 4] += 3000
    river = City(city.node_lat, city.node_lon, far, city.distance_m)
    stream = calls((0, 5, 3))
    by_line = run(river, cars(4, 8), stream, POLICIES["straight-priority"], SLOW)
    by_street = run(river, cars(4, 8), stream, POLICIES["street-priority"], SLOW)
    assert (by_line.responses.unit[0], by_street.responses.unit[0]) == (0, 1)


def test_the_gps_witness_dates_a_simulated_arrival_to_the_same_second() -> None:
    """The arrival rules of the server, on the fixes that such a drive would send, agree with the engine's clock."""
    city = street()
    done = go(cars(0), calls((0, 3, 3)))
    arrived_s = float(done.responses.arrived_s[0])
    start, scene = (Position(float(city.node_lat[n]), 120.45) for n in (0, 3))
    day = datetime(2026, 11, 25, tzinfo=UTC)
    fixes = []
    for second in range(60, int(arrived_s) + 60):
        share = min((second - 60) / (arrived_s - 60), 1.0)
        moving = 3 * STEP_M / (arrived_s - 60) if share < 1 else 0.0
        fixes.append(Fix(day + timedelta(seconds=second), between(start, scene, share), 5.0, moving))
    arrival = detect_arrival(fixes, scene, since=day + timedelta(seconds=60))
    assert arrival is not None
    assert arrival.arrived_at == day + timedelta(seconds=arrived_s)


def test_a_replaced_unit_is_free_for_others_at_once() -> None:
    """A nearer unit clears and takes the job over; the one that stood down serves who waits."""
    settings = PolicySettings(keep_s=0)
    stream = calls((0, 10, 2), (2, 0, 2), (4, 5, 2), service_s=300)
    done = go(cars(0, 5), stream, policy=Policy("p", settings))
    assert not np.isnan(done.responses.arrived_s).any()
