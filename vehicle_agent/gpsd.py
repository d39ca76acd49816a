"""gpsd's JSON reports: the WATCH request, and a TPV report as a position. Pure; the socket is in sources.py.

Source: gpsd_json(5) of the gpsd project, protocol 3. Only reports with mode 2 or 3 (2D, 3D) and a time count. Status 5
and 6 are dead reckoning and reported as estimates; status 8 is a simulator and never reported. Accuracy is gpsd's own
`eph`, else the two axes together. In 2D the height is not measured and left out.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct

from vehicle_agent.receiver import Position, position

WATCH: Final = b'?WATCH={"enable":true,"json":true}\n'
_MODE_2D: Final = 2
_LEAP_SECOND: Final = re.compile(r"(T\d\d:\d\d:)60(?=\D)")
_ESTIMATED: Final = {5, 6}
_SIMULATED: Final = 8


class Report(Struct, frozen=True, kw_only=True):
    """One TPV: whether gpsd says that there is a fix, the position if it can be reported, and which device says so."""

    has_fix: bool
    position: Position | None
    device: str = ""


def watch(device: str | None) -> bytes:
    """The request for the reports of one device, or of all (None)."""
    if device is None:
        return WATCH
    return b"?WATCH=" + msgspec.json.encode({"enable": True, "json": True, "device": device}) + b"\n"


def report(line: bytes) -> Report | None:
    """One line from gpsd; None for anything but a readable TPV. Never raises."""
    try:
        told = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("class") != "TPV":
        return None
    mode, device = _number(told, "mode"), str(told.get("device", ""))
    if mode is None or mode < _MODE_2D or _number(told, "status") == _SIMULATED:
        return Report(has_fix=False, position=None, device=device)
    time_ms, lat, lon = _time_ms(told.get("time")), _number(told, "lat"), _number(told, "lon")
    if time_ms is None or lat is None or lon is None:
        return Report(has_fix=False, position=None, device=device)
    flat = mode == _MODE_2D
    altitude_m = _number(told, "altMSL")
    return Report(
        has_fix=True,
        device=device,
        position=position(
            time_ms=time_ms,
            lat=lat,
            lon=lon,
            accuracy_m=_accuracy_m(told),
            speed_mps=_number(told, "speed"),
            course_deg=_number(told, "track"),
            altitude_m=_number(told, "alt") if altitude_m is None else altitude_m,
            estimated=_number(told, "status") in _ESTIMATED,
            flat=flat,
        ),
    )


def _accuracy_m(told: dict[str, Any]) -> float | None:
    eph, epx, epy = (_number(told, name) for name in ("eph", "epx", "epy"))
    if eph is not None:
        return eph
    return None if epx is None or epy is None else math.hypot(epx, epy)


def _number(told: dict[str, Any], name: str) -> float | None:
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e15 else None


def _time_ms(value: object) -> int | None:
    if not isinstance(value, str):
        return None
    # A leap second is told as the second after it, as the Unix epoch counts it.
    text, leap = _LEAP_SECOND.subn(r"\g<1>59", value)
    try:
        moment = datetime.fromisoformat(text) + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        return None
    return round(moment.timestamp() * 1000) if moment.tzinfo is not None else None
