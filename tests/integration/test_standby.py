"""Where idle units should wait: who is asked, what a yes and a no do, how a suggestion ends, who computes it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert, update

from dispatch.service.standby_rounds import ROUND_S
from dispatch.store.tables import stations, units
from tests.support.feed import watching
from tests.support.server import Server, assigned, enter, eventually, running_server
from tests.support.standby import (
    CORNER,
    add_units,
    became,
    city,
    junction,
    later,
    looked,
    rounds,
    suggested,
    suggestions,
)


async def test_idle_units_alone_are_asked_to_move(server: Server) -> None:
    """Six stand in one corner; of the one on a job, on a break, about to go home and lost nothing is asked, of the
    others two at most, each once, with what it brings and what it costs."""
    client = await server.client()
    (busy,) = await add_units(server, "busy")
    incident = await enter(client, *junction(*CORNER), priority=4, exclusion="test")
    await assigned(client, incident["id"], busy)
    resting, ending, lost, *idle = await add_units(server, "resting", "ending", "lost", "北興101", "北興102")
    async with server.engine.begin() as connection:
        ends = server.desk.clock() + timedelta(minutes=20)
        await connection.execute(update(units).where(units.c.unit_id == resting).values(available=False))
        await connection.execute(update(units).where(units.c.unit_id == ending).values(shift_ends_at=ends))
    await server.stands(lost, *junction(*CORNER), age=timedelta(minutes=6))
    # Nothing is suggested without streets: they come when everybody is what the name says.
    await server.load(city())
    found = await eventually(
        lambda: suggestions(client), lambda items: {item["unit_id"] for item in items} == {str(unit) for unit in idle}
    )
    for item in found:
        assert item["state"] == "open"
        assert 0 < item["drive_s"] <= 900
        assert item["gain_share"] > 0 or item["gain_s"] > 0
        assert item["share_after"] == pytest.approx(item["share_before"] + item["gain_share"])
        assert item["place"]
    everybody = {item["unit_id"] for item in await suggestions(client, "all")}
    assert not everybody & {str(unit) for unit in (busy, resting, ending, lost)}


async def test_a_yes_tells_the_car_and_lasts_until_it_is_there(server: Server) -> None:
    """The notice is in the outbox in Chinese, the log and every screen know; at the post it is done, and the unit is
    left alone for a while."""
    await server.load(city())
    (unit_id,) = await add_units(server, "北興101")
    client = await server.client("anna")
    async with watching(server) as screen:
        (item,) = await suggested(client)
        made = await screen.until_event("standby_suggested")
        assert made["suggestions"] == [item]
        accepted = (await client.post(f"/standby/suggestions/{item['id']}/accept")).json()
        assert (accepted["state"], accepted["decided_by"]) == ("accepted", "anna")
        told = await screen.until_event("standby_accepted")
        assert told["event"]["actor"] == "anna"
        assert screen.suggestions[item["id"]]["state"] == "accepted"
        (notice,) = await server.told(unit_id, "notice")
        assert notice.body["text"] == f"請至 {item['place']} 待命"
        again = await client.post(f"/standby/suggestions/{item['id']}/accept")
        assert (again.status_code, again.json()["code"]) == (409, "suggestion_decided")
        assert "anna" in again.json()["detail"]
        await server.stands(unit_id, item["lat"], item["lon"])
        await screen.until_event("standby_reached")
        assert screen.suggestions == {}
    rounds(server).hint()
    await later(server, timedelta(seconds=ROUND_S + 1), unit_id)
    await looked(server)
    assert await suggestions(client) == []


async def test_a_no_gives_peace_for_half_an_hour(server: Server) -> None:
    """With its reason; then the same may be asked again. A no to what is decided is refused."""
    await server.load(city())
    (unit_id,) = await add_units(server, "北興101")
    client = await server.client("ben", "supervisor")
    (item,) = await suggested(client)
    dismissed = await client.post(f"/standby/suggestions/{item['id']}/dismiss", json={"reason": "加油中"})
    assert dismissed.status_code == 200, dismissed.text
    assert (dismissed.json()["state"], dismissed.json()["reason"]) == ("dismissed", "加油中")
    assert (await client.post(f"/standby/suggestions/{item['id']}/dismiss")).status_code == 409
    await later(server, timedelta(minutes=29), unit_id)
    await looked(server)
    assert await suggestions(client) == []
    assert await server.told(unit_id, "notice") == []
    await later(server, timedelta(minutes=31), unit_id)
    (again,) = await suggested(client)
    assert again["id"] != item["id"]


@pytest.mark.parametrize("why", ["busy", "out_of_service"])
async def test_a_unit_that_is_wanted_elsewhere_is_asked_no_longer(server: Server, why: str) -> None:
    """A job or a break ends its suggestion, an accepted one too; the screens see it go."""
    await server.load(city())
    (unit_id,) = await add_units(server, "北興101")
    client = await server.client()
    (item,) = await suggested(client)
    if why == "busy":
        await client.post(f"/standby/suggestions/{item['id']}/accept")
    async with watching(server) as screen:
        assert set(screen.suggestions) == {item["id"]}
        if why == "busy":
            incident = await enter(client, *junction(*CORNER))
            await assigned(client, incident["id"], unit_id)
        else:
            await server.says(unit_id, "availability", available=False, reason="meal")
        await screen.until_event("standby_expired")
        assert screen.suggestions == {}
    ended = await became(client, item["id"], "expired")
    assert ended["reason"] == why


async def test_what_nobody_answers_is_asked_anew_after_ten_minutes(server: Server) -> None:
    """It expires, and where it still is worth it another one takes its place."""
    await server.load(city())
    (unit_id,) = await add_units(server, "北興101")
    client = await server.client()
    (item,) = await suggested(client)
    await later(server, timedelta(minutes=9), unit_id)
    await looked(server)
    assert [left["id"] for left in await suggestions(client)] == [item["id"]]
    await later(server, timedelta(minutes=11), unit_id)
    assert (await became(client, item["id"], "expired"))["reason"] == "timeout"
    (again,) = await suggested(client)
    assert (again["unit_id"], again["state"]) == (str(unit_id), "open")


async def test_an_unreached_post_is_given_up(server: Server) -> None:
    """Half an hour after a yes the unit counts where it really is."""
    await server.load(city())
    (unit_id,) = await add_units(server, "北興101")
    client = await server.client()
    (item,) = await suggested(client)
    await client.post(f"/standby/suggestions/{item['id']}/accept")
    await later(server, timedelta(minutes=31), unit_id)
    assert (await became(client, item["id"], "expired"))["reason"] == "not_reached"


async def test_a_unit_that_just_got_a_job_can_not_be_sent_to_wait(server: Server) -> None:
    """Whoever says yes a moment too late is told so, before any round has noticed."""
    await server.load(city())
    (unit_id,) = await add_units(server, "北興101")
    client = await server.client()
    (item,) = await suggested(client)
    async with server.engine.begin() as connection:
        await connection.execute(update(units).where(units.c.unit_id == unit_id).values(available=False))
    answer = await client.post(f"/standby/suggestions/{item['id']}/accept")
    assert (answer.status_code, answer.json()["code"]) == (409, "unit_unavailable")
    assert await server.told(unit_id) == []


async def test_who_may_see_and_who_may_say_yes(server: Server) -> None:
    """An auditor reads and changes nothing; officers see nothing; what isn't there is 404."""
    auditor, officer = await server.client("aud", "auditor"), await server.client("off", "officer")
    assert (await auditor.get("/standby/suggestions")).json() == {"items": []}
    assert (await officer.get("/standby/suggestions")).status_code == 403
    path = f"/standby/suggestions/{uuid4()}"
    assert (await auditor.post(f"{path}/accept")).status_code == 403
    assert (await auditor.post(f"{path}/dismiss")).status_code == 403
    dispatcher = await server.client()
    missing = await dispatcher.post(f"{path}/accept")
    assert (missing.status_code, missing.json()["errors"][0]["member"]) == (404, "suggestion_id")
    assert (await dispatcher.post(f"{path}/dismiss", json={"why": "x"})).status_code == 422


