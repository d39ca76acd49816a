"""The streets of the loaded map, packed for cars: put into `vehicle_files`, from where gateways hand them out."""

from __future__ import annotations

import asyncio
import gzip

import msgspec
import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from dispatch.roads.base_map import feature_collection
from dispatch.roads.street_map import StreetMap
from dispatch.service.desk import Desk
from gateway.store import vehicle_files

STREETS = "streets"

_log = structlog.get_logger()


class CarStreets:
    """Keeps the table in step with the map that this server has loaded."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._offered: str | None = None

    async def offer(self) -> None:
        """Stores the loaded map's streets unless they are there. Any server may; all write the same bytes."""
        loaded = self._desk.streets.loaded
        if loaded is None:
            return
        etag = f"{loaded.sha256[:16]}-{loaded.map_id}"
        if etag == self._offered:
            return
        async with self._desk.engine.connect() as connection:
            there = await connection.scalar(select(vehicle_files.c.etag).where(vehicle_files.c.name == STREETS))
        # A server that has not heard of the newest map must not put an older one back.
        if there is None or _map_id(there) < loaded.map_id:
            content = await asyncio.to_thread(packed, loaded.streets)
            values = {"etag": etag, "content": content, "changed_at": func.now()}
            async with self._desk.engine.begin() as connection:
                await connection.execute(
                    insert(vehicle_files)
                    .values(name=STREETS, **values)
                    .on_conflict_do_update(index_elements=["name"], set_=values)
                )
            _log.info("car_streets_offered", map_id=loaded.map_id, bytes=len(content))
        self._offered = etag


def _map_id(etag: str) -> int:
    return int(etag.rpartition("-")[2])


def packed(streets: StreetMap) -> bytes:
    """gzip of a FeatureCollection; the same bytes for the same streets, so that pieces of two servers fit together."""
    return gzip.compress(msgspec.json.encode(feature_collection(streets)), compresslevel=9, mtime=0)
