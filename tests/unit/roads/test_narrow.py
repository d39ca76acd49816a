"""Which streets count as too narrow for a car: by class, and lanes by their name."""

from __future__ import annotations

import pytest

from dispatch.roads.narrow import is_narrow, narrow_places
from dispatch.roads.travel import TravelTimes
from tests.unit.roads.towns import Town, place


@pytest.mark.parametrize(
    ("street_class", "name", "narrow"),
    [
        ("living_street", "", True),
        ("service", "中山路", True),
        ("residential", "中山路12巷", True),
        ("residential", "中山路12巷3弄", True),
        ("residential", "中山路", False),
        ("residential", "", False),
        ("unclassified", "5弄", True),
        ("tertiary", "南門巷", False),
    ],
)
def test_class_and_name_say_whether_a_street_is_narrow(street_class: str, name: str, *, narrow: bool) -> None:
    """A lane that is classed as carrying traffic is none, whatever it is called."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 200), street_class=street_class, name=name)
    assert is_narrow(town.street_map(), 0) is narrow


def test_each_place_is_judged_by_its_own_street() -> None:
    """By the nearest street; a place far from all is not narrow, nor is any while no streets are loaded."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 200), street_class="secondary", name="中山路")
    town.street(1, 2, (0, 200), (200, 200), street_class="residential", name="中山路8巷")
    places = [place(5, 100), place(100, 195), place(5000, 5000)]
    assert narrow_places(TravelTimes(town.street_map()), places) == [False, True, False]
    assert narrow_places(TravelTimes(None), places) == [False] * 3
    assert narrow_places(TravelTimes(town.street_map()), []) == []
