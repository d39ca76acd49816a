"""Reads what a device says of itself in JSON: by dotted paths to the members, and its words turned into our states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import msgspec
from msgspec import Struct

from vehicle_agent.cameras.source import CameraReport, State

STATES: frozenset[str] = frozenset(get_args(State))
MB = 1_000_000
_NAME_LIMIT = 200


class Unreadable(Exception):
    """Not JSON (a file half-written, an error page), no state in it, or a word that nobody has translated."""


class Paths(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the members stand; `a.b.0` is the first of the list b in a. `free_bytes` goes before `free_mb`."""

    state: str = "state"
    battery_pct: str = "battery_pct"
    free_mb: str = "free_mb"
    free_bytes: str | None = None
    recording_id: str = "recording_id"
    officer_id: str = "officer_id"


def read_status(raw: bytes, paths: Paths, words: Mapping[str, str]) -> CameraReport:
    """One report. Raises Unreadable, whatever the bytes; a member that is absent or odd is not told."""
    try:
        told = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}") from error
    word = _at(told, paths.state)
    state = words.get(_word(word), _word(word)) if word is not None else None
    if state not in STATES:
        raise Unreadable(f"no state at {paths.state}" if word is None else f"the word {_word(word)!r} has no state")
    free_bytes = _number(_at(told, paths.free_bytes), 1e18) if paths.free_bytes else None
    return CameraReport(
        state=state,  # type: ignore[arg-type] # it is one of STATES
        battery_pct=_number(_at(told, paths.battery_pct), 100),
        free_mb=_number(_at(told, paths.free_mb), 1e12) if free_bytes is None else free_bytes / MB,
        recording_id=readable_name(_at(told, paths.recording_id)),
        officer_id=readable_name(_at(told, paths.officer_id)),
    )


def _at(told: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(told, dict):
            told = told.get(step)
        elif isinstance(told, list) and step.isdecimal() and int(step) < len(told):
            told = told[int(step)]
        else:
            return None
    return told


def _word(value: Any) -> str:
    return value[:_NAME_LIMIT] if isinstance(value, str) else msgspec.json.encode(value).decode()[:_NAME_LIMIT]


def _number(value: Any, most: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared before it is made a float, which a whole number of 400 digits can't be; NaN falls out here too.
    return float(value) if 0 <= value <= most else None


def readable_name(value: Any) -> str | None:
    """A name that the link carries; None for anything else."""
    return value if isinstance(value, str) and 0 < len(value) <= _NAME_LIMIT and "\0" not in value else None
