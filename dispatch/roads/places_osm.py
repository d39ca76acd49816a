"""Addresses, landmarks and localities of an OpenStreetMap file. Reads one file, no network.

Source of the meanings: wiki.openstreetmap.org, Key:addr:*, Key:amenity and its siblings, Key:place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import osmium
import osmium.filter
import osmium.index
from osmium.osm import NODE, RELATION, WAY, Node, Relation, Way

from dispatch.roads.places import Place, PlaceKind
from dispatch.roads.refusal import MapRefused
from dispatch.roads.street_map import Extent

LANDMARK_KEYS: Final = (
    "amenity", "railway", "public_transport", "aeroway", "tourism", "historic", "leisure", "shop", "office",
    "emergency", "healthcare", "craft", "man_made", "natural", "bridge", "building",
)  # fmt: skip
"""The first that a named thing has says what it is."""
_NO_LANDMARK: Final = frozenset(
    {"platform", "stop_position", "rail", "tram", "subway_entrance", "signal", "switch", "yes"}
)
_LOCALITIES: Final = frozenset(
    {"city", "borough", "suburb", "quarter", "neighbourhood", "town", "village", "hamlet", "locality"}
)  # fmt: skip
_OTHER_NAMES: Final = (
    "name:zh-Hant",
    "name:zh",
    "name:en",
    "alt_name",
    "short_name",
    "official_name",
    "old_name",
    "ref",
)
_KEYS: Final = ("addr:housenumber", "name", "brand", "operator")

Tags = Mapping[str, str]


def read_places(path: Path, bbox: Extent | None = None) -> list[Place]:
    """The places of a file, cut to `bbox` if given: points as they are, ways and relations in their middle.

    Raises MapRefused for a file that cannot be read whole.
    """
    try:
        found = list(_read(str(path)))
    # as in osm_import.py: what libosmium and its numbers, dates and texts report
    except (RuntimeError, ValueError, LookupError, OverflowError) as defect:
        reason = f"the file is damaged, incomplete or of another kind ({' '.join(str(defect).split())})"
        raise MapRefused(path.name, reason, "download it again and import it anew") from defect
    if bbox is None:
        return found
    inside = bbox.south, bbox.west, bbox.north, bbox.east
    return [p for p in found if inside[0] <= p.lat <= inside[2] and inside[1] <= p.lon <= inside[3]]


def places_of(tags: Tags, lat: float, lon: float) -> Iterator[Place]:
    """What one thing of the map is: an address, a landmark, both, or none of them."""
    street, number = tags.get("addr:street") or tags.get("addr:place"), tags.get("addr:housenumber")
    if street and number:
        for single in number.replace(",", ";").split(";"):
            if single.strip():
                yield Place(kind=PlaceKind.ADDRESS, name=street, number=single.strip(), lat=lat, lon=lon)
    name = tags.get("name") or tags.get("brand") or tags.get("operator")
    if not name:
        return
    others = [part.strip() for key in _OTHER_NAMES for part in tags.get(key, "").split(";")]
    aliases = tuple(dict.fromkeys(other for other in others if other and other != name))
    if tags.get("place") in _LOCALITIES:
        yield Place(kind=PlaceKind.LOCALITY, name=name, sort=tags["place"], aliases=aliases, lat=lat, lon=lon)
        return
    sort = next((tags[key] for key in LANDMARK_KEYS if key in tags), None)
    if tags.get("building") not in {None, "yes"} and sort is None:
        sort = tags["building"]
    if sort is not None and (sort not in _NO_LANDMARK or (sort == "yes" and "name" in tags)):
        yield Place(kind=PlaceKind.LANDMARK, name=name, sort=sort, aliases=aliases, lat=lat, lon=lon)


def _read(path: str) -> Iterator[Place]:
    """Relations first, since they say which ways' middles are to be kept for them; then nodes, then ways."""
    wanted = osmium.filter.KeyFilter(*_KEYS)
    rings: dict[int, list[int]] = {}
    tags_of: dict[int, Tags] = {}
    for relation in osmium.FileProcessor(path, RELATION).with_filter(wanted):
        if isinstance(relation, Relation) and relation.tags.get("type") in {"multipolygon", "site"}:
            tags_of[relation.id] = dict(relation.tags)
            rings[relation.id] = [m.ref for m in relation.members if m.type == "w" and m.role in {"outer", ""}]
    relations_of: dict[int, list[int]] = defaultdict(list)
    for relation_id, ways in rings.items():
        for way_id in ways:
            relations_of[way_id].append(relation_id)
    middles: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for node in osmium.FileProcessor(path, NODE).with_filter(wanted):
        if isinstance(node, Node) and node.location.valid():
            yield from places_of(dict(node.tags), node.location.lat, node.location.lon)
    located = osmium.NodeLocationsForWays(osmium.index.create_map("flex_mem"))
    located.ignore_errors()
    for way in osmium.FileProcessor(path, NODE | WAY).with_filter(located).with_filter(osmium.filter.EntityFilter(WAY)):
        if not isinstance(way, Way) or "highway" in way.tags:
            continue
        ours, of_relation = any(key in way.tags for key in _KEYS), way.id in relations_of
        if (ours or of_relation) and (middle := _middle(way)) is not None:
            for relation_id in relations_of.get(way.id, ()):
                middles[relation_id].append(middle)
            if ours:
                yield from places_of(dict(way.tags), *middle)
    for relation_id, points in middles.items():
        lat, lon = (sum(side) / len(points) for side in zip(*points, strict=True))
        yield from places_of(tags_of[relation_id], lat, lon)


def _middle(way: Way) -> tuple[float, float] | None:
    points = [(node.location.lat, node.location.lon) for node in way.nodes if node.location.valid()]
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()
    if not points:
        return None
    lat, lon = (sum(side) / len(points) for side in zip(*points, strict=True))
    return lat, lon
