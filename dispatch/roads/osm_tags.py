"""What OpenStreetMap's tags say to a patrol car: is it a street, which way, how fast. Pure.

Source of the meanings: wiki.openstreetmap.org, Key:highway, Key:oneway, Key:access, Key:maxspeed, Key:barrier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from dispatch.roads.speeds import CLASS_SPEED_KMH

Tags = Mapping[str, str]

_ACCESS_KEYS: Final = ("motorcar", "motor_vehicle", "vehicle", "access")  # the most special one decides
_ONEWAY_KEYS: Final = ("oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle", "oneway")
_DENIED: Final = frozenset({"no", "private", "agricultural", "forestry"})
_EMERGENCY: Final = frozenset({"yes", "designated", "official"})
_BLOCKING: Final = frozenset({"bollard", "block", "jersey_barrier", "debris", "log", "planter", "barrier_board"})
_FORWARD: Final = frozenset({"yes", "true", "1"})
_BACKWARD: Final = frozenset({"-1", "reverse"})
_LIMIT: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?\s*(?:;.*)?$")
_KMH_PER: Final = {"mph": 1.609344, "knots": 1.852}


class Direction(Enum):
    """Which way a car may drive a way, seen along the order of its nodes."""

    BOTH = "both"
    FORWARD = "forward"
    BACKWARD = "backward"


def street_class(tags: Tags) -> str | None:
    """The drivable class of a way, or None where cars do not drive: paths, tracks, building sites, ferries."""
    highway = tags.get("highway", "")
    return highway if highway in CLASS_SPEED_KMH else None


def denied(tags: Tags) -> bool:
    """Whether a police car may not enter: the most special access tag decides, `emergency=yes` opens it again."""
    if tags.get("emergency") in _EMERGENCY:
        return False
    return next((tags[key] for key in _ACCESS_KEYS if key in tags), "yes") in _DENIED


def direction(tags: Tags) -> Direction:
    """One-way or not. Roundabouts and motorways are one-way unless they say otherwise."""
    oneway = next((tags[key] for key in _ONEWAY_KEYS if key in tags), "")
    if oneway in _FORWARD:
        return Direction.FORWARD
    if oneway in _BACKWARD:
        return Direction.BACKWARD
    implied = tags.get("junction") in {"roundabout", "circular"} or tags.get("highway") == "motorway"
    return Direction.FORWARD if implied and oneway not in {"no", "false", "0"} else Direction.BOTH


def limit_kmh(value: str | None) -> float | None:
    """The posted limit in km/h; of several (`90;30`) the first; None for what holds no positive number (`signals`)."""
    match = _LIMIT.match(value or "")
    limit = float(match[1]) * _KMH_PER.get(match[2], 1.0) if match else 0.0
    return limit or None


def limits_kmh(tags: Tags) -> tuple[float | None, float | None]:
    """The posted limits (along, against) the order of the way's nodes."""
    both = limit_kmh(tags.get("maxspeed"))
    along, against = (limit_kmh(tags.get(f"maxspeed:{way}")) for way in ("forward", "backward"))
    return along or both, against or both


def blocks(tags: Tags) -> bool:
    """Whether a node with a `barrier` stops a car: closed to it by tag, or of a kind that is no gate."""
    if "barrier" not in tags:
        return False
    if any(key in tags for key in _ACCESS_KEYS) or "emergency" in tags:
        return denied(tags)
    return tags["barrier"] in _BLOCKING
