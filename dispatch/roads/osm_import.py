"""OpenStreetMap files (.osm.pbf, .osm, .osm.gz) become a street map, or are refused whole. Reads one file, no network.

Three passes, because a way may come before its nodes: places and barriers first, then streets, then turn restrictions.
What was left out, and why, is counted in the map's `info`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import osmium
import osmium.filter
import osmium.index
from osmium.osm import NODE, RELATION, WAY, Node, Relation, Way

from dispatch.roads.assembly import Run, assemble
from dispatch.roads.osm_tags import Direction, blocks, denied, direction, limits_kmh, street_class
from dispatch.roads.osm_turns import turn_rules
from dispatch.roads.refusal import MapRefused
from dispatch.roads.speeds import running_speed_mps
from dispatch.roads.street_map import Extent, MapInfo, StreetMap
from dispatch.roads.turn_rules import TurnRule

SUFFIXES: Final = (".osm.pbf", ".osm.gz", ".osm")
_FRESH: Final = "download it again and compare the checksum that its publisher gives"
_TURNING: Final = frozenset({"turning_circle", "turning_loop"})
_CHUNK_BYTES: Final = 1 << 20

NOT_DRIVABLE: Final = "not_drivable"
NO_ACCESS: Final = "no_access"
OUTSIDE: Final = "outside_bbox"
UNPLACED: Final = "without_nodes"

Point = tuple[int, float, float]  # key, lat, lon


def import_osm(path: Path, bbox: Extent | None = None) -> StreetMap:
    """The drivable streets of a file, cut to `bbox` if given. Raises MapRefused; then nothing has changed."""
    name = path.name
    if not name.lower().endswith(SUFFIXES):
        raise MapRefused(name, f"the name does not end in {', '.join(SUFFIXES)}", "give an OpenStreetMap extract")
    digest = _sha256(path)
    reader = _Reader(bbox)
    try:
        reader.read(str(path))
    # libosmium reports a file's defects as RuntimeError, and numbers, dates and text that are none as the others
    except (RuntimeError, ValueError, LookupError, OverflowError) as defect:
        reason = f"the file is damaged, incomplete or of another kind ({' '.join(str(defect).split())})"
        raise MapRefused(name, reason, _FRESH) from defect
    info = MapInfo(
        source=name,
        sha256=digest,
        bbox=bbox,
        ways_taken=reader.ways_taken,
        dropped=dict(sorted(reader.dropped.items())),
        missing_nodes=reader.missing_nodes,
        barriers=reader.barriers_met,
        turning_circles=len(reader.turning & {key for run in reader.runs for key in run.keys}),
        turn_rules_left_out=dict(sorted(reader.rules_left_out.items())),
    )
    street_map = assemble(reader.runs, info, reader.rules)
    if street_map is None:
        where = "" if bbox is None else " inside the box"
        counts = ", ".join(f"{count} {why}" for why, count in info.dropped.items()) or "no highway at all"
        reason = f"it holds no street{where} that a car can enter and leave again ({counts})"
        raise MapRefused(name, reason, "check which area the file covers")
    return street_map


def parse_bbox(text: str) -> Extent:
    """`W,S,E,N` in degrees, as the command line takes it. Raises MapRefused for anything else."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as defect:
        raise MapRefused(f"box {text}", "these are not four numbers", "write it as W,S,E,N in degrees") from defect
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise MapRefused(f"box {text}", "its sides are not in order", "write it as W,S,E,N in degrees, W < E and S < N")
    return Extent(south, west, north, east)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as defect:
        reason = defect.strerror or "it cannot be read"
        raise MapRefused(path.name, reason, "check its path and who may read it") from defect
    return digest.hexdigest()


class _Reader:
    """What one reading of a file has gathered."""

    def __init__(self, bbox: Extent | None) -> None:
        self._bbox = bbox
        self.runs: list[Run] = []
        self.dropped: Counter[str] = Counter()
        self.ways_taken = self.missing_nodes = self.barriers_met = 0
        self.turning: set[int] = set()
        self.rules: list[TurnRule] = []
        self.rules_left_out: Counter[str] = Counter()
        self._barriers: set[int] = set()
        self._sides = 0

    def read(self, path: str) -> None:
        places = osmium.NodeLocationsForWays(osmium.index.create_map("flex_mem"))
        places.ignore_errors()
        marked = osmium.filter.KeyFilter("barrier", "highway")
        for node in osmium.FileProcessor(path, NODE).with_filter(places).with_filter(marked):
            if isinstance(node, Node):
                self._take_node(node)
        highways = osmium.filter.KeyFilter("highway")
        for way in osmium.FileProcessor(path, WAY).with_filter(places).with_filter(highways):
            if isinstance(way, Way):
                self._take_way(way)
        restrictions = osmium.filter.TagFilter(("type", "restriction"))
        for relation in osmium.FileProcessor(path, RELATION).with_filter(restrictions):
            if isinstance(relation, Relation):
                self._take_restriction(relation)

    def _take_node(self, node: Node) -> None:
        tags = dict(node.tags)
        if blocks(tags):
            self._barriers.add(node.id)
        if tags.get("highway") in _TURNING:
            self.turning.add(node.id)

    def _take_way(self, way: Way) -> None:
        tags = dict(way.tags)
        kind = street_class(tags)
        if kind is None or way.deleted or not way.visible:
            self.dropped[NOT_DRIVABLE] += 1
            return
        if denied(tags):
            self.dropped[NO_ACCESS] += 1
            return
        along, against = (running_speed_mps(kind, limit) for limit in limits_kmh(tags))
        heading = direction(tags)
        placed = [
            (node.ref, node.location.lat, node.location.lon) if node.location.valid() else None for node in way.nodes
        ]
        missing = placed.count(None)
        self.missing_nodes += missing
        if heading is Direction.BACKWARD:
            placed.reverse()
            along, against = against, along
        if heading is not Direction.BOTH:
            against = 0.0
        name = tags.get("name") or tags.get("ref") or ""
        before = len(self.runs)
        for stretch in self._stretches(placed):
            keys, lats, lons = zip(*stretch, strict=True)
            self.runs.append(Run(keys, lats, lons, kind, name, along, against, way.id))
        if len(self.runs) > before:
            self.ways_taken += 1
        else:
            self.dropped[UNPLACED if missing else OUTSIDE] += 1

    def _take_restriction(self, relation: Relation) -> None:
        if relation.deleted or not relation.visible:
            return
        members = [(member.type, member.ref, member.role) for member in relation.members]
        rules = turn_rules(dict(relation.tags), members)
        if isinstance(rules, str):
            self.rules_left_out[rules] += 1
        else:
            self.rules.extend(rules)

    def _stretches(self, placed: Sequence[Point | None]) -> Iterator[list[Point]]:
        """Unbroken stretches of two places or more: a way breaks where a place is missing, outside, or barred."""
        stretch: list[Point] = []
        for point in (*placed, None):
            if point is None or not self._inside(point):
                if len(stretch) > 1:
                    yield stretch
                stretch = []
            elif point[0] in self._barriers:
                # each side of a barrier gets a place of its own, with a key that no file uses twice
                self.barriers_met += 1
                if stretch:
                    yield [*stretch, self._side(point)]
                stretch = [self._side(point)]
            elif not stretch or stretch[-1][0] != point[0]:
                stretch.append(point)

    def _side(self, point: Point) -> Point:
        self._sides += 1
        return (-(1 << 62) - self._sides, point[1], point[2])

    def _inside(self, point: Point) -> bool:
        box = self._bbox
        return box is None or (box.south <= point[1] <= box.north and box.west <= point[2] <= box.east)
