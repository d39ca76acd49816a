"""Turn restrictions of OpenStreetMap: which bind a patrol car, and that the import takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.domain.geometry import Position
from dispatch.roads.osm_import import import_osm
from dispatch.roads.osm_turns import Member, turn_rules
from dispatch.roads.travel import TravelTimes
from dispatch.roads.turn_rules import TurnRule
from tests.unit.roads.osm_text import SQUARE, Restriction, Way, osm_text, write

PLAIN: list[Member] = [("w", 1, "from"), ("n", 5, "via"), ("w", 2, "to")]
STREET = {"highway": "residential"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("no_left_turn", TurnRule(1, 5, 2)),
        ("no_right_turn", TurnRule(1, 5, 2)),
        ("no_straight_on", TurnRule(1, 5, 2)),
        ("no_u_turn", TurnRule(1, 5, 2, u_turn=True)),
        ("only_straight_on", TurnRule(1, 5, 2, only=True)),
        ("only_left_turn", TurnRule(1, 5, 2, only=True)),
    ],
)
def test_what_a_restriction_says(value: str, expected: TurnRule) -> None:
    """Each kind is a ban or the only way on."""
    assert turn_rules({"restriction": value}, PLAIN) == [expected]
    assert turn_rules({"restriction:motorcar": value}, PLAIN) == [expected]


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"restriction:conditional": "no_left_turn @ (07:00-09:00)"}, "conditional"),
        ({"restriction": "no_left_turn", "hour_on": "07:00", "hour_off": "09:00"}, "conditional"),
        ({"restriction:hgv": "no_left_turn"}, "other_vehicles"),
        ({"restriction": "no_left_turn", "except": "psv;emergency"}, "excepted"),
        ({"restriction": "no_left_turn", "except": "motorcar"}, "excepted"),
        ({"restriction": "give_way"}, "malformed"),
    ],
)
def test_what_does_not_bind_at_all_hours(tags: dict[str, str], why: str) -> None:
    """Times of day, other vehicles and exceptions for us are left out, with the reason."""
    assert turn_rules(tags, PLAIN) == why


def test_exceptions_for_others_do_not_help_us() -> None:
    """Buses and bicycles may turn, we may not."""
    assert turn_rules({"restriction": "no_left_turn", "except": "psv; bicycle"}, PLAIN) == [TurnRule(1, 5, 2)]


def test_members() -> None:
    """A way in between is left out and counted; no_entry has several from, no_exit several to; the rest one of each."""
    assert turn_rules({"restriction": "no_u_turn"}, [PLAIN[0], ("w", 9, "via"), PLAIN[2]]) == "via_way"
    several: list[Member] = [*PLAIN, ("w", 3, "from")]
    assert turn_rules({"restriction": "no_entry"}, several) == [TurnRule(1, 5, 2), TurnRule(3, 5, 2)]
    assert turn_rules({"restriction": "no_left_turn"}, several) == "malformed"
    for missing in range(3):
        members = [member for number, member in enumerate(PLAIN) if number != missing]
        assert turn_rules({"restriction": "no_left_turn"}, members) == "malformed"


WAYS: list[Way] = [((1, 2), STREET), ((2, 3, 4), STREET), ((4, 1), STREET), ((4, 5), STREET), ((5, 6), STREET)]


def eta_s(path: Path) -> float:
    """From beside the middle of way 3 over node 4 to the middle of way 4."""
    (lat, west), (_, middle), (_, east) = SQUARE[1], SQUARE[4], SQUARE[5]
    begin, end = Position(lat, (west + middle) / 2), Position(lat, (middle + east) / 2)
    return TravelTimes(import_osm(path)).etas(end, [begin])[0].eta_s


def test_the_import_takes_restrictions(tmp_path: Path) -> None:
    """A banned turn of the file is a longer way, before or after the ways in the file; what is left out is counted."""
    restrictions: list[Restriction] = [
        ([("w", 3, "from"), ("n", 4, "via"), ("w", 4, "to")], {"restriction": "no_straight_on"}),
        ([("w", 3, "from"), ("n", 4, "via"), ("w", 2, "to")], {"restriction:conditional": "no_left_turn @ dark"}),
        ([("w", 3, "from"), ("n", 77, "via"), ("w", 2, "to")], {"restriction": "no_left_turn"}),
    ]
    free = eta_s(write(tmp_path, osm_text(WAYS)))
    for ways_first in (False, True):
        path = write(tmp_path, osm_text(WAYS, restrictions=restrictions, ways_first=ways_first))
        info = import_osm(path).info
        assert info.turns_banned == 1
        assert info.turn_rules_left_out == {"conditional": 1, "not_on_the_map": 1}
        # back over node 1 and round the square, which comes to node 4 by way 2
        assert eta_s(path) > free + 30
