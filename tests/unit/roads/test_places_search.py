"""Places of a small town: found, ranked, told from their neighbours where they are missing, and saying so."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.domain.geometry import Position, distance_m
from dispatch.roads.osm_import import import_osm
from dispatch.roads.places import Place, PlaceKind
from dispatch.roads.places_index import PlaceIndex
from dispatch.roads.places_numbers import House, HouseNumbers
from dispatch.roads.places_osm import read_places
from dispatch.roads.places_search import Found, search
from dispatch.roads.places_there import there
from tests.browser.stage import corner, town
from tests.support.data import shared

STEP_M = 445.0


def house(street: str, number: str, row: float, column: float) -> Place:
    """A house at a corner of the town."""
    lat, lon = corner(0, 0)
    step = 0.004
    return Place(kind=PlaceKind.ADDRESS, name=street, number=number, lat=lat + row * step, lon=lon + column * step)


def landmark(name: str, sort: str, row: int, column: int, *aliases: str) -> Place:
    """A landmark at a corner of the town."""
    lat, lon = corner(row, column)
    return Place(kind=PlaceKind.LANDMARK, name=name, sort=sort, aliases=aliases, lat=lat, lon=lon)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> PlaceIndex:
    """The town of the browser tests with some houses and landmarks: 中山路 … run east, 中山路二段 … north."""
    lat, lon = corner(8, 8)
    places = [
        house("中山路", "1號", 0, 1),
        house("中山路", "11號", 0, 1.5),
        house("中山路", "2", 0, 3),
        house("中山路", "100號", 0, 9),
        house("中山路", "123巷4弄5號", 0.2, 10),
        house("民族路一號巷", "3號", 1, 1),
        landmark("仁愛醫院", "hospital", 8, 8, "Renai Hospital"),
        landmark("仁愛醫院", "hospital", 8, 8),
        landmark("仁愛超市", "supermarket", 2, 2),
        landmark("嘉義", "station", 4, 4),
        Place(kind=PlaceKind.LOCALITY, name="東門", sort="suburb", lat=lat, lon=lon),
    ]
    return PlaceIndex(import_osm(town(tmp_path_factory.mktemp("town") / "town.osm")), places)


def best(index: PlaceIndex, text: str) -> Found:
    """The first answer."""
    return search(index, text, 5)[0]


def labels(index: PlaceIndex, text: str, **more: Position) -> list[str]:
    """All answers' labels."""
    return [one.label for one in search(index, text, 5, **more)]


@pytest.mark.parametrize("text", ["中山路100號", "中山路１００", "嘉義市東區中山路100號3樓", "中山路 一百號"])
def test_a_known_house_is_exact(index: PlaceIndex, text: str) -> None:
    """However it is typed, with its city and floor too."""
    found = best(index, text)
    assert (found.kind, found.label, found.precision, found.near) == ("address", "中山路100號", "exact", ())
    assert (found.lat, found.lon) == pytest.approx(corner(0, 9))


def test_a_missing_house_lies_between_its_neighbours_of_the_same_side(index: PlaceIndex) -> None:
    """Half way from 1 to 11 for 6 odd numbers' middle; the even 2 has no say."""
    found = best(index, "中山路6號")
    assert found.precision == "nearest"
    found = best(index, "中山路7號")
    assert (found.precision, found.near) == ("interpolated", ("中山路1號", "中山路11號"))
    assert found.lon == pytest.approx(corner(0, 1)[1] + 0.6 * 0.002)


def test_far_neighbours_say_little(index: PlaceIndex) -> None:
    """Between 2 and 100 lie kilometres: the nearest known number is named instead; past the last one as well."""
    assert best(index, "中山路50號").near == ("中山路11號",)
    assert best(index, "中山路999號").near == ("中山路100號",)


def test_a_street_without_numbers_says_so(index: PlaceIndex) -> None:
    """Its middle, and that it is only the street."""
    found = best(index, "忠孝路8號")
    assert (found.label, found.precision, found.near) == ("忠孝路8號", "street", ("忠孝路",))


def test_lanes_that_the_map_has_not(index: PlaceIndex) -> None:
    """An address with lane and alley is found as the map splits it; a lane that is nowhere begins at its number."""
    assert best(index, "中山路123巷4弄5號").precision == "exact"
    known = best(index, "中山路11巷3號")
    assert (known.label, known.precision, known.near) == ("中山路11巷3號", "nearest", ("中山路11號",))
    assert best(index, "忠孝路9巷2弄3號").precision == "street"
    assert best(index, "民族路一號巷3號").kind == "address"
    assert all(found.similar for found in search(index, "無名路9巷3號", 5))


@pytest.mark.parametrize(
    "text", ["中山路與民族路二段口", "民族路二段/中山路", "中山路民族路二段", "中山路 & 民族路2段"]
)
def test_a_crossing_is_where_both_streets_meet(index: PlaceIndex, text: str) -> None:
    """In any order and with any sign."""
    found = best(index, text)
    assert found.kind == "crossing"
    assert distance_m(Position(found.lat, found.lon), Position(*corner(0, 1))) < 5


