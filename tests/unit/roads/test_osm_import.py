"""From a file to streets, on files small enough to know the answer."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
from pathlib import Path

import pytest

from dispatch.roads.osm_import import import_osm, parse_bbox
from dispatch.roads.refusal import MapRefused
from dispatch.roads.street_map import Extent, StreetMap
from tests.unit.roads.osm_text import ROUND, SQUARE, Way, osm_text, write

STREET = {"highway": "residential"}


def imported(folder: Path, *ways: Way, node_tags: dict[int, dict[str, str]] | None = None) -> StreetMap:
    return import_osm(write(folder, osm_text(ways, node_tags=node_tags)))


def arcs_between(street_map: StreetMap, a: int, b: int) -> int:
    """How many arcs lead from one node of the file to another."""
    wanted = [
        next(n for n in range(street_map.nodes) if (street_map.node_lat[n], street_map.node_lon[n]) == SQUARE[key])
        for key in (a, b)
    ]
    arcs = street_map.arcs
    return int(((arcs.tail == wanted[0]) & (arcs.head == wanted[1])).sum())


def test_ways_are_split_where_streets_meet(tmp_path: Path) -> None:
    """A side street makes a junction in the middle of a way; a bend makes none."""
    street_map = imported(tmp_path, ROUND, ((4, 5), STREET))
    assert (street_map.nodes, street_map.edges, len(street_map.arcs.tail)) == (3, 3, 6)
    assert street_map.name_of(0) == "民權路"
    assert street_map.kilometres == pytest.approx((2 * 110.75 + 3 * 102.15) / 1000, abs=0.001)


def test_dead_ends_turning_circles_and_service_roads_stay(tmp_path: Path) -> None:
    """Access is kept: a cul-de-sac with its turning circle, and the yard behind it."""
    street_map = imported(
        tmp_path,
        ROUND,
        ((4, 5), STREET),
        ((5, 6), {"highway": "service", "service": "driveway"}),
        node_tags={5: {"highway": "turning_circle"}},
    )
    assert {street_map.class_of(edge) for edge in range(street_map.edges)} == {"residential", "service"}
    assert arcs_between(street_map, 5, 6) == arcs_between(street_map, 6, 5) == 1
    assert street_map.info.turning_circles == 1


def test_one_way_streets_have_one_arc(tmp_path: Path) -> None:
    """`yes` follows the nodes, `-1` runs against them."""
    ways = (((4, 5), STREET | {"oneway": "yes"}), ((5, 6), STREET), ((4, 3, 6), STREET | {"oneway": "-1"}))
    street_map = imported(tmp_path, ROUND, *ways)
    assert (arcs_between(street_map, 4, 5), arcs_between(street_map, 5, 4)) == (1, 0)
    assert (arcs_between(street_map, 6, 3), arcs_between(street_map, 3, 6)) == (1, 0)
    assert (arcs_between(street_map, 5, 6), arcs_between(street_map, 6, 5)) == (1, 1)


def test_what_cannot_be_left_again_is_cut_off_and_counted(tmp_path: Path) -> None:
    """A one-way street into nowhere and an island of streets do not enter the map."""
    far = {7: (23.60, 120.45), 8: (23.6001, 120.45)}
    ways = [ROUND, ((4, 5), STREET | {"oneway": "yes"}), ((7, 8), STREET)]
    street_map = import_osm(write(tmp_path, osm_text(ways, SQUARE | far)))
    assert street_map.edges == 2
    assert street_map.info.cut_off_edges == 2
    assert street_map.info.cut_off_km == pytest.approx(0.113, abs=0.001)


def test_dropped_ways_are_counted_by_reason(tmp_path: Path) -> None:
    """Every way with a highway tag is either taken or counted under one reason."""
    street_map = imported(
        tmp_path,
        ROUND,
        ((4, 5), {"highway": "footway"}),
        ((4, 5), {"highway": "service", "access": "private"}),
        ((98, 99), STREET),
        ((1, 2), {"building": "yes"}),
    )
    info = street_map.info
    assert info.dropped == {"no_access": 1, "not_drivable": 1, "without_nodes": 1}
    assert (info.ways_taken, info.missing_nodes) == (1, 2)


def test_speed_comes_from_the_limit_or_the_class(tmp_path: Path) -> None:
    """Four fifths of the limit; without one the class speed; each direction by its own limit."""
    along_limit = imported(tmp_path, ROUND, ((4, 5), STREET | {"maxspeed": "50", "maxspeed:backward": "25"}))
    edge = next(e for e in range(along_limit.edges) if along_limit.name_of(e) == "")
    metres = along_limit.edge_length_m[edge]
    assert along_limit.edge_time_s[edge] == pytest.approx(metres / (40 / 3.6))
    assert along_limit.edge_back_s[edge] == pytest.approx(metres / (20 / 3.6))
    by_class = imported(tmp_path, ((1, 2), {"highway": "primary"}))
    assert by_class.edge_length_m[0] / by_class.edge_time_s[0] == pytest.approx(40 / 3.6)


def test_a_backward_one_way_keeps_its_own_limit(tmp_path: Path) -> None:
    """Turning a way round turns its limits round too."""
    tags = STREET | {"oneway": "-1", "maxspeed:backward": "25", "maxspeed:forward": "100"}
    street_map = imported(tmp_path, ((1, 2), tags), ((1, 2), STREET))
    edge = next(e for e in range(street_map.edges) if math.isinf(street_map.edge_back_s[e]))
    assert street_map.edge_length_m[edge] / street_map.edge_time_s[edge] == pytest.approx(20 / 3.6)


def test_nobody_drives_through_a_bollard(tmp_path: Path) -> None:
    """A bollard cuts the street it stands on; both sides stay reachable, each from its own end."""
    street_map = imported(
        tmp_path, ((2, 1, 4, 5, 6), STREET), ((6, 3, 2), STREET), node_tags={4: {"barrier": "bollard"}}
    )
    assert street_map.info.barriers == 1
    assert (street_map.nodes, street_map.edges) == (4, 3)
    at_bollard = [n for n in range(street_map.nodes) if street_map.node_lon[n] == SQUARE[4][1]]
    ends = [*street_map.edge_from, *street_map.edge_to]
    assert [ends.count(node) for node in at_bollard] == [1, 1]


def test_box_cuts_streets_at_its_sides(tmp_path: Path) -> None:
    """Only points inside the box remain, and ways all outside are counted."""
    ways = [ROUND, ((4, 5, 6), STREET), ((5, 6), STREET)]
    box = Extent(23.47, 120.44, 23.49, 120.4525)
    street_map = import_osm(write(tmp_path, osm_text(ways)), box)
    assert street_map.extent.east == 120.452
    assert street_map.info.dropped == {"outside_bbox": 1}
    assert street_map.info.bbox == box


def test_order_of_the_file_does_not_matter(tmp_path: Path) -> None:
    """Ways before their nodes give the same streets."""
    text = osm_text([ROUND, ((4, 5), STREET)], ways_first=True)
    assert import_osm(write(tmp_path, text)).kilometres == imported(tmp_path, ROUND, ((4, 5), STREET)).kilometres


def test_gzip_and_the_digest_of_the_file(tmp_path: Path) -> None:
    """.osm.gz reads as .osm does, and the map knows which file it came from."""
    path = tmp_path / "嘉義.osm.gz"
    path.write_bytes(gzip.compress(osm_text([ROUND]).encode()))
    info = import_osm(path).info
    assert (info.source, info.generated) == ("嘉義.osm.gz", False)
    assert info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


GOOD = osm_text([ROUND]).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.osm", b""),
        ("empty.osm.pbf", b""),
        ("empty.osm.gz", b""),
        ("cut.osm", GOOD[:-20]),
        ("cut.osm.gz", gzip.compress(GOOD, mtime=0)[:-6]),
        ("noise.osm.pbf", os.urandom(4_000)),
        ("noise.osm.gz", gzip.compress(b"not a map", mtime=0)),
        ("other.osm", b"<html></html>"),
        ("text-as.osm.pbf", GOOD),
        ("bare.osm", b'<osm version="0.6"/>'),
        ("footpaths.osm", osm_text([((1, 2), {"highway": "footway"})]).encode()),
        ("unplaced.osm", osm_text([((98, 99), STREET)]).encode()),
        ("arrow.osm", osm_text([((1, 2), STREET | {"oneway": "yes"})]).encode()),
        ("broken-text.osm", GOOD.replace("民".encode(), b"\xff\xfe")),
        ("far-north.osm", osm_text([((1, 2), STREET)], {1: (123.0, 5.0), 2: (124.0, 5.0)}).encode()),
        ("town.shp", GOOD),
        ("town.osm.bz2", GOOD),
    ],
)
def test_what_is_no_map_is_refused_in_one_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    """Damaged, cut, empty, street-less and foreign files raise MapRefused, which names the file and says what to do."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MapRefused) as refused:
        import_osm(path)
    sentence = str(refused.value)
    assert sentence.startswith(f"{name}: ")
    assert sentence.endswith(f"{refused.value.remedy}.")
    assert "\n" not in sentence
    assert str(tmp_path) not in sentence


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """No such file, or a folder: the system's reason is passed on."""
    (tmp_path / "folder.osm").mkdir()
    for name in ("missing.osm.pbf", "folder.osm"):
        with pytest.raises(MapRefused, match=name):
            import_osm(tmp_path / name)


def test_box_outside_the_file_is_refused(tmp_path: Path) -> None:
    """A box without a street is no empty map."""
    with pytest.raises(MapRefused, match="inside the box"):
        import_osm(write(tmp_path, osm_text([ROUND])), Extent(1, 1, 2, 2))


def test_box_is_written_west_south_east_north() -> None:
    """The command line's order, and nothing else, is understood."""
    assert parse_bbox("120.4,23.4,120.5,23.5") == Extent(south=23.4, west=120.4, north=23.5, east=120.5)
    for wrong in ("", "1,2,3", "a,b,c,d", "120.5,23.4,120.4,23.5", "0,-91,1,1", "nan,0,1,1"):
        with pytest.raises(MapRefused, match="W,S,E,N"):
            parse_bbox(wrong)
