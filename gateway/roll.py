"""The cars that are connected to this gateway: one connection a device, and which one when there are two.

What another gateway or dispatch says over the bus only makes it look at the database sooner than it does anyway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any
from uuid import UUID

import structlog

from gateway.bus import Bus
from gateway.connection import Car
from gateway.database import TRANSIENT
from gateway.links import Links
from gateway.protocol import CLOSE_POLICY, CLOSE_TAKEN_OVER, CLOSE_TRY_LATER

log = structlog.get_logger(__name__)

ABNORMAL = 1006


class Roll:
    """Admits cars, and lets go of those whose place or token is gone."""

    def __init__(self, links: Links, bus: Bus) -> None:
        self._links = links
        self._bus = bus
        self._cars: dict[UUID, Car] = {}
        self._up: dict[UUID, Car] = {}
        self._ended: dict[UUID, Car] = {}
        """By connection: whose end may not be in the table yet."""

    @property
    def cars(self) -> Collection[Car]:
        """Every car that is connected."""
        return self._cars.values()

    async def serve(self, car: Car) -> None:
        """Runs one connection, from the takeover of its device's place to the record of its end."""
        link = car.link
        if (other := self._cars.get(link.device_id)) is not None:
            loser = car if other.link.connected_at > link.connected_at else other
            loser.close(CLOSE_TAKEN_OVER, "another connection of this device took over")
        if other is None or loser is other:
            self._cars[link.device_id] = car
        running = asyncio.create_task(self._announce_up(car))
        try:
            await car.run()
        finally:
            if self._cars.get(link.device_id) is car:
                del self._cars[link.device_id]
            await running
            if self._up.get(link.device_id) is car:
                del self._up[link.device_id]
                await self._announce_down(car)

    async def recheck(self, device_id: UUID | None = None) -> None:
        """Closes what lost its token or its place; of one device, or of all. Raises one of TRANSIENT."""
        cars = [car for device, car in self._up.items() if device_id is None or device == device_id]
        if not cars:
            return
        revoked, overtaken = await self._links.stale([car.link for car in cars])
        for car in cars:
            if car.link.connection_id in revoked:
                car.close(CLOSE_POLICY, "token revoked")
            elif car.link.connection_id in overtaken:
                car.close(CLOSE_TAKEN_OVER, "another connection of this device took over")

    async def sweep(self) -> None:
        """Puts `car_links` right: what no living gateway holds is down. Raises one of TRANSIENT."""
        cars = list(self._up.values())
        try:
            dead = await self._links.sweep([car.link for car in cars])
        finally:
            gone = [car for car in cars if self._up.get(car.link.device_id) is not car]
            self._ended |= {car.link.connection_id: car for car in gone}
        for unit_id in dead:
            log.info("dead_link_ended", unit_id=str(unit_id))
            self._bus.announce("link", {"unit_id": str(unit_id), "connected": False})
        for car in list(self._ended.values()):
            await self._record_end(car)

    async def on_hint(self, hint: dict[str, Any]) -> None:
        """Something happened to a device: another connection, or another token."""
        try:
            device_id = UUID(str(hint.get("device_id")))
            await self.recheck(device_id)
        except ValueError:
            log.warning("hint_unreadable", subject="device")
        except TRANSIENT as error:
            log.warning("hint_not_followed", error=type(error).__name__)

    async def _announce_up(self, car: Car) -> None:
        link = car.link
        try:
            if not await self._links.up(link):
                car.close(CLOSE_TAKEN_OVER, "another connection of this device took over")
                return
        except TRANSIENT as error:
            log.warning("link_not_recorded", unit_id=str(link.unit_id), error=type(error).__name__)
            car.close(CLOSE_TRY_LATER, "the database is away; try again")
            return
        self._up[link.device_id] = car
        log.info("car_connected", unit_id=str(link.unit_id))
        self._bus.announce("takeover", {"device_id": str(link.device_id), "connection_id": str(link.connection_id)})
        self._bus.announce("link", {"unit_id": str(link.unit_id), "connected": True})

    async def _announce_down(self, car: Car) -> None:
        log.info("car_disconnected", unit_id=str(car.link.unit_id), close_code=car.end_code or ABNORMAL)
        self._ended[car.link.connection_id] = car
        await self._record_end(car)

    async def _record_end(self, car: Car) -> None:
        """What cannot be recorded now is tried again by the next sweep."""
        link = car.link
        try:
            was_ours = await self._links.down(link, car.end_code or ABNORMAL)
        except TRANSIENT as error:
            log.warning("link_end_not_recorded", unit_id=str(link.unit_id), error=type(error).__name__)
            return
        self._ended.pop(link.connection_id, None)
        if was_ours:
            self._bus.announce("link", {"unit_id": str(link.unit_id), "connected": False})
