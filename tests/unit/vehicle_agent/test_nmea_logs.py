"""Every real receiver's log that we have, read whole, against a count made another way."""

from __future__ import annotations

import re
from functools import reduce

import pytest

from tests.support.data import shared
from vehicle_agent.decoders import NmeaDecoder
from vehicle_agent.nmea import Scanner

LOGS = [
    "bt451.log",
    "bu303-moving.log",
    "gp-320fw-2019-04-07-coldboot.log",
    "haicom-305N.log",
    "neo-m8n.log",
    "nmea-fuzzy-cases.log",
    "quectel-l76k-nmea.log",
    "telit-he910.log",
]


def active_epochs(raw: bytes) -> dict[str, str]:
    """Counted without the agent's code: distinct `date time` of every RMC with status A and a right checksum."""
    found: dict[str, str] = {}
    for body, checksum in re.findall(rb"\$([^$*\r\n]*)\*([0-9A-Fa-f]{2})", raw):
        if reduce(lambda total, sign: total ^ sign, body, 0) != int(checksum, 16):
            continue
        fields = body.decode("latin-1").split(",")
        if fields[0][2:] == "RMC" and fields[2] == "A":
            found[f"{fields[9]} {float(fields[1]):010.3f}"] = body.decode("latin-1")
    return found


@pytest.mark.parametrize("name", LOGS)
def test_a_real_log_gives_a_position_for_each_active_epoch_and_for_no_other(name: str) -> None:
    """Positions before the thinning to one a second are exactly the epochs whose RMC is active."""
    raw = shared(f"gps/nmea/{name}").read_bytes()
    decoder = NmeaDecoder()
    outcomes = decoder.epochs(raw) + decoder.last_epoch()
    told = {
        outcome.moment.strftime("%d%m%y ") + f"{float(outcome.moment.strftime('%H%M%S.%f')):010.3f}"
        for outcome in outcomes
        if outcome.moment is not None and outcome.position is not None
    }
    active = set(active_epochs(raw))
    # The first or last epoch of a cut log may hold a dated GGA and no RMC any more.
    assert active <= told
    assert len(told - active) <= 1


def test_the_logs_hold_what_the_comparison_needs() -> None:
    """The count above is not empty: the logs have active, void and binary parts."""
    counts = {name: len(active_epochs(shared(f"gps/nmea/{name}").read_bytes())) for name in LOGS}
    assert counts["bu303-moving.log"] == 0
    assert sum(count > 0 for count in counts.values()) == 7
    assert sum(counts.values()) > 400


def test_the_receivers_date_is_used() -> None:
    """The cold-booted receiver's only dated fix stands in 2019 as it says, and its later garbage dates make none."""
    decoder = NmeaDecoder()
    raw = shared("gps/nmea/gp-320fw-2019-04-07-coldboot.log").read_bytes()
    places = [place for place in decoder.feed(raw) + decoder.flush() if place is not None]
    assert [place.time_ms for place in places] == [1_554_595_425_030]


def test_a_binary_log_is_passed_over() -> None:
    """SiRF binary holds no sentence, and nothing is made up from it."""
    assert Scanner().feed(shared("gps/nmea/bu303-moving.log").read_bytes()) == []
