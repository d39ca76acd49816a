"""Which carriageway a moving unit is on, and what turning round costs it."""

from __future__ import annotations

import pytest

from dispatch.roads.assembly import Run
from dispatch.roads.snapping import Heading, StreetIndex
from dispatch.roads.stands import U_TURN_S
from dispatch.roads.street_map import StreetMap
from dispatch.roads.travel import TravelTimes
from tests.unit.roads.towns import Town, place

NORTH, SOUTH, EAST = Heading(2.0, 10.0), Heading(181.0, 10.0), Heading(90.0, 10.0)


def divided() -> StreetMap:
    """A street in two carriageways 14 m apart, the eastern one driven north, joined 500 m on either side."""
    town = Town()
    town.street(0, 1, (-500, 7), (500, 7), back_mps=0)
    town.street(1, 0, (500, -7), (500, -7.1), (-500, -7), back_mps=0)
    town.runs[1] = Run([2, 3], town.runs[1].lats[1:], town.runs[1].lons[1:], "residential", "", 10.0, 0.0)
    town.street(1, 2, (500, 7), (500, -7.1), back_mps=0)
    town.street(3, 0, (-500, -7), (-500, 7), back_mps=0)
    return town.street_map()


def driven_north(street_map: StreetMap, edge: int) -> bool:
    return bool(street_map.node_lat[street_map.edge_to[edge]] > street_map.node_lat[street_map.edge_from[edge]])


@pytest.mark.parametrize("east_m", [-14.0, -7.0, -2.0, 0.0, 2.0, 7.0, 14.0])
def test_the_carriageway_is_the_one_of_the_course(east_m: float) -> None:
    """Up to 20 m off, a car that drives north is on the northbound side, one that drives south on the other."""
    street_map = divided()
    index = StreetIndex(street_map)
    for heading, north in ((NORTH, True), (SOUTH, False)):
        snaps = index.snap([place(100, east_m)], [heading])
        assert driven_north(street_map, int(snaps.edge[0])) is north
        assert snaps.along[0] == 1


def test_a_parked_unit_is_on_the_nearest_street() -> None:
    """Without a heading, without speed, or far from the other carriageway: as before."""
    street_map = divided()
    index = StreetIndex(street_map)
    for heading in (None, Heading(180.0, 2.9)):
        snaps = index.snap([place(100, 9)], [heading])
        assert driven_north(street_map, int(snaps.edge[0]))
        assert snaps.along[0] == 0
    far = index.snap([place(100, 45)], [SOUTH])
    assert far.along[0] in {0, 1}
    assert far.found.all()
    with pytest.raises(ValueError, match="headings"):
        index.snap([place(0, 0)], [None, None])


def test_the_street_below_a_bridge_is_not_the_one_on_it() -> None:
    """At a crossing without a junction the course decides."""
    town = Town()
    town.street(0, 1, (0, -300), (0, 300))
    town.street(2, 3, (-300, 0), (300, 0))
    town.street(1, 3, (0, 300), (300, 300), (300, 0))
    index = StreetIndex(town.street_map())
    snaps = index.snap([place(1, 8), place(8, 1)], [NORTH, EAST])
    assert snaps.edge.tolist() == [1, 0]
    assert snaps.along.tolist() == [1, 1]
    assert index.snap([place(1, 8)], [Heading(270, 9)]).along.tolist() == [-1]


def test_turning_round_costs_its_seconds() -> None:
    """On a two-way street the car drives on for nothing, and turns round for U_TURN_S, on the same street or off it."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 1000))
    town.street(1, 2, (0, 1000), (500, 1000))
    town.street(0, 3, (0, 0), (500, 0))
    travel = TravelTimes(town.street_map())
    car = place(0, 500)
    west = Heading(270.0, 10.0)
    for target, metres in ((place(0, 800), 300), (place(300, 1000), 800)):
        ahead, behind, parked = (
            travel.etas(target, [car], headings=[heading])[0].eta_s for heading in (EAST, west, None)
        )
        assert ahead == pytest.approx(metres / 10, abs=0.2)
        assert parked == pytest.approx(ahead)
        assert behind == pytest.approx(ahead + U_TURN_S)
        assert travel.route(car, target, heading=west).eta_s == pytest.approx(behind)


def test_turning_round_is_not_always_best() -> None:
    """Where driving on round a short block is faster than turning, that is the way."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 400))
    town.street(1, 1, (0, 400), (20, 400), (20, 420), (0, 420), (0, 400))
    travel = TravelTimes(town.street_map())
    eta = travel.etas(place(0, 300), [place(0, 395)], headings=[EAST])[0]
    # to the end of the street and straight back, which the map allows there
    assert eta.eta_s == pytest.approx(10.5, abs=0.3)
    assert eta.distance_m == pytest.approx(105, abs=3)
