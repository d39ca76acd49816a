"""What goes by itself and what is recommended: by the settings, and as a supervisor changes it while servers run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dispatch.domain.kpi import TAIPEI
from dispatch.service.desk import utc_now
from tests.support.server import Server, assigned, enter, eventually, incident_when, kinds, running_server

SCENE, NEAR, FAR = (23.48, 120.45), (23.483, 120.45), (23.49, 120.45)


def until_hour(hour: int) -> timedelta:
    """From now until half past that hour in Taiwan."""
    now = utc_now().astimezone(TAIPEI)
    then = datetime(now.year, now.month, now.day, hour, 30, tzinfo=TAIPEI)
    return then - now if then > now else then - now + timedelta(days=1)


async def looked_at(server: Server) -> None:
    """The loop has decided once more, over all that was there before."""
    before = server.app.state.loop.deciding.figures.rounds

    async def rounds() -> int:
        rounds: int = server.app.state.loop.deciding.figures.rounds
        return rounds

    await eventually(rounds, lambda now: now > before + 1)


async def test_recommended_is_not_sent_and_the_mode_changes_without_a_restart(database_url: str, nats_url: str) -> None:
    """The plan's choice stands first in the list; who sets the mode is in the log; from then on it is sent."""
    async with running_server(database_url, nats_url, dispatch_mode="recommend", tick_s=0.5) as server:
        client, chief = await server.client(), await server.client("chief", "supervisor")
        near = await server.add_unit("near", at=NEAR)
        await server.add_unit("far", at=FAR)
        incident = await enter(client, *SCENE, priority=2)
        await looked_at(server)
        assert kinds((await client.get(f"/incidents/{incident['id']}")).json()) == ["incident_created"]
        ranked = (await client.get(f"/incidents/{incident['id']}/candidates")).json()["items"]
        assert [(c["name"], c["recommended"]) for c in ranked] == [("near", True), ("far", True)]
        assert ranked[0]["eta_spread_s"] > 0
        assert 0 <= ranked[0]["chance_late"] <= ranked[1]["chance_late"] < 0.5

        before = (await client.get("/policy")).json()
        assert (before["mode"]["mode"], before["mode"]["set_by"], before["mode"]["automatic_now"]) == (
            "recommend",
            None,
            [],
        )
        refused = await client.put("/policy/mode", json={"mode": "automatic"})
        assert refused.status_code == 403
        after = (await chief.put("/policy/mode", json={"mode": "automatic"})).json()
        assert (after["mode"]["mode"], after["mode"]["default"], after["mode"]["set_by"]) == (
            "automatic",
            "recommend",
            "chief",
        )
        await assigned(client, incident["id"], near)
        wrong = await chief.put("/policy/mode", json={"mode": "sometimes"})
        assert wrong.status_code == 422


async def test_a_mode_outlives_the_server(database_url: str, nats_url: str) -> None:
    """What a supervisor set is in force after a restart, whatever the environment says."""
    async with running_server(database_url, nats_url) as server:
        chief = await server.client("chief", "supervisor")
        await chief.put("/policy/mode", json={"mode": "recommend"})
        await chief.put("/policy/mode", json={"mode": "recommend"})
    async with running_server(database_url, nats_url) as server:
        client = await server.client()
        assert (await client.get("/policy")).json()["mode"]["mode"] == "recommend"
        await server.add_unit("near", at=NEAR)
        incident = await enter(client, *SCENE, priority=1)
        await looked_at(server)
        assert kinds((await client.get(f"/incidents/{incident['id']}")).json()) == ["incident_created"]


async def test_by_priority_the_urgent_go_by_themselves(database_url: str, nats_url: str) -> None:
    """The others are recommended; that nobody can go is said of all."""
    given: dict[str, Any] = {"dispatch_mode": "by_priority", "automatic_priorities": "1", "tick_s": 0.5}
    async with running_server(database_url, nats_url, **given) as server:
        client = await server.client()
        routine = await enter(client, *SCENE, priority=2)
        await incident_when(client, routine["id"], lambda i: "nobody_available" in kinds(i))
        unit_id = await server.add_unit("near", at=NEAR)
        await looked_at(server)
        urgent = await enter(client, *SCENE, priority=1, category="disaster")
        await assigned(client, urgent["id"], unit_id)
        assert (await client.get(f"/incidents/{routine['id']}")).json()["assignments"] == []
        assert (await client.get("/policy")).json()["mode"]["automatic_now"] == [1]


async def test_by_night_all_go_by_themselves(database_url: str, nats_url: str) -> None:
    """At noon a routine call waits for a dispatcher, after midnight it doesn't."""
    async with running_server(database_url, nats_url, dispatch_mode="night", tick_s=0.5) as server:
        client = await server.client()
        server.clock_ahead_by(until_hour(12))
        unit_id = await server.add_unit("near", at=NEAR)
        incident = await enter(client, *SCENE, priority=4)
        await looked_at(server)
        assert (await client.get(f"/incidents/{incident['id']}")).json()["assignments"] == []
        server.clock_ahead_by(until_hour(12) + timedelta(hours=13))
        await server.stands(unit_id, *NEAR)
        await assigned(client, incident["id"], unit_id)
