"""OwnTracks in HTTP mode: what its JSON says. Pure.

Source: https://owntracks.org/booklet/tech/json/ and …/tech/http/. `tst` is in seconds, `vel` in km/h. Only locations
are kept: waypoints, steps and the like are taken and forgotten, so that the app's queue moves on.
"""

from __future__ import annotations

from typing import Any

from gateway.phones_report import MPS_PER_KMH, BadReport, Report, measurements, place_of, time_of


def report_from_owntracks(body: Any) -> Report | None:
    """The report; None for a message of another type. Raises BadReport."""
    kind = body.get("_type") if isinstance(body, dict) else None
    if not isinstance(kind, str):
        raise BadReport("_type: missing or not a string")
    if kind == "encrypted":
        raise BadReport("_type: encrypted; leave the app's encryption key empty, TLS protects the way")
    if kind != "location":
        return None
    time_ms = time_of(body.get("tst"), "tst")
    more = measurements(body.get("acc"), body.get("vel"), body.get("cog"), body.get("alt"), MPS_PER_KMH)
    return Report(time_ms, place_of(body.get("lat"), body.get("lon"), more))
