"""The protocol of OsmAnd and of Traccar's client, in its query or form shape and in its JSON shapes. Pure.

Source: https://www.traccar.org/osmand/. In a query the speed is in knots, in JSON with `coords` in m/s, in flat JSON,
which has the members of a query, in knots again. `id` (or `deviceid`, `device_id`) is the device's token. Battery, cell
towers and whatever else comes along is not kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.phones_report import MPS_PER_KNOT, BadReport, Place, Report, measurements, place_of, read_report, time_of

SOS: Final = "sos"
AT_ONCE_MAX: Final = 100
"""So many reports of one request are kept, and calls for help behind them as well."""
_NO: Final = frozenset({"false", "0"})
_TOKEN: Final = ("device_id", "deviceid", "id")
_FLAT: Final = frozenset({*_TOKEN, "timestamp", "lat", "lon", "location", "alarm"})


def token_in_query(query: Mapping[str, str]) -> str | None:
    """The device's token as a query or a form carries it."""
    return query.get("id") or query.get("deviceid") or None


def token_in_json(body: Any) -> str | None:
    """The device's token as the JSON shapes carry it; of a list, the first one."""
    for item in body if isinstance(body, list) else [body]:
        for name in _TOKEN if isinstance(item, dict) else ():
            if isinstance(said := item.get(name), str) and said:
                return said
    return None


def report_from_query(query: Mapping[str, Any], server_ms: int) -> Report:
    """The report; one without a `timestamp` was made now, at `server_ms`. Raises BadReport."""
    return read_report(
        lambda: server_ms if query.get("timestamp") in (None, "") else time_of(query["timestamp"], "timestamp"),
        lambda: _place_in_query(query),
        sos=_says_sos(query),
        server_ms=server_ms,
    )


def _place_in_query(query: Mapping[str, Any]) -> Place | None:
    lat, lon = (None if query.get(name) == "" else query.get(name) for name in ("lat", "lon"))
    if lat is None and lon is None and isinstance(both := query.get("location"), str) and both:
        lat, _, lon = both.partition(",")
    more = measurements(
        query.get("accuracy"),
        query.get("speed"),
        query.get("bearing", query.get("heading")),
        query.get("altitude"),
        MPS_PER_KNOT,
    )
    place = place_of(lat, lon, more)
    return None if str(query.get("valid", "true")).lower() in _NO else place


def reports_from_json(body: Any, server_ms: int) -> list[Report | BadReport]:
    """Each report of the body, or what is wrong with that one, so that it holds up none of the others."""
    read: list[Report | BadReport] = []
    for place, (item, around) in enumerate(_items(body)):
        try:
            report = _report_from_item(item, around, server_ms)
        except BadReport as error:
            read.append(error)
            continue
        too_many = place >= AT_ONCE_MAX and not report.sos
        read.append(BadReport(f"a request has at most {AT_ONCE_MAX} reports") if too_many else report)
    return read


def _items(body: Any) -> Iterator[tuple[Any, Any]]:
    """Each report with the object around it: alone, in a list, or in a list under `location`."""
    for outer in body if isinstance(body, list) else [body]:
        inner = outer.get("location") if isinstance(outer, dict) else None
        if isinstance(inner, list) and inner:
            yield from ((item, outer) for item in inner)
        else:
            yield (inner, outer) if isinstance(inner, dict) else (outer, None)


def _report_from_item(item: Any, around: Any, server_ms: int) -> Report:
    if around is not None or (isinstance(item, dict) and "coords" in item):
        return _report_from_location(item if isinstance(item, dict) else {}, around, server_ms)
    if not isinstance(item, dict) or not item.keys() & _FLAT:
        raise BadReport("location: missing or not an object")
    return report_from_query(item, server_ms)


def _report_from_location(location: dict[str, Any], around: Any, server_ms: int) -> Report:
    coords = location.get("coords")

    def place() -> Place | None:
        if coords is None:
            return None
        if not isinstance(coords, dict):
            raise BadReport("location.coords: not an object")
        more = measurements(coords.get("accuracy"), coords.get("speed"), coords.get("heading"), coords.get("altitude"))
        return place_of(coords.get("latitude"), coords.get("longitude"), more)

    return read_report(
        lambda: time_of(location.get("timestamp"), "location.timestamp"),
        place,
        sos=_says_sos(location, location.get("extras"), around),
        server_ms=server_ms,
    )


def _says_sos(*holders: Any) -> bool:
    said = [holder.get("alarm") for holder in holders if isinstance(holder, Mapping)]
    return any(SOS in (word.strip().lower() for word in alarm.split(",")) for alarm in said if isinstance(alarm, str))
