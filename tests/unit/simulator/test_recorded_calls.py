"""Past calls from files, replayed and drawn again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dispatch.domain.refusals import Invalid
from dispatch.simulator.call_sources import expected_weights
from dispatch.simulator.call_streams import make_calls
from dispatch.simulator.demand_kinds import CsvDemand
from dispatch.simulator.recorded_calls import RecordedCalls
from dispatch.simulator.recorded_calls_csv import read_recorded_calls
from dispatch.simulator.scenario import Scenario
from dispatch.simulator.stream import CATEGORIES
from tests.support.data import shared
from tests.unit.simulator.towns import grid, rows, town

LAT, LON = grid()
HOUR_S = 3600.0

CALLS = """id,date,time,word,code,class,y,x,there,done
1,2026-11-02,08:10:00,Fight,E,,23.4501,120.4201,2026-11-02T08:20:00,2026-11-02T08:50:00
1,2026-11-02,08:10:00,Fight,E,,23.4501,120.4201,2026-11-02T08:15:00,2026-11-02T08:25:00
1,2026-11-02,08:10:00,Fight,E,,23.4501,120.4201,,
2,2026-11-03,23:00:00,Unheard of,9,A2,23.4600,120.4300,,
3,2026-11-08,12:00:00,service,4,,23.4700,120.4400,2026-11-08T12:00:00,2026-11-10T12:00:00
4,2026-11-08,12:30:00,service,3,,,,,
"""
COLUMNS = {
    "incident": "id",
    "received_at": "date+time",
    "category": "word",
    "priority": "code",
    "accident_class": "class",
    "lat": "y",
    "lon": "x",
    "on_scene_at": "there",
    "cleared_at": "done",
}
WORDS = {"category_words": {"Fight": "public_order"}, "priority_words": {"E": 1}}


def recorded(folder: Path, text: str = CALLS, **changes: Any) -> tuple[Scenario, RecordedCalls]:
    """A scenario whose demand is of this file, and the calls of it."""
    (folder / "calls.csv").write_text(text, encoding="utf-8")
    demand = {"source": "csv", "file": "calls.csv", "columns": COLUMNS, **WORDS, **changes}
    scenario = town(days=14, demand=demand)
    assert isinstance(scenario.demand, CsvDemand)
    return scenario, read_recorded_calls(scenario.demand, folder)


def test_a_file_of_past_calls_is_read(tmp_path: Path) -> None:
    """Lines of one incident are one call, with the work of the unit that came first; what is missing is unknown."""
    _, calls = recorded(tmp_path)
    assert calls.at_s.tolist() == [8 * HOUR_S + 600, 47 * HOUR_S, 156 * HOUR_S]
    assert [CATEGORIES[index] for index in calls.category] == ["public_order", "traffic_accident", "service"]
    assert calls.priority.tolist() == [1, 0, 4]
    assert calls.accident_class.tolist() == [0, 2, 0]
    # the third one's two days are no work of a day
    np.testing.assert_array_equal(calls.service_s, [600, np.nan, np.nan])
    assert (calls.first_day.isoformat(), calls.days) == ("2026-11-02", 7)
    assert calls.left_out == {"no_place": 1}
    assert calls.hour_of_week().tolist() == [8, 47, 156]
    assert calls.covered().tolist() == [1] * 168


def test_zones_count_by_the_wall_clock(tmp_path: Path) -> None:
    """A time with an offset becomes that of the scenario's zone."""
    text = "at,lat,lon\n2026-11-02T23:30:00Z,23.45,120.42\n"
    columns = {"received_at": "at", "lat": "lat", "lon": "lon"}
    _, calls = recorded(tmp_path, text, columns=columns)
    assert (calls.first_day.isoformat(), calls.at_s.tolist()) == ("2026-11-03", [7.5 * HOUR_S])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CALLS.replace("word,", "kind,"), "no column word for category; allowed: id, date, time, kind"),
        (CALLS.replace("08:20:00", "later"), "line 2: on_scene_at is '2026-11-02Tlater'"),
        (CALLS.replace("23.4600", "123"), "line 5: lat is '123'"),
        (CALLS.replace("120.4300", "east"), "line 5: lon is 'east'"),
        (CALLS.replace("2026-11-03,", ","), "line 5: received_at is ''"),
        (CALLS.splitlines()[0] + "\n", "there are no past calls"),
        ("", "no column id for incident; allowed: none"),
    ],
)
def test_what_is_wrong_in_a_file_of_past_calls_is_told_by_line(tmp_path: Path, text: str, said: str) -> None:
    """File, line, column and what it says."""
    with pytest.raises(Invalid) as refusal:
        recorded(tmp_path, text)
    assert said in str(refusal.value)
    assert str(refusal.value).startswith("calls.csv: ")


