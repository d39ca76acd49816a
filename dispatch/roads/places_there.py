"""What is at a point: the nearest address, else the crossing, as a crew would be told. For a click on the map."""

from __future__ import annotations

from typing import Final

from dispatch.domain.geometry import Position
from dispatch.roads.places_index import PlaceIndex
from dispatch.roads.places_search import Found, crossing_label

HOUSE_WITHIN_M: Final = 40.0
CROSSING_WITHIN_M: Final = 600.0
AT_CROSSING_M: Final = 25.0


def there(index: PlaceIndex, at: Position) -> Found | None:
    """The point with the name of what is there or near, as `precision` says. None where nothing has a name."""
    house = index.nearest_house(at.lat, at.lon)
    if house is not None and house[2] <= HOUSE_WITHIN_M:
        return _named(index, at, "address", house[0], exact=house[2] <= HOUSE_WITHIN_M / 2)
    met = index.named.nearest_crossing(at.lat, at.lon)
    if met is not None and met[2] <= CROSSING_WITHIN_M:
        return _named(index, at, "crossing", crossing_label(*met[0]), exact=met[2] <= AT_CROSSING_M)
    return None


def _named(index: PlaceIndex, at: Position, kind: str, label: str, *, exact: bool) -> Found:
    return Found(
        kind="address" if kind == "address" else "crossing",
        label=label,
        lat=at.lat,
        lon=at.lon,
        score=1.0,
        precision="exact" if exact else "nearest",
        near=() if exact else (label,),
        area=index.area_of(at.lat, at.lon),
    )
