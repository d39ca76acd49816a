"""A replay as a console plays it: the feed's own rules over its frames, units on their tracks."""

from __future__ import annotations

import bisect
import itertools
from datetime import datetime, timedelta
from typing import Any, cast

import httpx

from tests.support.feed import Frame, Screen

Shown = dict[str, dict[str, Frame]]


async def fetch(client: httpx.AsyncClient, start: datetime, end: datetime, **query: Any) -> dict[str, Any]:
    """One period."""
    period = {"from": start.isoformat(), "to": end.isoformat()}
    answer = await client.get("/replay", params={**period, **query})
    assert answer.status_code == 200, answer.text
    replay: dict[str, Any] = answer.json()
    return replay


def shown_at(replay: dict[str, Any], at: datetime) -> Shown:
    """What a screen shows at that moment, without positions."""
    screen = Screen(cast("Any", None))
    for frame in [replay["snapshot"], *replay["events"]]:
        if "at" in frame and datetime.fromisoformat(frame["at"]) > at:
            break
        screen._apply(frame)
    return as_seen(screen.shown())


def as_seen(shown: Shown) -> Shown:
    """Of a camera a screen shows the state alone: its battery changes without a line in the log."""
    units = {
        key: {**unit, "cameras": [{name: one[name] for name in ("camera_id", "state")} for one in unit["cameras"]]}
        for key, unit in shown["units"].items()
    }
    return {**shown, "units": units}


def place_at(replay: dict[str, Any], unit_id: str, at: datetime) -> tuple[float, float, datetime] | None:
    """Where the unit was shown: lat, lon, and the fix's time."""
    start = datetime.fromisoformat(replay["from"])
    position = next(unit["position"] for unit in replay["snapshot"]["units"] if unit["id"] == unit_id)
    found = (position["lat"], position["lon"], datetime.fromisoformat(position["fixed_at"])) if position else None
    for track in replay["tracks"]:
        if track["unit_id"] == unit_id:
            at_ms = list(itertools.accumulate(track["at_ms"]))
            n = bisect.bisect_right(at_ms, (at - start) / timedelta(milliseconds=1)) - 1
            if n >= 0:
                lat, lon = (list(itertools.accumulate(track[name]))[n] / 1e6 for name in ("lat_e6", "lon_e6"))
                found = (lat, lon, start + timedelta(milliseconds=at_ms[n] - track["age_ms"][n]))
    return found


def differences(wanted: Shown, got: Shown) -> list[str]:
    """Member by member, in words."""
    return [
        f"{part} {key} {name}: {got[part].get(key, {}).get(name, '-')!r} instead of {item.get(name, '-')!r}"
        for part in wanted
        for key in wanted[part].keys() | got[part].keys()
        for item in [wanted[part].get(key, {})]
        for name in item.keys() | got[part].get(key, {}).keys()
        if item.get(name, "-") != got[part].get(key, {}).get(name, "-")
    ]