def test_a_file_that_is_not_in_utf_8_is_refused(tmp_path: Path) -> None:
    """It may come from an old spreadsheet."""
    scenario, _ = recorded(tmp_path)
    (tmp_path / "calls.csv").write_bytes(CALLS.encode().replace(b"Fight", "報案".encode("big5")))
    assert isinstance(scenario.demand, CsvDemand)
    with pytest.raises(Invalid, match="UTF-8"):
        read_recorded_calls(scenario.demand, tmp_path)


def test_a_replay_is_the_past_itself(tmp_path: Path) -> None:
    """Moments, places and what is on record as they were; the rest drawn, and the same for the same seed."""
    scenario, past = recorded(tmp_path, mode="replay")
    calls = make_calls(scenario, LAT, LON, 5, past)
    np.testing.assert_array_equal(calls.at_s, past.at_s)
    assert calls.service_s[0] == 600
    assert calls.priority[[0, 2]].tolist() == [1, 4]
    assert calls.node[0] == 0
    assert rows(calls) == rows(make_calls(scenario, LAT, LON, 5, past))
    assert len(make_calls(replace(scenario, days=3), LAT, LON, 5, past)) == 2
    fewer = replace(scenario, demand=replace(scenario.demand, scale=0.0001))
    assert len(make_calls(fewer, LAT, LON, 5, past)) == 0
    more = replace(scenario, demand=replace(scenario.demand, scale=1.2))
    with pytest.raises(Invalid, match="cannot become more"):
        make_calls(more, LAT, LON, 5, past)


def test_resampled_calls_are_like_those_of_their_hour(tmp_path: Path) -> None:
    """As often as they came in each hour of the week, with the places and kinds of that hour; more keep the fewer."""
    scenario, past = recorded(tmp_path)
    scenario = replace(scenario, days=700)
    calls = make_calls(scenario, LAT, LON, 5, past)
    hours = (calls.at_s // HOUR_S).astype(int) % 168
    assert set(hours.tolist()) == {8, 47, 156}
    assert len(calls) == pytest.approx(300, abs=4 * np.sqrt(300))
    assert set(calls.node[hours == 8].tolist()) == {0}
    assert set(calls.service_s[hours == 8].tolist()) == {600.0}
    assert set(calls.accident_class[hours == 47].tolist()) == {2}
    more = replace(scenario, demand=replace(scenario.demand, scale=1.2))
    assert set(rows(calls)) < set(rows(make_calls(more, LAT, LON, 5, past)))
    np.testing.assert_allclose(expected_weights(scenario, LAT, LON, past)[0], 1 / 3)


def test_past_calls_of_elsewhere_are_refused(tmp_path: Path) -> None:
    """None of them lies on these streets; and none given at all is told too."""
    scenario, past = recorded(tmp_path)
    with pytest.raises(Invalid, match="none of the 3 past calls lies within"):
        make_calls(scenario, LAT + 1, LON, 5, past)
    with pytest.raises(Invalid, match="none are given"):
        make_calls(scenario, LAT, LON, 5)


def test_the_digest_of_past_calls_is_that_of_their_content(tmp_path: Path) -> None:
    """One other second is another digest."""
    _, past = recorded(tmp_path)
    _, again = recorded(tmp_path)
    _, other = recorded(tmp_path, CALLS.replace("23:00:00", "23:00:01"))
    assert past.digest() == again.digest() != other.digest()


def test_two_weeks_of_a_real_city() -> None:
    """San Francisco's fire calls: every incident once, and as many resampled as there were."""
    path = shared("calls/san-francisco-fire-2020-04.csv")
    names = {
        "incident": "incident_number",
        "received_at": "received_at",
        "on_scene_at": "on_scene_at",
        "cleared_at": "available_at",
        "lat": "lat",
        "lon": "lon",
    }
    demand = {"source": "csv", "file": path.name, "columns": names, "zone": "America/Los_Angeles"}
    scenario = town(days=56, demand=demand)
    assert isinstance(scenario.demand, CsvDemand)
    past = read_recorded_calls(scenario.demand, path.parent)
    assert past.days == 14
    assert 3000 < len(past) < 10_410
    assert np.isfinite(past.service_s).mean() > 0.7
    city_lat, city_lon = np.meshgrid(np.linspace(37.70, 37.83, 30), np.linspace(-122.52, -122.36, 30))
    calls = make_calls(scenario, city_lat.ravel(), city_lon.ravel(), 1, past)
    assert len(calls) / 56 == pytest.approx(len(past) / 14, rel=0.05)