def test_a_crossing_half_typed_offers_who_crosses(index: PlaceIndex) -> None:
    """After the sign all streets that cross; streets that run side by side have none."""
    offered = search(index, "中山路與", 20)
    assert len(offered) == 16
    assert {one.kind for one in offered} == {"crossing"}
    assert not any(one.kind == "crossing" for one in search(index, "中山路/忠孝路口", 5) if "二段" not in one.label)


def test_landmarks_by_any_name_once_each(index: PlaceIndex) -> None:
    """A hospital mapped twice is one; English and station names work; the hospital goes before the supermarket."""
    assert labels(index, "仁愛") == ["仁愛醫院", "仁愛超市"]
    assert best(index, "renai hosp").label == "仁愛醫院"
    assert best(index, "hospital renai").label == "仁愛醫院"
    assert best(index, "嘉義火車站").sort == "station"
    assert best(index, "東門").kind == "locality"
    assert best(index, "仁愛醫院").area == "東門"


def test_a_street_by_its_beginning_and_nearness(index: PlaceIndex) -> None:
    """The whole name first; of two that fit alike the nearer one."""
    assert labels(index, "中山路") == ["中山路", "中山路二段"]
    east, north = Position(*corner(2, 14)), Position(*corner(14, 2))
    assert labels(index, "忠孝", near=east)[0] == "忠孝路"
    assert labels(index, "忠孝", near=north)[0] == "忠孝路二段"


def test_a_slip_is_answered_with_what_looks_alike(index: PlaceIndex) -> None:
    """Flagged as such, with the house number kept; nonsense finds nothing, and neither do spaces."""
    found = best(index, "中三路100號")
    assert found.similar
    assert best(index, "吳鳯路").label == "吳鳳路"
    assert best(index, "仁艾醫院").similar
    assert search(index, "zzqq", 5) == []
    assert search(index, " 、 ", 5) == []
    assert search(index, "qqqq wwww", 5) == []


def test_what_is_at_a_point(index: PlaceIndex) -> None:
    """The house in front of which one stands, else the crossing, near or at it; nothing far outside."""
    at_house = there(index, Position(*corner(0, 9)))
    assert at_house is not None
    assert (at_house.label, at_house.precision) == ("中山路100號", "exact")
    lat, lon = corner(5, 5)
    at_crossing = there(index, Position(lat, lon))
    near_crossing = there(index, Position(lat + 0.001, lon))
    assert at_crossing is not None
    assert near_crossing is not None
    assert (at_crossing.kind, at_crossing.precision, near_crossing.precision) == ("crossing", "exact", "nearest")
    assert near_crossing.near == (near_crossing.label,) == (at_crossing.label,)
    assert there(index, Position(0.0, 0.0)) is None


def test_house_numbers_by_themselves() -> None:
    """12-3 stands at 12; the beginning of a number offers what it may become; a street without any has no answer."""
    spot = Position(23.5, 120.5)
    numbers = HouseNumbers([House("12", spot), House("121", spot), House("12", Position(0, 0)), House("7", spot)])
    located = numbers.locate("12-3")
    assert located is not None
    assert (located.place, located.near) == (spot, ("12",))
    assert [one.number for one in numbers.beginning("12", 5)] == ["12", "121"]
    assert HouseNumbers([]).locate("1") is None


def test_a_map_without_names_finds_nothing(tmp_path: Path) -> None:
    """No street has a name, no place is known: empty answers, not errors."""
    path = town(tmp_path / "town.osm")
    path.write_text(path.read_text(encoding="utf-8").replace('k="name"', 'k="note"'), encoding="utf-8")
    bare = PlaceIndex(import_osm(path), [])
    assert search(bare, "中山路100號", 5) == []
    assert there(bare, Position(*corner(1, 1))) is None


@pytest.mark.parametrize(
    ("city", "text", "kind", "label"),
    [
        ("andorra.osm.pbf", "av. meritxell 11", "address", "Avinguda Meritxell 11"),
        ("andorra.osm.pbf", "policia", "landmark", "Policia Andorrana"),
        ("andorra.osm.pbf", "andorra la vella", "locality", "Andorra la Vella"),
        ("krems.osm.gz", "wiener str. 3", "address", "Wiener Straße 3"),
        ("krems.osm.gz", "wiener strasse / ringstr", "crossing", "Wiener Straße / Ringstraße"),
        ("krems.osm.gz", "untere landstrasse", "street", "Untere Landstraße"),
    ],
)
def test_real_cities(city: str, text: str, kind: str, label: str) -> None:
    """OpenStreetMap as it is: German and Catalan names, typed in a hurry."""
    path = shared(f"roads/{city}")
    found = best(PlaceIndex(import_osm(path), read_places(path)), text)
    assert (found.kind, found.label) == (kind, label)


def test_one_name_in_two_villages_is_two_streets() -> None:
    """Carrer Major of La Massana and of Sispony are told apart by where they are."""
    path = shared("roads/andorra.osm.pbf")
    found = search(PlaceIndex(import_osm(path), read_places(path)), "carrer major", 2)
    assert {one.area for one in found} == {"La Massana", "Sispony"}
