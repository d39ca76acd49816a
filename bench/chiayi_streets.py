"""Chiayi's proxy streets as a street map, for benchmarks: real ground, no names, classes or one-way streets.

Read in place from ../shared/data/chiayi/streets-proxy.geojson (edges of statistical blocks, `kiang/taiwan_basecode`).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

from dispatch.roads.assembly import Run, assemble
from dispatch.roads.speeds import running_speed_mps
from dispatch.roads.street_map import MapInfo, StreetMap

FILE: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "chiayi" / "streets-proxy.geojson"
STREET_CLASS: Final = "unclassified"
"""28 km/h both ways everywhere: between the lanes and the arterials that the file does not tell apart."""


def chiayi(file: Path = FILE) -> StreetMap:
    """The streets of the file; its 2,654 junctions are the map's."""
    content = file.read_bytes()
    speed_mps = running_speed_mps(STREET_CLASS, None)
    keys: dict[tuple[float, float], int] = {}
    runs: list[Run] = []
    for feature in json.loads(content)["features"]:
        points = [(float(lon), float(lat)) for lon, lat in feature["geometry"]["coordinates"]]
        # only ends are shared between features: an inner point that two of them have is a touch, no junction
        ends = [keys.setdefault(point, len(keys)) for point in (points[0], points[-1])]
        inner = [-(len(runs) << 20) - number for number in range(1, len(points) - 1)]
        lons, lats = zip(*points, strict=True)
        runs.append(Run([ends[0], *inner, ends[1]], lats, lons, STREET_CLASS, "", speed_mps, speed_mps))
    info = MapInfo(source=file.name, sha256=hashlib.sha256(content).hexdigest(), ways_taken=len(runs))
    street_map = assemble(runs, info)
    if street_map is None:
        raise AssertionError(f"{file.name} holds no street")
    return street_map
