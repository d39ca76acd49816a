"""Which streets a track was driven on: told again from what a receiver says, on generated and on real streets."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dispatch.demo.motion import Vehicle
from dispatch.domain.geometry import Position
from dispatch.roads.matching import Matcher, joined
from dispatch.roads.osm_import import import_osm
from dispatch.roads.speed_factors import PRIORS
from dispatch.roads.street_map import StreetMap
from dispatch.roads.travel import TravelTimes
from dispatch.roads.turn_rules import TurnRule
from dispatch.roads.way_points import STOP_MAX_S, WayPoints, way_points
from tests.support.data import shared
from tests.support.drives import Seen, drive, legs_between
from tests.unit.roads.generated import city, city_places
from tests.unit.roads.towns import Town, place


def points_of(seen: Seen) -> WayPoints:
    return way_points(seen.at_s, seen.lat, seen.lon)


def right_share(street_map: StreetMap, drives: list[Seen]) -> tuple[float, float]:
    """(share of the matched metres that lie on the true arcs, share of the true seconds that were matched)."""
    right = metres = seconds = took = 0.0
    for seen, driven in zip(drives, Matcher(street_map).match([points_of(one) for one in drives]), strict=True):
        right += float(driven.piece_m[np.isin(driven.piece_arc, seen.arcs)].sum())
        metres += driven.metres
        seconds += driven.seconds
        took += float(seen.at_s[-1] - seen.at_s[0])
    return right / metres, seconds / took


def drives_over(travel: TravelTimes, places: list[Position], **how: float) -> list[Seen]:
    rng = np.random.default_rng(4)
    pairs = zip(places[::2], places[1::2], strict=True)
    return [drive(travel, a, b, rng, PRIORS, **how) for a, b in pairs if len(legs_between(travel, a, b)) > 2]  # type: ignore[arg-type]


def test_drives_through_the_generated_city_are_told_again() -> None:
    """With five metres of wandering error and a gap now and then: 97 % of the metres, and nearly all of the time."""
    right, seconds = right_share(city().street_map, drives_over(city(), city_places(11, 80), gap_chance=0.3))  # type: ignore[arg-type]
    assert right > 0.97
    assert seconds > 0.95


def test_drives_over_real_streets_are_told_again() -> None:
    """A real town, with one-way streets, banned turns and carriageways side by side."""
    street_map = import_osm(shared("roads/krems.osm.gz"), None)
    rng = np.random.default_rng(2)
    at = rng.integers(0, street_map.nodes, 60)
    places = [Position(float(street_map.node_lat[n]), float(street_map.node_lon[n])) for n in at]
    right, seconds = right_share(street_map, drives_over(TravelTimes(street_map), places))
    assert right > 0.95
    assert seconds > 0.95


def test_the_demo_s_own_cars_are_told_again() -> None:
    """What the demo's vehicles say of a route, in degrees of four digits of a minute, leads back to that route."""
    travel, (begin, end) = city(), city_places(21, 2)
    route = travel.route(begin, end)
    vehicle = Vehicle(Position(route.line[0][1], route.line[0][0]), random.Random(3))
    vehicle.drive(route.line, route.eta_s, route.distance_m)
    fixes: list[tuple[float, float, float]] = []
    now = datetime(2026, 11, 2, tzinfo=UTC)
    while not vehicle.arrived:
        vehicle.advance(1.0)
        now += timedelta(seconds=1)
        words = vehicle.nmea(now).split(",")
        lat, lon = float(words[3][:2]) + float(words[3][2:]) / 60, float(words[5][:3]) + float(words[5][3:]) / 60
        fixes.append((now.timestamp(), lat, lon))
    driven = Matcher(travel.street_map).match([way_points(*np.array(fixes).T)])[0]  # type: ignore[arg-type]
    legs = legs_between(travel, begin, end)
    back = travel.street_map.arcs.back_of_edge  # type: ignore[union-attr]
    wanted = [edge if first <= last else int(back[edge]) for edge, first, last in legs]
    assert set(joined(driven.piece_arc)) <= set(wanted)
    assert driven.metres == pytest.approx(route.distance_m, rel=0.05)


