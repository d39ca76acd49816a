"""What an OpenStreetMap turn restriction says to a patrol car. Pure.

Source of the meanings: wiki.openstreetmap.org, Relation:restriction. Lights give no right to a banned turn here: the
ETA of a car that must not turn would be too short exactly where it matters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from dispatch.roads.turn_rules import TurnRule

CONDITIONAL: Final = "conditional"
VIA_WAY: Final = "via_way"
EXCEPTED: Final = "excepted"
OTHER_VEHICLES: Final = "other_vehicles"
MALFORMED: Final = "malformed"

_KEYS: Final = ("restriction:motorcar", "restriction:motor_vehicle", "restriction:vehicle", "restriction")
_TIMED: Final = frozenset({"day_on", "day_off", "hour_on", "hour_off"})
_US: Final = frozenset({"emergency", "motorcar", "motor_vehicle", "vehicle"})

Member = tuple[str, int, str]
"""Kind (n, w, r), reference, role."""


def turn_rules(tags: Mapping[str, str], members: Sequence[Member]) -> list[TurnRule] | str:
    """The rules of a relation of type restriction, or why none of them is taken."""
    value = next((tags[key] for key in _KEYS if key in tags), None)
    why_not = _not_for_us(tags, value)
    if why_not is not None or value is None:
        return why_not or OTHER_VEHICLES
    if any((kind, role) == ("w", "via") for kind, _, role in members):
        return VIA_WAY
    begins, ends = ([ref for kind, ref, role in members if (kind, role) == ("w", end)] for end in ("from", "to"))
    places = [ref for kind, ref, role in members if (kind, role) == ("n", "via")]
    one_each = len(begins) == len(ends) == 1
    if len(places) != 1 or not begins or not ends or not (one_each or value in {"no_entry", "no_exit"}):
        return MALFORMED
    only, u_turn = value.startswith("only_"), value.endswith("u_turn")
    return [TurnRule(begin, places[0], end, only=only, u_turn=u_turn) for begin in begins for end in ends]


def _not_for_us(tags: Mapping[str, str], value: str | None) -> str | None:
    """Why a restriction does not bind a patrol car at all hours, or None where it does."""
    if value is None:
        conditional = any(key.startswith("restriction") and key.endswith(":conditional") for key in tags)
        return CONDITIONAL if conditional else OTHER_VEHICLES
    if _TIMED & tags.keys():
        return CONDITIONAL
    if _US & set(re.split(r"[;,\s]+", tags.get("except", ""))):
        return EXCEPTED
    return None if value.startswith(("no_", "only_")) else MALFORMED
