"""Scenario files: what they say is read, what is wrong is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dispatch.domain.geometry import Position
from dispatch.domain.incident import Category
from dispatch.domain.refusals import Invalid
from dispatch.simulator.demand_kinds import CsvDemand, DatabaseDemand, PastMode, SurfaceDemand
from dispatch.simulator.scenario import Idle, Shift, Spread, StreetSource, VehicleType
from dispatch.simulator.scenario_toml import parse_scenario, read_scenario
from tests.unit.simulator.towns import town, values

SCENARIOS = sorted((Path(__file__).resolve().parents[3] / "docs" / "scenarios").glob("*.toml"))
HOUR_S = 3600.0


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_examples_are_scenarios(path: Path) -> None:
    """Every file that the docs offer can be read, and has units."""
    assert read_scenario(path).units()


def test_the_least_scenario_has_the_defaults_that_the_docs_state() -> None:
    """What isn't written is what docs/simulator.md says."""
    scenario = town()
    assert scenario.idle is Idle.HOME
    assert (scenario.call_taking_s, scenario.turnout_s, scenario.target_s) == (60, 0, 600)
    assert scenario.weights == (8, 3, 1, 0.5)
    assert scenario.lights == (0.72, 0.72, 1, 1)
    assert (scenario.service.mean_s, scenario.service.spread) == (1500, Spread.LOGNORMAL)
    assert isinstance(scenario.demand, SurfaceDemand)
    assert (scenario.demand.clusters.n, scenario.demand.clusters.sigma_m, scenario.demand.clusters.floor) == (
        12,
        900,
        0.15,
    )
    assert (scenario.replications, scenario.seed) == (10, 1)


def test_everything_that_can_be_written_is_read() -> None:
    """One scenario with each table filled in comes out with what was put in."""
    scenario = town(
        streets={"source": "file", "file": "town.osm.pbf", "bbox": [120, 23, 121, 24]},
        units=[
            {"name": "squad", "station": "South", "count": 2, "type": "motorcycle", "capabilities": ["accident"]},
            {"station": "North", "from": "7:30", "to": "19:00", "crew": 1},
        ],
        service={"mean_s": 900, "spread": "exponential", "by_category": {"disaster": {"mean_s": 7200}}},
        eta_error={"log_mean": -0.02, "log_sigma": 0.2},
        lights=[0.75, 1, 1, 1],
        gps_loss={"share": 0.1, "mean_s": 60},
        idle="posts",
        policies=["street-priority"],
        surges=[
            {"name": "fair", "from": "18:00", "to": "02:00", "factor": 2, "lat": 23.47, "lon": 120.44, "radius_m": 500},
            {"name": "storm", "from_h": 30, "to_h": 54, "category": "disaster", "factor": 10, "travel_factor": 1.5},
            {"name": "match", "day": 2, "from": "20:00", "to": "24:00", "factor": 1.2},
        ],
    )
    assert scenario.streets.source is StreetSource.FILE
    assert scenario.streets.bbox == (120, 23, 121, 24)
    squad, day = scenario.groups
    assert (squad.vehicle_type, squad.capabilities, squad.shift) == (VehicleType.MOTORCYCLE, ("accident",), None)
    assert (day.name, day.count, day.crew, day.shift) == ("North 7:30", 1, 1, Shift(7.5 * HOUR_S, 19 * HOUR_S))
    assert [unit.name for unit in scenario.units()] == ["squad-1", "squad-2", "North 7:30-1"]
    assert scenario.service_of(Category.DISASTER).mean_s == 7200
    assert scenario.service_of(Category.DISASTER).spread is Spread.EXPONENTIAL
    assert scenario.service_of(Category.OTHER).mean_s == 900
    fair, storm, match = scenario.surges
    assert (fair.daily, fair.centre, fair.radius_m) == (True, Position(23.47, 120.44), 500)
    assert fair.active([17 * HOUR_S, 18 * HOUR_S, 25 * HOUR_S, 26 * HOUR_S]).tolist() == [False, True, True, False]
    assert (storm.from_s, storm.to_s, storm.category, storm.travel_factor) == (
        30 * HOUR_S,
        54 * HOUR_S,
        Category.DISASTER,
        1.5,
    )
    assert match.active([20 * HOUR_S, 44 * HOUR_S, 48 * HOUR_S]).tolist() == [False, True, False]


