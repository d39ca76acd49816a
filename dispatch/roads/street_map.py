"""A city's streets as immutable numpy arrays: junctions, the pieces of street between them, and their shapes.

An *edge* is a piece of street between two junctions, driven from `edge_from` to `edge_to`, and back too unless it is
one-way; an *arc* is one direction of an edge. How bytes become a map is in street_map_codec.py, the drawing in
base_map.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.geometry import Position
from dispatch.roads.metric import Floats
from dispatch.roads.speeds import CLASSES

Ints = NDArray[np.int32]

METRES_PER_DEGREE = 111_195.0
NO_ARC = -1


def _no_turns() -> Ints:
    return np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Extent:
    """A box in degrees."""

    south: float
    west: float
    north: float
    east: float

    def contains(self, position: Position, margin_m: float = 0.0) -> bool:
        """Whether the position lies in the box, or within `margin_m` outside its sides."""
        lat_margin = margin_m / METRES_PER_DEGREE
        lon_margin = lat_margin / max(np.cos(np.radians(position.lat)), 0.01)
        return bool(
            self.south - lat_margin <= position.lat <= self.north + lat_margin
            and self.west - lon_margin <= position.lon <= self.east + lon_margin
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MapInfo:
    """Where a map comes from and what did not enter it."""

    source: str
    """Name of the file, without its folder, or of the generator."""
    sha256: str
    """Hex digest of the file's bytes; of the recipe for a generated map."""
    generated: bool = False
    """True when no street of it exists."""
    bbox: Extent | None = None
    """The box asked for at import, if any."""
    ways_taken: int = 0
    """Ways of the source that gave at least one piece of street, before the cut to one connected part."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Ways of the source that gave none, by reason."""
    missing_nodes: int = 0
    """Points of streets that the file names without placing them: its cut edge, as a rule."""
    barriers: int = 0
    """Points where a bollard or a closed gate cuts a street."""
    turning_circles: int = 0
    turns_banned: int = 0
    """Pairs of arcs that must not be driven one after the other."""
    turn_rules_left_out: dict[str, int] = field(default_factory=dict)
    """Turn restrictions of the source that ban nothing here, by reason."""
    cut_off_edges: int = 0
    """Edges that cannot be reached from the largest connected part, or not left for it."""
    cut_off_km: float = 0.0


@dataclass(frozen=True, slots=True)
class Arcs:
    """Every permitted direction of every edge, side by side: forward arcs first, then backward ones."""

    tail: Ints
    head: Ints
    length_m: Floats
    time_s: Floats
    """For a car without lights."""
    edge: Ints
    forward: NDArray[np.bool_]
    back_of_edge: Ints
    """The arc that drives an edge back, by edge; NO_ARC on a one-way edge. The arc forward has the edge's number."""


@dataclass(frozen=True, eq=False)
class StreetMap:
    """Streets for travel times and for the base map. Every array is read-only; positions are WGS 84 degrees."""

    info: MapInfo
    names: tuple[str, ...]
    """Street names; the first is empty."""
    node_lat: Floats
    node_lon: Floats
    edge_from: Ints
    edge_to: Ints
    edge_length_m: Floats
    edge_time_s: Floats
    """Forward, for a car without lights."""
    edge_back_s: Floats
    """The same backward; infinite on a one-way edge."""
    edge_class: NDArray[np.uint8]
    """Index into `speeds.CLASSES`."""
    edge_name: Ints
    """Index into `names`."""
    shape_start: Ints
    """Edge e has the points shape_start[e] to shape_start[e + 1] - 1, both junctions included."""
    shape_lat: Floats
    shape_lon: Floats
    turn_in: Ints = field(default_factory=_no_turns)
    """Banned turns, of two columns: who comes over the arc turn_in[i] …"""
    turn_out: Ints = field(default_factory=_no_turns)
    """… must not go on over the arc turn_out[i], which begins where that one ends."""

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @property
    def nodes(self) -> int:
        return len(self.node_lat)

    @property
    def edges(self) -> int:
        return len(self.edge_from)

    @cached_property
    def kilometres(self) -> float:
        """Length of all streets, each two-way street counted once."""
        return float(self.edge_length_m.sum() / 1000)

    @cached_property
    def arcs(self) -> Arcs:
        back = np.flatnonzero(np.isfinite(self.edge_back_s)).astype(np.int32)
        back_of_edge = np.full(self.edges, NO_ARC, dtype=np.int32)
        back_of_edge[back] = self.edges + np.arange(len(back))
        return Arcs(
            tail=np.concatenate((self.edge_from, self.edge_to[back])),
            head=np.concatenate((self.edge_to, self.edge_from[back])),
            length_m=np.concatenate((self.edge_length_m, self.edge_length_m[back])),
            time_s=np.concatenate((self.edge_time_s, self.edge_back_s[back])),
            edge=np.concatenate((np.arange(self.edges, dtype=np.int32), back)),
            forward=np.arange(self.edges + len(back)) < self.edges,
            back_of_edge=back_of_edge,
        )

    @cached_property
    def extent(self) -> Extent:
        """The box round all streets."""
        lat, lon = self.shape_lat, self.shape_lon
        return Extent(float(lat.min()), float(lon.min()), float(lat.max()), float(lon.max()))

    def contains(self, position: Position, margin_m: float = 0.0) -> bool:
        """Whether the position lies in the extent, or within `margin_m` of it."""
        return self.extent.contains(position, margin_m)

    def shape(self, edge: int) -> tuple[Floats, Floats]:
        """(latitudes, longitudes) of one edge from its first junction to its last."""
        part = slice(int(self.shape_start[edge]), int(self.shape_start[edge + 1]))
        return self.shape_lat[part], self.shape_lon[part]

    def class_of(self, edge: int) -> str:
        return CLASSES[int(self.edge_class[edge])]

    def name_of(self, edge: int) -> str:
        """The street's name, empty where it has none."""
        return self.names[int(self.edge_name[edge])]
