"""What can be looked for besides streets: addresses, landmarks and localities, as a map brings them. Pure records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PlaceKind(StrEnum):
    """What a place is; streets and crossings come from the street graph and are not stored."""

    ADDRESS = "address"
    LANDMARK = "landmark"
    LOCALITY = "locality"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point with a name; WGS 84 degrees."""

    kind: PlaceKind
    name: str
    """Of an address its street, as the map writes it; else the name on the sign."""
    lat: float
    lon: float
    number: str = ""
    """House number, with lane and alley where the map keeps them there (`123巷4弄5號`); of an address only."""
    sort: str = ""
    """Of a landmark or locality, the value of the tag that makes it one: hospital, station, village."""
    aliases: tuple[str, ...] = ()
    """Other names that people use: in another language, short, old."""
