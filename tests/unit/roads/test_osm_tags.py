"""What tags mean to a patrol car."""

from __future__ import annotations

import pytest

from dispatch.roads.osm_tags import Direction, blocks, denied, direction, limit_kmh, limits_kmh, street_class


@pytest.mark.parametrize("highway", ["motorway", "primary_link", "residential", "service", "living_street", "road"])
def test_cars_drive_streets(highway: str) -> None:
    """A street's class is its highway value."""
    assert street_class({"highway": highway}) == highway


@pytest.mark.parametrize("highway", ["footway", "cycleway", "steps", "track", "construction", "platform", ""])
def test_cars_leave_paths_alone(highway: str) -> None:
    """What is no street for cars has no class."""
    assert street_class({"highway": highway}) is None


@pytest.mark.parametrize(
    ("tags", "out"),
    [
        ({}, False),
        ({"access": "no"}, True),
        ({"access": "private"}, True),
        ({"access": "destination"}, False),
        ({"access": "no", "motor_vehicle": "yes"}, False),
        ({"access": "yes", "vehicle": "private"}, True),
        ({"vehicle": "no", "motor_vehicle": "destination"}, False),
        ({"motor_vehicle": "yes", "motorcar": "no"}, True),
        ({"access": "no", "emergency": "yes"}, False),
        ({"motor_vehicle": "agricultural"}, True),
    ],
)
def test_the_most_special_access_tag_decides(tags: dict[str, str], out: bool) -> None:
    """motorcar outranks motor_vehicle, that vehicle, that access; police are emergency vehicles."""
    assert denied(tags) is out


@pytest.mark.parametrize(
    ("tags", "way"),
    [
        ({"highway": "primary"}, Direction.BOTH),
        ({"highway": "primary", "oneway": "yes"}, Direction.FORWARD),
        ({"highway": "primary", "oneway": "true"}, Direction.FORWARD),
        ({"highway": "primary", "oneway": "1"}, Direction.FORWARD),
        ({"highway": "primary", "oneway": "-1"}, Direction.BACKWARD),
        ({"highway": "primary", "oneway": "no"}, Direction.BOTH),
        ({"highway": "primary", "oneway": "no", "oneway:motor_vehicle": "yes"}, Direction.FORWARD),
        ({"highway": "motorway"}, Direction.FORWARD),
        ({"highway": "motorway", "oneway": "no"}, Direction.BOTH),
        ({"highway": "motorway_link"}, Direction.BOTH),
        ({"highway": "tertiary", "junction": "roundabout"}, Direction.FORWARD),
        ({"highway": "tertiary", "junction": "roundabout", "oneway": "-1"}, Direction.BACKWARD),
    ],
)
def test_one_way_said_or_implied(tags: dict[str, str], way: Direction) -> None:
    """A tag decides; without one, motorways and roundabouts are one-way."""
    assert direction(tags) is way


@pytest.mark.parametrize(
    ("value", "kmh"),
    [("50", 50), ("50 km/h", 50), ("30 mph", 48.28032), ("90;30", 90), ("signals", None), ("", None), (None, None),
     ("0", None), ("TW:urban", None), ("-5", None)],
)  # fmt: skip
def test_limits_are_read_with_their_unit(value: str | None, kmh: float | None) -> None:
    """km/h unless it says otherwise; what is no positive number is no limit."""
    assert limit_kmh(value) == (kmh if kmh is None else pytest.approx(kmh))


def test_each_direction_may_have_its_own_limit() -> None:
    """maxspeed:backward replaces the common limit one way only."""
    assert limits_kmh({"maxspeed": "60", "maxspeed:backward": "40"}) == (60, 40)


@pytest.mark.parametrize(
    ("tags", "shut"),
    [
        ({}, False),
        ({"access": "no"}, False),
        ({"barrier": "gate"}, False),
        ({"barrier": "gate", "access": "private"}, True),
        ({"barrier": "bollard"}, True),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, False),
        ({"barrier": "bollard", "access": "no", "emergency": "yes"}, False),
    ],
)
def test_barriers_stop_cars_unless_they_open(tags: dict[str, str], shut: bool) -> None:
    """Bollards stop, gates let through, and access tags on either have the last word."""
    assert blocks(tags) is shut
