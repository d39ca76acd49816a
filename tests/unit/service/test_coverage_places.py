"""A street map in few places: even over the streets, posts where one may wait, names that a crew finds."""

from __future__ import annotations

import numpy as np
import pytest

from dispatch.domain.geometry import Position
from dispatch.roads.travel import TravelTimes
from dispatch.service.coverage_names import PlaceNames, Station
from dispatch.service.coverage_places import MapPlaces, _along_curve, _pieces, places_of
from tests.unit.roads.towns import Town, place

SIDE = 16
STEP_M = 100.0


def grid(side: int = SIDE, *, motorway: bool = False) -> Town:
    """Crossing streets, every fourth a large one, named by number; the western one may be a motorway."""
    town = Town()
    for line in range(side):
        kind = "secondary" if line % 4 == 0 else "residential"
        for k in range(side - 1):
            across = (line * STEP_M, k * STEP_M), (line * STEP_M, (k + 1) * STEP_M)
            along = (k * STEP_M, line * STEP_M), ((k + 1) * STEP_M, line * STEP_M)
            north = "motorway" if motorway and line == 0 else kind
            town.street(line * side + k, line * side + k + 1, *across, street_class=kind, name=f"東西{line}路")
            town.street(k * side + line, (k + 1) * side + line, *along, street_class=north, name=f"南北{line}街")
    return town


@pytest.fixture(scope="module")
def places() -> MapPlaces:
    """Of a grid, with one station on it and one far away."""
    at, off = place(410, 820), place(90_000, 0)
    stations = [Station("北興", at.lat, at.lon), Station("遠方", off.lat, off.lon)]
    return places_of(7, TravelTimes(grid().street_map()), stations, sites=64, places=20)


def test_neighbours_on_the_curve_are_neighbours_in_the_city() -> None:
    """Along it every junction of a full grid is a step or two from the one before."""
    streets = grid().street_map()
    order = np.argsort(_along_curve(streets), kind="stable")
    lat_m = streets.node_lat[order] * 111_195
    lon_m = streets.node_lon[order] * 111_195 * np.cos(np.radians(streets.node_lat[0]))
    steps_m = np.hypot(np.diff(lat_m), np.diff(lon_m))
    assert steps_m.max() < 2.3 * STEP_M
    assert np.median(steps_m) == pytest.approx(STEP_M, rel=0.02)


def test_pieces_are_equally_long() -> None:
    """Each of them has its share of the streets, to within one junction's."""
    streets = grid().street_map()
    half_m = np.zeros(streets.nodes)
    for ends in (streets.edge_from, streets.edge_to):
        np.add.at(half_m, ends, streets.edge_length_m / 2)
    by_piece = np.bincount(_pieces(streets, 16), weights=half_m)
    assert len(by_piece) == 16
    assert np.abs(by_piece - half_m.sum() / 16).max() <= half_m.max()


def test_every_site_belongs_to_a_place_and_every_call_to_a_site(places: MapPlaces) -> None:
    """A place stands for the sites that it is near to, and for itself; a call beside the map goes to its edge."""
    assert len(places.group) == len(places.sites) == 64
    assert sorted(set(places.group.tolist())) == list(range(20))
    chosen = [int(np.flatnonzero(places.sites == node)[0]) for node in places.places]
    assert places.group[chosen].tolist() == list(range(20))
    site = int(places.sites[5])
    streets = places.names.street_map
    assert places.site_of([streets.node_lat[site]], [streets.node_lon[site]]).tolist() == [5]
    beside = place(-5_000, -5_000)
    south_west = int(places.site_of([beside.lat], [beside.lon])[0])
    assert streets.node_lat[places.sites[south_west]] < streets.node_lat.mean()


def test_posts_are_stations_and_large_junctions(places: MapPlaces) -> None:
    """The station on a street comes first, by its name; the one far away is none; most others are large crossings."""
    names = [post.name for post in places.posts]
    assert names[0] == "北興"
    assert "遠方" not in names
    assert len({post.node for post in places.posts}) == len(places.posts) <= 100
    crossing = [name for name in names[1:] if name.endswith("口")]
    assert len(crossing) > 0.9 * len(names)
    large = sum(any(f"{kind}{line}" in name for line in (0, 4, 8, 12) for kind in ("東西", "南北")) for name in names)
    assert large > 0.5 * len(names)


def test_nobody_waits_on_a_motorway() -> None:
    """Its junctions are the last choice of their piece, however large the street."""
    streets = grid(motorway=True).street_map()
    names = PlaceNames(streets, ())
    western = np.flatnonzero(streets.node_lon < streets.node_lon.min() + 1e-5)
    assert names.size_of_junctions()[western].max() == 0
    assert names.size_of_junctions().max() > 0


def test_times_to_places_and_posts_are_those_of_the_streets(places: MapPlaces) -> None:
    """At a post a unit is as far from everything as the post is; from nowhere nothing is within reach."""
    post = places.posts[3]
    to_places_s, to_posts_s = places.from_units_s([post.position, Position(10.0, 10.0)], 21)
    assert to_posts_s[0, 3] == 0
    np.testing.assert_allclose(to_places_s[0], places.from_posts_s(21)[3])
    assert np.isinf(to_places_s[1]).all()
    assert np.diag(places.between_s).max() == 0
    eta = places.travel.etas(places.position(4), [places.position(9)])[0]
    assert places.between_s[9, 4] == pytest.approx(eta.eta_s, rel=0.01)


def test_a_junction_is_called_so_that_a_crew_finds_it() -> None:
    """Two names, one name, the nearest name, or degrees."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 300), name="中山路", street_class="primary")
    town.street(1, 2, (0, 300), (300, 300), name="民族路")
    town.street(2, 3, (300, 300), (900, 300), name="")
    town.street(3, 4, (900, 300), (900, 900), name="")
    names = PlaceNames(town.street_map(), ())
    assert [names.of(node) for node in range(5)] == [
        "中山路",
        "中山路/民族路口",
        "民族路",
        "民族路附近",
        "民族路附近",
    ]
    assert names.station_near(place(0, 0)) is None
    bare = Town()
    bare.street(0, 1, (0, 0), (0, 300), name="")
    lat, lon = (float(part) for part in PlaceNames(bare.street_map(), ()).of(0).split(", "))
    assert (lat, lon) == pytest.approx((place(0, 0).lat, place(0, 0).lon), abs=1e-4)


def test_without_streets_there_are_no_places() -> None:
    """Whoever asks all the same has made a mistake."""
    with pytest.raises(ValueError, match="without streets"):
        places_of(1, TravelTimes(None), ())
