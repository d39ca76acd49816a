"""Addresses, landmarks and localities out of OpenStreetMap's tags, points, ways and relations."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.roads.generated_places import generated_places
from dispatch.roads.places import Place, PlaceKind
from dispatch.roads.places_osm import places_of, read_places
from dispatch.roads.refusal import MapRefused
from dispatch.roads.street_map import Extent
from tests.support.cities import generated_chiayi

FILE = """<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">
<node id="1" version="1" lat="23.0" lon="120.0"/><node id="2" version="1" lat="23.0" lon="120.2"/>
<node id="3" version="1" lat="23.2" lon="120.2"/><node id="4" version="1" lat="23.2" lon="120.0"/>
<node id="5" version="1" lat="23.5" lon="120.5"><tag k="name" v="北社尾"/><tag k="place" v="village"/></node>
<way id="10" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/>
 <tag k="building" v="yes"/><tag k="addr:street" v="中山路"/><tag k="addr:housenumber" v="1;3"/></way>
<way id="11" version="1"><nd ref="2"/><nd ref="3"/></way>
<way id="12" version="1"><nd ref="1"/><nd ref="4"/><tag k="highway" v="primary"/><tag k="name" v="中山路"/></way>
<way id="13" version="1"><nd ref="98"/><nd ref="99"/><tag k="name" v="無處"/><tag k="amenity" v="school"/></way>
<relation id="20" version="1"><member type="way" ref="11" role="outer"/><member type="way" ref="98" role="outer"/>
 <tag k="type" v="multipolygon"/><tag k="leisure" v="park"/><tag k="name" v="中央公園"/></relation>
<relation id="21" version="1"><member type="way" ref="11" role=""/>
 <tag k="type" v="route"/><tag k="name" v="1"/></relation>
</osm>"""


def kinds(**tags: str) -> list[tuple[str, str, str]]:
    """Kind, name and sort of what these tags make."""
    marked = {name.replace("__", ":"): value for name, value in tags.items()}
    return [(place.kind.value, place.name, place.sort or place.number) for place in places_of(marked, 0.0, 0.0)]


def test_points_ways_and_relations_have_a_middle(tmp_path: Path) -> None:
    """A house of two numbers is two addresses, in the middle of its outline; a park is where its known rings are; a
    street is no landmark; what has no place is left out; a box cuts."""
    path = tmp_path / "city.osm"
    path.write_text(FILE, encoding="utf-8")
    found = read_places(path)
    seen = {(p.kind, p.name, p.number): (round(p.lat, 3), round(p.lon, 3)) for p in found}
    assert seen == {
        (PlaceKind.LOCALITY, "北社尾", ""): (23.5, 120.5),
        (PlaceKind.ADDRESS, "中山路", "1"): (23.1, 120.1),
        (PlaceKind.ADDRESS, "中山路", "3"): (23.1, 120.1),
        (PlaceKind.LANDMARK, "中央公園", ""): (23.1, 120.2),
    }
    assert [p.name for p in read_places(path, Extent(23.4, 120.4, 23.6, 120.6))] == ["北社尾"]


def test_what_tags_make_of_a_thing() -> None:
    """A shop with an address is both; a bus platform is nothing; a brand stands for a name; names in other languages
    are kept."""
    both = kinds(addr__street="中山路", addr__housenumber="7", name="全家", shop="convenience")
    assert both == [("address", "中山路", "7"), ("landmark", "全家", "convenience")]
    assert kinds(addr__place="Egelsee", addr__housenumber="12") == [("address", "Egelsee", "12")]
    assert kinds(addr__housenumber="12") == []
    assert kinds(name="月台", railway="platform") == []
    assert kinds(name="無類", note="x") == []
    assert kinds(brand="7-Eleven", shop="convenience") == [("landmark", "7-Eleven", "convenience")]
    assert kinds(brand="7-Eleven", office="yes") == []
    assert kinds(name="某樓", building="apartments") == [("landmark", "某樓", "apartments")]
    (named,) = places_of({"name": "醫院", "amenity": "hospital", "name:en": "H", "alt_name": "A;B;醫院"}, 0.0, 0.0)
    assert named.aliases == ("H", "A", "B")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """With its name, as the streets of it would be."""
    path = tmp_path / "city.osm"
    path.write_text(FILE[:600], encoding="utf-8")
    with pytest.raises(MapRefused, match=r"city\.osm"):
        read_places(path)


def test_the_generated_city_is_the_same_for_the_same_seed() -> None:
    """Thousands of addresses with odd numbers on one side and even ones on the other, a few dozen landmarks."""
    city = generated_chiayi(1)
    places = generated_places(city, 1)
    assert places == generated_places(city, 1)
    by_kind = {kind: [p for p in places if p.kind is kind] for kind in PlaceKind}
    assert len(by_kind[PlaceKind.ADDRESS]) > 5000
    assert 30 < len(by_kind[PlaceKind.LANDMARK]) < 100
    assert len({(p.name, p.number, p.lat) for p in by_kind[PlaceKind.ADDRESS]}) == len(by_kind[PlaceKind.ADDRESS])
    assert all(isinstance(p, Place) and city.extent.south - 0.01 < p.lat < city.extent.north + 0.01 for p in places)
