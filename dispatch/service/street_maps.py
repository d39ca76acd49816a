"""Makes a street map the loaded one, with the facts that can be read without reading the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.roads import street_map_codec
from dispatch.roads.places import Place
from dispatch.roads.street_map import StreetMap
from dispatch.store import registry
from dispatch.store.places import PlaceRow, store_places


async def load_map(connection: AsyncConnection, street_map: StreetMap, places: Sequence[Place] = ()) -> int:
    """Stores it with its places, and lets the ones before it go; its id. Who serves is to be told on `map`."""
    map_id = await registry.store_map(
        connection,
        source=street_map.info.source,
        sha256=street_map.info.sha256,
        generated=street_map.info.generated,
        facts=map_facts(street_map),
        content=street_map_codec.encode(street_map),
    )
    await store_places(connection, map_id, map(_row, places))
    return map_id


def _row(place: Place) -> PlaceRow:
    def text(value: str) -> str:
        return value.replace("\x00", "")  # PostgreSQL's text holds no NUL

    names = text(place.name), text(place.number), text(place.sort), [text(alias) for alias in place.aliases]
    return PlaceRow(place.kind.value, *names, place.lat, place.lon)


def map_facts(street_map: StreetMap) -> dict[str, Any]:
    """What is kept beside a stored map, to be read without the map; extents are {south, west, north, east} degrees."""
    about = asdict(street_map.info)
    facts = {name: about[name] for name in about if name not in {"source", "sha256", "generated"}}
    return {
        "ways": facts.pop("ways_taken"),
        "kilometres": round(street_map.kilometres, 1),
        "nodes": street_map.nodes,
        "edges": street_map.edges,
        "arcs": len(street_map.arcs.tail),
        "extent": asdict(street_map.extent),
        **facts,
    }