def test_past_calls_as_demand() -> None:
    """A file and a period of the database, with their columns, words and dates."""
    csv = town(
        demand={
            "source": "csv",
            "file": "calls.csv",
            "mode": "replay",
            "scale": 0.5,
            "columns": {"received_at": "date+time", "lat": "lat", "lon": "lon"},
            "category_words": {"Fight": "public_order"},
            "priority_words": {"E": 1},
        }
    ).demand
    assert isinstance(csv, CsvDemand)
    assert (csv.mode, csv.scale, csv.zone) == (PastMode.REPLAY, 0.5, "Asia/Taipei")
    assert dict(csv.category_words) == {"Fight": Category.PUBLIC_ORDER}
    assert dict(csv.priority_words) == {"E": 1}
    database = town(demand={"source": "database", "from": "2026-11-01", "to": "2026-12-01"}).demand
    assert isinstance(database, DatabaseDemand)
    assert (database.from_date, database.to_date, database.mode) == ("2026-11-01", "2026-12-01", PastMode.RESAMPLE)


def csv_demand(**changes: Any) -> dict[str, Any]:
    """A demand of a file."""
    columns = {"received_at": "at", "lat": "lat", "lon": "lon"}
    return {"source": "csv", "file": "calls.csv", "columns": columns, **changes}


