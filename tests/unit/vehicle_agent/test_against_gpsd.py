"""The same logs read by gpsd's own decoder, and what the two say of the same moments."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from datetime import datetime
from typing import Any

import pytest

from tests.support.data import shared
from tests.unit.vehicle_agent.test_nmea_logs import LOGS
from vehicle_agent.decoders import NmeaDecoder
from vehicle_agent.leaps import distance_m
from vehicle_agent.receiver import Position
from vehicle_agent.weeks import PERIOD_MS

needs_gpsdecode = pytest.mark.skipif(
    shutil.which("gpsdecode") is None, reason="gpsdecode is not there; apt-get install gpsd-clients brings it"
)


def _theirs(name: str) -> dict[int, dict[str, Any]]:
    """gpsd's reports with a fix, by time (ms). It moves old dates by periods of 1,024 weeks as it sees fit: undone."""
    with shared(f"gps/nmea/{name}").open("rb") as log:
        said = subprocess.run(["gpsdecode", "-j"], stdin=log, capture_output=True, check=True).stdout
    found = {}
    for line in said.splitlines():
        told = json.loads(line)
        if told["class"] == "TPV" and told.get("mode", 0) >= 2 and "time" in told and "lat" in told:
            found[round(datetime.fromisoformat(told["time"]).timestamp() * 1000) % PERIOD_MS] = told
    return found


def _ours(name: str) -> dict[int, Position]:
    decoder = NmeaDecoder()
    outcomes = decoder.epochs(shared(f"gps/nmea/{name}").read_bytes()) + decoder.last_epoch()
    return {
        outcome.position.time_ms % PERIOD_MS: outcome.position for outcome in outcomes if outcome.position is not None
    }


@needs_gpsdecode
@pytest.mark.parametrize("name", [name for name in LOGS if name != "bu303-moving.log"])
def test_place_speed_and_height_are_what_gpsd_reads(name: str) -> None:
    """At every moment of which both tell, most of all: the same place to 2 cm, the same speed, the same height."""
    theirs, ours = _theirs(name), _ours(name)
    both = theirs.keys() & ours.keys()
    # gpsd drops the first moments of a log while it learns the receiver's cycle.
    if len(ours) > 5:
        assert len(both) >= 0.75 * len(ours)
    for moment in both:
        told, place = theirs[moment], ours[moment]
        there = Position(time_ms=0, lat=told["lat"], lon=told["lon"])
        assert distance_m(there, place) < 0.02
        if place.speed_mps is not None and "speed" in told:
            assert math.isclose(place.speed_mps, told["speed"], abs_tol=0.02)
        if place.altitude_m is not None and "altMSL" in told:
            assert math.isclose(place.altitude_m, told["altMSL"], abs_tol=0.01)
