"""Dispatch and the real gateway together: the order reaches the car's socket, the car's steps reach the timeline."""

from __future__ import annotations

import hashlib
from uuid import UUID

from sqlalchemy import select, update

from dispatch.store.tables import events
from gateway.store import devices
from tests.support.cars import Device, car, fix, gateway_settings, now_ms, running
from tests.support.server import Server, assigned, enter, eventually, incident_when, running_server


async def enrolled(server: Server, unit_id: UUID) -> Device:
    """The unit's device with a token."""
    token = f"token-{unit_id}"
    digest = hashlib.sha256(token.encode()).hexdigest()
    async with server.engine.begin() as connection:
        statement = update(devices).where(devices.c.unit_id == unit_id).values(token_sha256=digest)
        device_id = await connection.scalar(statement.returning(devices.c.device_id))
    return Device(UUID(str(device_id)), unit_id, token)


async def links_noted(server: Server) -> list[str]:
    """The log's lines about links, in order."""
    query = select(events.c.kind).where(events.c.kind.in_(("unit_connected", "unit_disconnected")))
    async with server.engine.connect() as connection:
        return list((await connection.execute(query.order_by(events.c.event_id))).scalars())


async def test_from_the_call_to_the_socket_and_back(server: Server, database_url: str, nats_url: str) -> None:
    """Order, update and end as the protocol writes them; a step, a refusal and an SOS the other way."""
    device = await enrolled(server, await server.add_unit("北興101"))
    client = await server.client()
    settings = gateway_settings(database_url, nats_url, bureau=server.bureau)
    async with running(settings) as address, car(address, device) as patrol:
        await patrol.hello()
        await patrol.send(fix(1))
        await patrol.acked(1)
        incident = await enter(client, description="口角")
        order = await patrol.until("order")
        assert order["incident"]["number"] == incident["number"]
        assert order["incident"]["caller_note"] == "口角"
        assert order["arrive_by_ms"] == order["incident"]["received_ms"] + 600_000
        step = {"type": "status", "time_ms": now_ms(), "assignment_id": order["assignment_id"]}
        await patrol.send(step | {"seq": 2, "status": "en_route", "time_unsure": True})
        await patrol.send(step | {"seq": 3, "status": "acknowledged"})
        refused = await patrol.until("rejected")
        assert (refused["seq"], refused["code"], refused["boot"]) == (3, "bad_step", str(device.boot))
        seen = await incident_when(client, incident["id"], lambda i: i["en_route_at"] is not None)
        assert seen["assignments"][0]["state"] == "en_route"
        (noted,) = [event for event in seen["timeline"] if event["kind"] == "unit_en_route"]
        assert noted["data"]["time_unsure"] is True
        await client.patch(f"/incidents/{incident['id']}", json={"address": "後門"})
        assert (await patrol.until("order_update"))["incident"]["address"] == "後門"
        await client.post(f"/incidents/{incident['id']}/close", json={"disposition": "done"})
        ended = await patrol.until("order_ended")
        assert (ended["assignment_id"], ended["reason"]) == (order["assignment_id"], "closed")
        await client.post(f"/units/{device.unit_id}/notices", json={"text": "辛苦了"})
        assert (await patrol.until("notice"))["text"] == "辛苦了"


async def test_a_link_that_came_or_went_is_noted_whoever_led(database_url: str, nats_url: str) -> None:
    """Also what changed while no server led: the next leader writes it down, and writes nothing twice."""
    settings = gateway_settings(database_url, nats_url, bureau="links")
    async with running(settings) as address:
        async with running_server(database_url, nats_url, bureau="links") as first:
            device = await enrolled(first, await first.add_unit("北興101"))
            async with car(address, device) as patrol:
                await patrol.hello()
                await eventually(lambda: links_noted(first), lambda kinds: kinds == ["unit_connected"])
            await eventually(lambda: links_noted(first), lambda kinds: kinds[1:] == ["unit_disconnected"])
        async with car(address, device) as patrol:
            await patrol.hello()
            async with running_server(database_url, nats_url, bureau="links") as second:
                await eventually(lambda: links_noted(second), lambda kinds: kinds[2:] == ["unit_connected"])
            async with running_server(database_url, nats_url, bureau="links") as third:
                client = await third.client()
                incident = await enter(client, 23.0, 120.0)
                await incident_when(client, incident["id"], lambda i: len(i["timeline"]) > 1)
                assert len(await links_noted(third)) == 3
                assert (await client.get(f"/units/{device.unit_id}")).json()["connected"]


async def test_an_unacknowledged_order_comes_again_with_the_next_connection(
    server: Server, database_url: str, nats_url: str
) -> None:
    """The welcome names the open assignment; once it is over, it doesn't any more."""
    device = await enrolled(server, await server.add_unit("北興101", at=(23.481, 120.451)))
    client = await server.client()
    incident = await enter(client)
    assignment = await assigned(client, incident["id"])
    async with running(gateway_settings(database_url, nats_url, bureau=server.bureau)) as address:
        async with car(address, device) as patrol:
            welcome = await patrol.hello()
            assert [order["assignment_id"] for order in welcome["orders"]] == [assignment["assignment_id"]]
        await client.post(f"/incidents/{incident['id']}/cancel", json={"reason": "none"})
        async with car(address, device) as patrol:
            assert (await patrol.hello())["orders"] == []
