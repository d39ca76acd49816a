"""Banned turns: times and ways against a plain search from arc to arc, and what the rules of a source become."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from dispatch.domain.geometry import Position
from dispatch.roads import street_map_codec
from dispatch.roads.street_map import StreetMap
from dispatch.roads.table import travel_table
from dispatch.roads.travel import TravelTimes
from dispatch.roads.turn_rules import TurnRule
from tests.unit.roads.towns import Town, place

Turns = set[tuple[int, int]]
Spot = tuple[int, float]


def cross(*rules: TurnRule) -> StreetMap:
    """A crossing of four streets of 200 m, ways 1 to 4 to north, east, south, west, and a ring round it, way 5 on."""
    ends = [(200.0, 0.0), (0.0, 200.0), (-200.0, 0.0), (0.0, -200.0)]
    corners = [(200.0, 200.0), (-200.0, 200.0), (-200.0, -200.0), (200.0, -200.0)]
    town = Town()
    for number, end in enumerate(ends, 1):
        town.street(0, number, (0, 0), end)
    for number in range(4):
        after = (number + 1) % 4
        town.street(number + 1, after + 1, ends[number], corners[number], ends[after])
    return town.street_map(*rules)


def eta_s(street_map: StreetMap, begin: Position, end: Position) -> float:
    return TravelTimes(street_map).etas(end, [begin])[0].eta_s


def test_a_banned_left_turn_costs_the_way_round() -> None:
    """From the south to the west: straight over the crossing it is 30 s, without the turn it is by the ring."""
    south, west = place(-150, 0), place(0, -150)
    free, banned = cross(), cross(TurnRule(3, 0, 4))
    assert banned.info.turns_banned == 1
    assert eta_s(free, south, west) == pytest.approx(30, abs=0.1)
    assert eta_s(banned, south, west) == pytest.approx(50, abs=0.1)
    # nobody else is held up: the way back, and straight on
    for begin, end in ((west, south), (south, place(150, 0)), (place(0, 150), west)):
        assert eta_s(banned, begin, end) == pytest.approx(eta_s(free, begin, end))


def test_an_only_rule_bans_all_the_others() -> None:
    """From the south only straight on: neither left nor right nor back."""
    only = cross(TurnRule(3, 0, 1, only=True))
    assert only.info.turns_banned == 3
    assert eta_s(only, place(-150, 0), place(150, 0)) == pytest.approx(30, abs=0.1)
    for end in (place(0, 150), place(0, -150)):
        assert eta_s(only, place(-150, 0), end) == pytest.approx(50, abs=0.1)


def test_who_stands_on_the_crossing_may_leave_it_by_every_street() -> None:
    """A unit on the junction itself came from anywhere; a place on it is reached over any street."""
    banned = cross(TurnRule(3, 0, 4), TurnRule(3, 0, 2))
    for end in (place(0, -150), place(0, 150), place(-150, 0)):
        assert eta_s(banned, place(0, 0), end) == pytest.approx(15, abs=0.1)
        assert eta_s(banned, end, place(0, 0)) == pytest.approx(15, abs=0.1)


def test_no_u_turn() -> None:
    """Turning round banned at one end of a street: from the other end all stays as near, and one pair is banned."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 500))
    town.street(1, 1, (0, 500), (100, 500), (100, 600), (0, 600), (0, 500))
    town.street(0, 0, (0, 0), (100, 0), (100, -100), (0, 0))
    banned = town.street_map(TurnRule(1, 1, 1, u_turn=True))
    assert list(zip(banned.turn_in.tolist(), banned.turn_out.tolist(), strict=True)) == [
        (0, int(banned.arcs.back_of_edge[0]))
    ]
    tables = [travel_table(street_map, [0, 1]).time_s for street_map in (town.street_map(), banned)]
    np.testing.assert_allclose(tables[0], tables[1])


def test_rules_that_ban_nothing_are_counted_by_reason() -> None:
    """Unknown places and streets, streets that go on through the junction, and bans that would cut something off."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 200))
    town.street(1, 2, (0, 200), (0, 400))
    town.runs[1] = replace(town.runs[1], way=1)
    town.street(1, 3, (0, 200), (200, 200))
    town.street(0, 2, (0, 0), (-200, 200), (0, 400))
    rules = [
        TurnRule(1, 99, 3),
        TurnRule(77, 1, 3),
        TurnRule(3, 1, 1),
        TurnRule(3, 3, 3, u_turn=True),
        TurnRule(1, 1, 1, u_turn=True),
    ]
    info = town.street_map(*rules).info
    assert info.turn_rules_left_out == {"ambiguous": 1, "cuts_off": 1, "not_on_the_map": 2}
    assert info.turns_banned == 2


def test_a_map_of_before_the_turns_is_still_read() -> None:
    """Stored bytes without the two arrays are a map without banned turns; with them nothing is lost."""
    street_map = cross(TurnRule(3, 0, 4))
    again = street_map_codec.decode(street_map_codec.encode(street_map))
    assert (again.turn_in.tolist(), again.turn_out.tolist()) == (
        street_map.turn_in.tolist(),
        street_map.turn_out.tolist(),
    )
    old = street_map_codec.decode(without_turns(street_map_codec.encode(cross())))
    assert len(old.turn_in) == len(old.turn_out) == 0
    assert old.info.turns_banned == 0
    assert eta_s(old, place(-150, 0), place(0, -150)) == pytest.approx(30, abs=0.1)


def without_turns(stored: bytes) -> bytes:
    """The bytes that the codec wrote before maps had turns."""
    mark, digest = b"patrol streets 1\n", hashlib.sha256().digest_size
    with np.load(io.BytesIO(stored[len(mark) + digest :])) as archive:
        members = {name: archive[name] for name in archive.files if not name.startswith("turn_")}
    text = msgspec.json.decode(members["text"].tobytes())
    for name in ("turns_banned", "turn_rules_left_out"):
        del text["info"][name]
    members["text"] = np.frombuffer(msgspec.json.encode(text), np.uint8)
    new = io.BytesIO()
    np.savez_compressed(new, **members)
    return mark + hashlib.sha256(new.getvalue()).digest() + new.getvalue()
