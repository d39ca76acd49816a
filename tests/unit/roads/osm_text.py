"""Small OpenStreetMap files for tests, written as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

Way = tuple[Sequence[int], Mapping[str, str]]
Restriction = tuple[Sequence[tuple[str, int, str]], Mapping[str, str]]
"""Members (kind n or w, reference, role) and tags."""

# A square of 4 two-way streets of about 111 m (north-south) by 102 m (east-west) near 23.48 N; 1 is its south-west
SQUARE: dict[int, tuple[float, float]] = {
    1: (23.480, 120.450),
    2: (23.481, 120.450),
    3: (23.481, 120.451),
    4: (23.480, 120.451),
    5: (23.480, 120.452),
    6: (23.480, 120.453),
}
ROUND: Way = ((1, 2, 3, 4, 1), {"highway": "residential", "name": "民權路"})


def osm_text(
    ways: Sequence[Way],
    nodes: Mapping[int, tuple[float, float]] = SQUARE,
    node_tags: Mapping[int, Mapping[str, str]] | None = None,
    *,
    ways_first: bool = False,
    restrictions: Sequence[Restriction] = (),
) -> str:
    """An .osm file with these nodes, ways and turn restrictions; ways are numbered from 1."""
    node_tags = node_tags or {}
    places = [
        f'<node id="{key}" version="1" lat="{lat}" lon="{lon}">{_tags(node_tags.get(key, {}))}</node>'
        for key, (lat, lon) in nodes.items()
    ]
    lines = [
        f'<way id="{number}" version="1">{_refs(refs)}{_tags(tags)}</way>'
        for number, (refs, tags) in enumerate(ways, 1)
    ]
    body = [*lines, *places] if ways_first else [*places, *lines]
    kinds = {"n": "node", "w": "way", "r": "relation"}
    for number, (members, tags) in enumerate(restrictions, 1):
        refs = "".join(f'<member type="{kinds[kind]}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        body.append(
            f'<relation id="{number}" version="1">{refs}{_tags({"type": "restriction"} | dict(tags))}</relation>'
        )
    return '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">' + "\n".join(body) + "</osm>\n"


def write(folder: Path, text: str, name: str = "town.osm") -> Path:
    """The text as a file in the folder."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _tags(tags: Mapping[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


def _refs(refs: Sequence[int]) -> str:
    return "".join(f'<nd ref="{ref}"/>' for ref in refs)
