"""The protocol of OsmAnd and of Traccar's client, in its query or form shape and in its JSON shape. Pure.

Source: https://www.traccar.org/osmand/. In a query the speed is in knots, in JSON in m/s. `id` (or `deviceid`,
`device_id`) is the device's token. Battery, cell towers and whatever else comes along is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.phones_report import MPS_PER_KNOT, BadReport, Place, Report, measurements, place_of, time_of

SOS: Final = "sos"
_NO: Final = frozenset({"false", "0"})


def token_in_query(query: Mapping[str, str]) -> str | None:
    """The device's token as a query or a form carries it."""
    return query.get("id") or query.get("deviceid") or None


def token_in_json(body: Any) -> str | None:
    """The device's token as the JSON shape carries it."""
    said = body.get("device_id") if isinstance(body, dict) else None
    return said if isinstance(said, str) and said else None


def report_from_query(query: Mapping[str, str], server_ms: int) -> Report:
    """The report; one without a `timestamp` was made now, at `server_ms`. Raises BadReport."""
    time_ms = time_of(query["timestamp"], "timestamp") if query.get("timestamp") else server_ms
    sos = query.get("alarm", "").lower() == SOS
    return Report(time_ms, _place_in_query(query, sos), sos)


def _place_in_query(query: Mapping[str, str], sos: bool) -> Place | None:
    lat, lon = query.get("lat"), query.get("lon")
    if lat is None and lon is None and "location" in query:
        lat, _, lon = query["location"].partition(",")
    valid = query.get("valid", "true").lower() not in _NO
    if lat is None and lon is None and (sos or not valid):
        return None
    more = measurements(
        query.get("accuracy"),
        query.get("speed"),
        query.get("bearing", query.get("heading")),
        query.get("altitude"),
        MPS_PER_KNOT,
    )
    place = place_of(lat, lon, more)
    return place if valid else None


def report_from_json(body: Any) -> Report:
    """The report in `location`. Raises BadReport."""
    location = body.get("location") if isinstance(body, dict) else None
    if not isinstance(location, dict):
        raise BadReport("location: missing or not an object")
    time_ms = time_of(location.get("timestamp"), "location.timestamp")
    extras = location.get("extras")
    said = [holder.get("alarm") for holder in (location, extras) if isinstance(holder, dict)]
    sos = any(isinstance(alarm, str) and alarm.lower() == SOS for alarm in said)
    coords = location.get("coords")
    if not isinstance(coords, dict):
        if sos:
            return Report(time_ms, None, sos)
        raise BadReport("location.coords: missing or not an object")
    more = measurements(coords.get("accuracy"), coords.get("speed"), coords.get("heading"), coords.get("altitude"))
    return Report(time_ms, place_of(coords.get("latitude"), coords.get("longitude"), more), sos)
