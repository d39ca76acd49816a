"""Makes a street map the loaded one, with the facts that can be read without reading the map."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.roads import street_map_codec
from dispatch.roads.street_map import StreetMap
from dispatch.store import registry


async def load_map(connection: AsyncConnection, street_map: StreetMap) -> int:
    """Stores it, and lets the ones before it go; its id. Who serves is to be told on the subject `map`."""
    return await registry.store_map(
        connection,
        source=street_map.info.source,
        sha256=street_map.info.sha256,
        generated=street_map.info.generated,
        facts=map_facts(street_map),
        content=street_map_codec.encode(street_map),
    )


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
