"""The streets of a scenario: generated, from an OpenStreetMap file, from lines, or those that the server has loaded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from dispatch.domain.refusals import Invalid, NoMap
from dispatch.roads.assembly import Run, assemble
from dispatch.roads.generated_city import generate_chiayi
from dispatch.roads.osm_import import import_osm
from dispatch.roads.street_map import Extent, MapInfo, StreetMap
from dispatch.simulator.scenario import Streets, StreetSource

LINE_CLASS: Final = "unclassified"
_WHAT_IS_READ: Final = "a GeoJSON FeatureCollection of LineStrings, lon, lat"


def open_streets(streets: Streets, folder: Path, loaded: StreetMap | None = None) -> StreetMap:
    """The street map; files are sought from `folder`, `loaded` is what the database has.

    Raises NoMap where none is loaded, MapRefused or Invalid for a file that is none, OSError for one unopened.
    """
    if streets.source is StreetSource.GENERATED:
        return generate_chiayi(streets.seed)
    if streets.source is StreetSource.LOADED:
        if loaded is None:
            raise NoMap("no street map is loaded; load one with `patrol map import FILE`, or name other streets")
        return loaded
    path = folder / str(streets.file)
    if streets.source is StreetSource.LINES:
        return read_lines(path, streets.speed_mps or 0.0)
    box = None if streets.bbox is None else Extent(streets.bbox[1], streets.bbox[0], streets.bbox[3], streets.bbox[2])
    return import_osm(path, box)


def read_lines(path: Path, speed_mps: float) -> StreetMap:
    """Streets from lines, each driven both ways at one speed; lines meet where they end. Raises Invalid, OSError."""
    content = path.read_bytes()
    try:
        lines = [_points(feature["geometry"]) for feature in json.loads(content)["features"]]
    except (ValueError, KeyError, TypeError) as defect:
        raise Invalid(f"{path.name}: this is not {_WHAT_IS_READ}", member="streets.file") from defect
    keys: dict[tuple[float, float], int] = {}
    runs: list[Run] = []
    for points in lines:
        first, last = (keys.setdefault(point, len(keys)) for point in (points[0], points[-1]))
        # only ends are shared: an inner point that two lines have is a touch or a bridge, no junction
        inner = [-(len(runs) << 20) - number for number in range(1, len(points) - 1)]
        lons, lats = zip(*points, strict=True)
        runs.append(Run([first, *inner, last], lats, lons, LINE_CLASS, "", speed_mps, speed_mps))
    info = MapInfo(source=path.name, sha256=hashlib.sha256(content).hexdigest(), ways_taken=len(runs))
    street_map = assemble(runs, info)
    if street_map is None:
        raise Invalid(f"{path.name}: it holds no line; it has to be {_WHAT_IS_READ}", member="streets.file")
    return street_map


def _points(geometry: dict[str, Any]) -> list[tuple[float, float]]:
    points = [(float(point[0]), float(point[1])) for point in geometry["coordinates"]]
    if geometry["type"] != "LineString" or len(points) < 2:
        raise ValueError(geometry["type"])
    return points