async def test_it_can_be_switched_off(database_url: str, nats_url: str) -> None:
    """Coverage is watched all the same; nothing is suggested."""
    async with running_server(database_url, nats_url, standby_suggestions=False) as server:
        await server.load(city())
        await add_units(server, "北興101")
        await looked(server)
        assert await suggestions(await server.client(), "all") == []


async def test_a_station_is_a_post_by_its_name(server: Server) -> None:
    """Where a station lies at a street a unit may wait there, and is told so in one word."""
    lat, lon = junction(0.5, 0.5)
    async with server.engine.begin() as connection:
        await connection.execute(insert(stations).values(station_id=uuid4(), name="中埔", lat=lat, lon=lon))
    await server.load(city())
    base = await server.app.state.coverage.base(server.desk.clock())
    assert base.places.posts[0].name == "中埔"
    assert len(base.places.posts) <= 100


async def test_only_the_leading_server_suggests(database_url: str, nats_url: str) -> None:
    """Two servers of one bureau: one computes, both show; when it goes the other takes over."""
    async with AsyncExitStack() as leading:
        first = await leading.enter_async_context(running_server(database_url, nats_url))
        await eventually(lambda: _leads(first))
        async with running_server(database_url, nats_url, bureau=first.bureau) as second:
            await first.load(city())
            await second.desk.streets.refresh(second.desk.engine)
            await add_units(second, "北興101", "北興102", "北興103")
            client = await second.client()
            shown = await suggested(client, 2)
            assert rounds(first)._looked_at is not None
            assert rounds(second)._looked_at is None
            await leading.aclose()
            await eventually(lambda: _leads(second))
            await looked(second)
            assert [item["id"] for item in await suggestions(client)] == [item["id"] for item in shown]


async def _leads(server: Server) -> bool:
    leading: bool = server.app.state.loop.leading
    return leading
