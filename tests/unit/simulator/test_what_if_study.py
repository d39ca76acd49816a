"""What managers ask, in the simulator's words: stations that come and go, shifts, demand; how long it still takes."""

from __future__ import annotations

from datetime import date

import pytest

from dispatch.domain.refusals import Invalid
from dispatch.simulator.demand_kinds import DatabaseDemand, PastMode, SurfaceDemand
from dispatch.simulator.scenario import Idle, VehicleType
from dispatch.simulator.variants import PolicyChoice, Variant, applied
from dispatch.simulator.what_if_study import study_of
from dispatch.simulator.worker import Progress
from dispatch.store.what_if_asked import Asked, AskedVariant, Crews, Period, StationAt, asked_of

NORTH = StationAt(None, "North", 23.49, 120.45)
SOUTH = StationAt(None, "South", 23.46, 120.45)
NEW = StationAt(None, "New", 23.47, 120.46)


def asked(*variants: AskedVariant, **members: object) -> Asked:
    """A question of a base with two stations, and these beside it."""
    base = AskedVariant("Base", (NORTH, SOUTH), (Crews("North", 2, 1), Crews("South", 1, 0)), "street-priority")
    values = {"name": "Q", "seed": 5, "replications": 3, "days": 7, "variants": (base, *variants), **members}
    if "period" not in values:
        values |= {"calls_per_day": 120.0}
    return Asked(**values)  # type: ignore[arg-type]


def test_the_base_is_the_scenario() -> None:
    """Its stations and groups, a day that isn't counted before the seven, and nothing that the variant changes."""
    question = asked()
    study = study_of(question)
    scenario = study.scenario
    assert (scenario.days, scenario.warm_up_days) == (8.0, 1.0)
    assert isinstance(scenario.demand, SurfaceDemand)
    assert scenario.demand.calls_per_day == 120.0
    assert [(unit.name, unit.group.crew) for unit in scenario.units()] == [
        ("North always car-1", 2),
        ("North always car-2", 2),
        ("North always motorcycle-1", 1),
        ("South always car-1", 2),
    ]
    assert applied(scenario, study.variants[0]) == scenario
    assert question.runs == 3


def test_a_variant_says_all_that_it_changes() -> None:
    """One station closed, one moved, one new; a group fewer, one with shifts and specialists, equal lines together."""
    units = (
        Crews("North", 1, 0),
        Crews("New", 1, 0, "20:00", "08:00", ("accident",)),
        Crews("New", 2, 0, "20:00", "08:00", ("accident",)),
    )
    moved = StationAt(None, "North", 23.50, 120.45)
    other = AskedVariant("Other", (moved, NEW), units, "batch-posts", 1.2, "typhoon", "posts")
    study = study_of(asked(other))
    scenario = applied(study.scenario, study.variants[1])
    assert [(station.name, station.place.lat) for station in scenario.stations] == [("North", 23.50), ("New", 23.47)]
    counts = {group.name: group.count for group in scenario.groups}
    assert counts == {"North always car": 1, "North always motorcycle": 0, "New 20:00-08:00 car accident": 3}
    group = scenario.groups[-1]
    assert (group.vehicle_type, group.capabilities) == (VehicleType.CAR, ("accident",))
    assert group.shift is not None
    assert (group.shift.from_s, group.shift.to_s) == (20 * 3600.0, 8 * 3600.0)
    assert scenario.demand.scale == pytest.approx(1.2)
    assert scenario.idle is Idle.POSTS
    assert {surge.name.split()[0] for surge in scenario.surges} == {"typhoon"}


def test_the_day_before_the_period_is_the_one_that_is_not_counted() -> None:
    """A replay begins with it; resampled calls begin on its weekday."""
    monday = date(2026, 10, 5)
    replay = study_of(asked(period=Period(monday, date(2026, 10, 12), "replay"))).scenario.demand
    assert isinstance(replay, DatabaseDemand)
    assert (replay.mode, replay.from_date, replay.to_date) == (PastMode.REPLAY, "2026-10-04", "2026-10-12")
    resampled = study_of(asked(period=Period(monday, date(2026, 10, 12), "resample"))).scenario.demand
    assert isinstance(resampled, DatabaseDemand)
    assert (resampled.from_date, resampled.first_weekday) == ("2026-10-05", 7)


def test_what_is_kept_reads_back_as_it_was() -> None:
    """From the database's JSON, with dates and all; another question has another digest."""
    question = asked(period=Period(date(2026, 10, 5), date(2026, 10, 12), "replay"))
    assert asked_of(question.as_builtins()) == question
    assert question.as_builtins()["period"] == {"from": "2026-10-05", "to": "2026-10-12", "mode": "replay"}
    assert asked_of(question.as_builtins()).digest() == question.digest() != asked(seed=6).digest()


def test_only_a_station_that_is_there_can_be_closed() -> None:
    """A variant that closes another one is refused by name."""
    variant = Variant(name="Odd", policy=PolicyChoice(name="street-priority"), closed=("East",))
    with pytest.raises(Invalid, match="no station East"):
        applied(study_of(asked()).scenario, variant)


def test_time_left_is_told_from_the_runs_alone() -> None:
    """What was read before the first run does not count; after a quarter three times as long is left."""
    now = [100.0]
    progress = Progress(lambda: now[0])
    now[0] = 160.0
    progress(0, 8)
    assert (progress.done, progress.left_s) == (0, None)
    now[0] = 170.0
    progress(2, 8)
    assert (progress.done, progress.left_s) == (2, 30.0)