@pytest.mark.parametrize(
    ("changes", "member", "said"),
    [
        ({"days": "many"}, "days", "a number above 0"),
        ({"days": True}, "days", "a number"),
        ({"warm_up_days": 4}, "warm_up_days", "less than `days`"),
        ({"replication": 3}, "replication", "no such key here, only"),
        ({"replications": 0}, "replications", "a whole number from 1"),
        ({"seed": 1.5}, "seed", "a whole number"),
        ({"name": " "}, "name", "a text"),
        ({"policies": ["by-lot"]}, "policies", "street-priority"),
        ({"idle": "sleep"}, "idle", "home, stay, posts"),
        ({"stations": []}, "stations", "at least one"),
        ({"stations": 3}, "stations", "[[stations]]"),
        ({"stations": [{"name": "North", "lat": 95, "lon": 120}]}, "stations[1].lat", "from -90 to 90"),
        ({"stations": [{"name": "A", "lat": 1, "lon": 1}] * 2}, "stations[2].name", "no other station"),
        ({"units": []}, "units", "at least one"),
        ({"units": [{"station": "East"}]}, "units[1].station", "North, South"),
        ({"units": [{"station": "North"}] * 2}, "units[2].name", "North is taken"),
        ({"units": [{"station": "North", "from": "7"}]}, "units[1].from", "07:00"),
        ({"units": [{"station": "North", "from": "07:00", "to": "24:01"}]}, "units[1].to", "24:00"),
        ({"units": [{"station": "North", "from": "07:00"}]}, "units[1].to", "is missing"),
        ({"units": [{"station": "North", "type": "tank"}]}, "units[1].type", "car, motorcycle, other"),
        ({"units": [{"station": "North", "capabilities": "dog"}]}, "units[1].capabilities", "a list of texts"),
        ({"streets": "file"}, "streets", "a table [streets]"),
        ({"streets": "paved"}, "streets", "loaded, generated, file, lines"),
        ({"streets": 3}, "streets", "a table"),
        ({"streets": {"source": "file"}}, "streets.file", "is missing"),
        ({"streets": {"source": "lines", "file": "a.geojson"}}, "streets.speed_mps", "above 0"),
        ({"streets": {"source": "file", "file": "a.osm", "bbox": [1, 2, 0, 3]}}, "streets.bbox", "west < east"),
        ({"streets": {"source": "file", "file": "a.osm", "bbox": "all"}}, "streets.bbox", "[west, south"),
        ({"streets": {"source": "generated", "bbox": [0, 0, 1, 1]}}, "streets.bbox", "OpenStreetMap file alone"),
        ({"service": {"mean_s": 0}}, "service.mean_s", "above 0"),
        ({"service": {"by_category": {"arson": {}}}}, "service.by_category.arson", "only criminal"),
        ({"lights": [1, 1]}, "lights", "4 numbers"),
        ({"lights": [0.01, 1, 1, 1]}, "lights", "from 0.1 to 2"),
        ({"gps_loss": {"share": 1}}, "gps_loss.share", "0.95"),
        ({"surges": [{"name": "x", "from_h": 3, "to_h": 2}]}, "surges[1].to_h", "after the beginning"),
        ({"surges": [{"name": "x", "day": 1, "from": "20:00", "to": "02:00"}]}, "surges[1].to", "from_h and to_h"),
        ({"surges": [{"name": "x", "from": "1:00", "to": "2:00", "lat": 3}]}, "surges[1].lon", "is missing"),
        ({"demand": {"source": "stars"}}, "demand.source", "surface, csv, database"),
        ({"demand": {"source": "surface"}}, "demand.calls_per_day", "is missing"),
        ({"demand": {"calls_per_day": 9, "hourly": [0] * 24}}, "demand.hourly", "24 numbers"),
        ({"demand": {"calls_per_day": 9, "category_shares": {"other": 0}}}, "demand.category_shares", "above 0"),
        (
            {"demand": {"calls_per_day": 9, "cells": [{"lat": 1, "lon": 1}], "clusters": {}}},
            "demand.cells",
            "either cells or clusters",
        ),
        (
            {"demand": {"calls_per_day": 9, "cells": [{"lat": 1, "lon": 1, "weight": 0}]}},
            "demand.cells",
            "a weight above 0",
        ),
        ({"demand": csv_demand(columns={"lat": "y", "lon": "x"})}, "demand.columns.received_at", "is missing"),
        ({"demand": csv_demand(zone="Asia/Atlantis")}, "demand.zone", "Asia/Taipei"),
        ({"demand": csv_demand(category_words={"a": "b"})}, "demand.category_words.a", "criminal"),
        ({"demand": {"source": "database", "from": "2026", "to": "2027-01-01"}}, "demand.from", "2026-11-01"),
        ({"demand": {"source": "database", "from": "2026-11-02", "to": "2026-11-02"}}, "demand.to", "a date after"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], member: str, said: str) -> None:
    """The refusal tells the file, the key, and what is allowed."""
    with pytest.raises(Invalid) as refusal:
        parse_scenario(values(**changes), "town.toml")
    assert refusal.value.member == member
    assert str(refusal.value).startswith(f"town.toml: {member} ")
    assert said in str(refusal.value)


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    """The line of the defect is in the sentence."""
    path = tmp_path / "broken.toml"
    path.write_text("name = \n")
    with pytest.raises(Invalid, match=r"broken.toml: this is no TOML .*line 1"):
        read_scenario(path)


def test_shifts_pass_midnight_and_are_cut_to_the_run() -> None:
    """Duty from 19:00 to 07:00 is twelve hours of every day, in stretches that begin and end with the run."""
    night = town().units()[-1]
    assert night.on_duty(0, 48 * HOUR_S) == [
        (0, 7 * HOUR_S),
        (19 * HOUR_S, 31 * HOUR_S),
        (43 * HOUR_S, 48 * HOUR_S),
    ]
    assert night.on_duty_s(24 * HOUR_S, 96 * HOUR_S) == 36 * HOUR_S
    always = town().units()[0]
    assert always.on_duty_s(HOUR_S, 5 * HOUR_S) == 4 * HOUR_S
    assert list(Shift(0, 0).on_duty(0, 48 * HOUR_S)) == [(0, 24 * HOUR_S), (24 * HOUR_S, 48 * HOUR_S)]


def test_the_digest_is_that_of_the_content() -> None:
    """The order in which a file is written is no difference; any figure is."""
    backwards = dict(reversed(values().items()))
    assert parse_scenario(backwards, "other.toml").digest() == town().digest()
    assert town(seed=2).digest() != town().digest()
    assert json.loads(town().canonical_json())["name"] == "Test town"
