"""Streets of a scenario: each source gives a map, or says why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dispatch.domain.refusals import Invalid, NoMap
from dispatch.simulator.scenario import Streets, StreetSource
from dispatch.simulator.street_source import open_streets
from tests.support.cities import generated_chiayi
from tests.support.data import shared

HERE = Path()
TOWN = """<osm version="0.6">
 <node id="1" lat="23.470" lon="120.440"/><node id="2" lat="23.480" lon="120.440"/>
 <node id="3" lat="23.480" lon="120.450"/>
 <way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/></way>
</osm>"""


def lines(*coordinates: list[list[float]]) -> str:
    """GeoJSON of these lines."""
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": line}}
        for line in coordinates
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def test_generated_streets_are_those_of_the_seed() -> None:
    """The demo's generator."""
    found = open_streets(Streets(source=StreetSource.GENERATED, seed=7), HERE)
    assert found.info.sha256 == generated_chiayi(7).info.sha256


def test_loaded_streets_are_those_that_are_given() -> None:
    """Where the database has none, the remedy is told."""
    city = generated_chiayi(7)
    assert open_streets(Streets(source=StreetSource.LOADED), HERE, city) is city
    with pytest.raises(NoMap, match="patrol map import"):
        open_streets(Streets(source=StreetSource.LOADED), HERE)


def test_a_file_is_sought_beside_the_scenario(tmp_path: Path) -> None:
    """OpenStreetMap data, cut to a box where one is given."""
    (tmp_path / "town.osm").write_text(TOWN)
    found = open_streets(Streets(source=StreetSource.FILE, file="town.osm"), tmp_path)
    assert found.kilometres == pytest.approx(2.13, abs=0.01)
    box = (120.43, 23.46, 120.445, 23.49)
    cut = open_streets(Streets(source=StreetSource.FILE, file="town.osm", bbox=box), tmp_path)
    assert cut.kilometres == pytest.approx(1.11, abs=0.01)


def test_lines_meet_where_they_end(tmp_path: Path) -> None:
    """Both ways at the given speed; a crossing without an end is a bridge."""
    here, there, beyond = [120.44, 23.47], [120.44, 23.48], [120.45, 23.48]
    crossing = [[120.43, 23.475], here]
    (tmp_path / "a.geojson").write_text(lines([here, there], [there, beyond], crossing))
    found = open_streets(Streets(source=StreetSource.LINES, file="a.geojson", speed_mps=10), tmp_path)
    assert (found.nodes, found.edges) == (4, 3)
    assert found.edge_time_s.sum() == pytest.approx(found.edge_length_m.sum() / 10)
    assert (found.edge_back_s == found.edge_time_s).all()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "this is not a GeoJSON"),
        ('{"features": [{"geometry": {"type": "Point", "coordinates": [1, 2]}}]}', "this is not a GeoJSON"),
        ('{"features": [{"geometry": {"type": "Polygon", "coordinates": [[1, 2], [3, 4]]}}]}', "this is not a GeoJSON"),
        ('{"features": []}', "holds no line"),
    ],
)
def test_lines_that_are_none_are_refused(tmp_path: Path, content: str, said: str) -> None:
    """By the file's name."""
    (tmp_path / "a.geojson").write_text(content)
    with pytest.raises(Invalid, match=rf"^a\.geojson: .*{said}"):
        open_streets(Streets(source=StreetSource.LINES, file="a.geojson", speed_mps=10), tmp_path)


def test_real_lines() -> None:
    """Chiayi's proxy streets, whole: 2,654 junctions and 619 km."""
    path = shared("chiayi/streets-proxy.geojson")
    found = open_streets(Streets(source=StreetSource.LINES, file=path.name, speed_mps=8), path.parent)
    assert (found.nodes, found.edges) == (2654, 4158)
    assert found.kilometres == pytest.approx(619, abs=1)