def ladder() -> StreetMap:
    """Two streets side by side, 60 m apart, joined every 200 m."""
    town = Town()
    for row in range(2):
        for n in range(5):
            town.street(10 * row + n, 10 * row + n + 1, (60 * row, 200 * n), (60 * row, 200 * (n + 1)))
    for n in range(6):
        town.street(n, 10 + n, (0, 200 * n), (60, 200 * n))
    return town.street_map()


def track(*metres: tuple[float, float, float]) -> WayPoints:
    """Way points of fixes as (seconds, metres north, metres east)."""
    at = [place(north, east) for _, north, east in metres]
    return way_points(np.array([s for s, _, _ in metres]), np.array([p.lat for p in at]), np.array([p.lon for p in at]))


def test_a_fix_on_the_wrong_side_does_not_change_the_street() -> None:
    """Nearer to the parallel street for one moment: the way there and back would be far too long."""
    street_map = ladder()
    driven = Matcher(street_map).match(
        [track(*((n, 38 if n == 30 else 3 * (-1) ** n, 10.0 * n) for n in range(10, 90)))]
    )[0]
    assert len({int(street_map.arcs.edge[arc]) for arc in driven.piece_arc}) <= 5
    assert driven.seconds == pytest.approx(79, abs=4)


def test_waiting_at_a_light_belongs_to_the_leg_and_parking_does_not() -> None:
    """A minute is driving time; half an hour in the middle is cut out with its leg; before and after nothing counts."""
    east = [(float(n), 0.0, 10.0 * n) for n in range(40)]

    def with_stop(seconds: float) -> WayPoints:
        stood = [(39 + s, 1.0, 391.0) for s in np.arange(1.0, seconds, 10)]
        return track(*east, *stood, *((39 + seconds + n, 0.0, 390 + 10.0 * n) for n in range(1, 40)))

    waited, parked = Matcher(ladder()).match([with_stop(60), with_stop(1800)])
    assert waited.seconds == pytest.approx(78 + 60, abs=5)
    assert parked.seconds == pytest.approx(78, abs=6)
    late = track(*((float(n), 0.5, 0.0) for n in range(0, 900, 5)), *((900.0 + s, n, e) for s, n, e in east))
    assert late.at_s[0] >= 895
    assert not np.any(np.diff(late.at_s)[~late.cut_after[:-1]] > STOP_MAX_S)


def test_leaps_and_gaps_are_left_out() -> None:
    """One fix two kilometres off, and a minute without any on the motorway's other side: no leg goes there."""
    fixes = [(float(n), 0.0, 10.0 * n) for n in range(60)]
    fixes[30] = (30.0, 2000.0, 300.0)
    leapt = Matcher(ladder()).match([track(*fixes)])[0]
    assert leapt.metres == pytest.approx(590, abs=25)
    gone = track(*((float(n), 0.0, 10.0 * n) for n in (*range(20), *range(60, 90))))
    assert gone.cut_after.sum() == 1


def test_a_banned_turn_is_no_way() -> None:
    """Round a corner: matched in one piece where one may turn, and cut at the corner where one may not."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 200))
    town.street(1, 2, (0, 200), (200, 200))
    town.street(1, 3, (0, 200), (0, 400))
    corner = [(float(n), 0.0, 10.0 * n) for n in range(20)] + [(20.0 + n, 10.0 * n, 200.0) for n in range(20)]
    free, banned = (Matcher(town.street_map(*rules)).match([track(*corner)])[0] for rules in ((), (TurnRule(1, 1, 2),)))
    assert free.metres == pytest.approx(380, abs=30)
    assert free.seconds == pytest.approx(38, abs=3)
    assert banned.seconds < free.seconds


def test_nothing_is_matched_where_there_is_nothing() -> None:
    """No track, no fix, a car that stood, and one far from any street: no legs, no error."""
    far = track(*((float(n), 5000.0, 10.0 * n) for n in range(30)))
    stood = track(*((float(n), 0.0, 0.0) for n in range(30)))
    empty = way_points(np.zeros(0), np.zeros(0), np.zeros(0))
    matcher = Matcher(ladder())
    assert matcher.match([]) == []
    assert [one.metres for one in matcher.match([far, stood, empty])] == [0, 0, 0]
    assert (len(stood), len(empty)) == (0, 0)
