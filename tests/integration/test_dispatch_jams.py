"""Own units that crawl make a street slower for the others: from the fixes in the tables to the ETA."""

from __future__ import annotations

from datetime import timedelta

from dispatch.domain.geometry import Position
from dispatch.service.desk import utc_now
from tests.support.server import Server, enter, eventually, fix_at
from tests.unit.roads.towns import Town, place


async def test_a_jam_lengthens_the_eta_of_the_next_unit(server: Server) -> None:
    """A car that stands and creeps along the street: the other, on the same street, is expected later."""
    town = Town()
    town.street(0, 1, (0, 0), (0, 2000), street_class="secondary", name="中山路")
    town.street(1, 2, (0, 2000), (500, 2000), name="文化路")
    town.street(2, 0, (500, 2000), (500, 0), (0, 0), name="北門街")
    await server.load(town.street_map())
    client = await server.client()
    scene = place(0, 1900)
    behind = place(0, 100)
    unit_id = await server.add_unit("behind", at=(behind.lat, behind.lon))

    async def eta_s() -> float:
        where = {"lat": scene.lat, "lon": scene.lon, "priority": 3}
        ranked = (await client.get("/candidates", params=where)).json()["items"]
        return next(float(c["eta_s"]) for c in ranked if c["unit_id"] == str(unit_id))

    before_s = await eta_s()
    creeping = await server.add_unit("creeping")
    now = utc_now()
    track = []
    for second in range(240):
        metres = 400 + second * 1.0 + (10 if second % 20 < 10 else 0)
        at: Position = place(0, metres)
        track.append(fix_at(now - timedelta(seconds=240 - second), at, 1.0))
    await server.drives(creeping, track)
    await eventually(eta_s, lambda eta: eta > before_s * 1.2)
    incident = await enter(client, scene.lat, scene.lon, priority=3, category="service")
    assert incident["state"] == "open"
