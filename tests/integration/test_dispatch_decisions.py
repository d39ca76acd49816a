"""What stays of a decision, the deadline of the solver, and servers that decide at the same time."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select

from dispatch.domain.mode import Mode
from dispatch.domain.policy import decide, optimal
from dispatch.domain.situation import Floats
from dispatch.service.desk import utc_now
from dispatch.service.seen import planned, recall, recall_policy
from dispatch.store.policy_modes import set_mode
from dispatch.store.policy_tables import decision_rounds
from dispatch.store.rows import AnyRow
from tests.support.server import Server, assigned, enter, eventually, incident_when, kinds, running_server

SCENE, NEAR, FAR = (23.48, 120.45), (23.483, 120.45), (23.50, 120.45)


async def rounds_of(server: Server) -> list[AnyRow]:
    """The rounds that were kept, oldest first."""
    async with server.engine.connect() as connection:
        query = select(decision_rounds).order_by(decision_rounds.c.decided_at)
        return list((await connection.execute(query)).all())


async def counted(client: httpx.AsyncClient, server: Server) -> dict[str, float]:
    """The policy's figures as Prometheus reads them."""
    text = (await client.get(f"{server.url}/metrics")).text
    lines = [line.split() for line in text.splitlines() if line.startswith("patrol_policy")]
    return {name: float(value) for name, value in lines}


def again(row: AnyRow) -> dict[str, Any]:
    """What the kept round decides, when it is decided once more from what it saw."""
    situation = recall(row.seen)
    plan = decide(situation, recall_policy(row.settings))
    assert (plan.rows, plan.columns, plan.method) == (row.rows, row.columns, row.method)
    return planned(plan, situation)


def undone(plan: dict[str, Any]) -> dict[str, Any]:
    """A plan without what became of it."""
    return {name: [one | {"done": False} if isinstance(one, dict) else one for one in plan[name]] for name in plan}


async def test_a_kept_round_decides_the_same_again(server: Server) -> None:
    """To the unit, from what it saw alone: diversions, missing second units and nobody at all included."""
    client = await server.client()
    for number in range(4):
        await server.add_unit(f"car {number}", at=(23.48 + 0.004 * number, 120.45), capabilities=["accident"])
    await server.add_unit("unseen")
    first = await enter(client, *FAR, priority=4, category="other")
    await assigned(client, first["id"])
    for category, priority in (("criminal", 1), ("traffic_accident", 2), ("service", 3), ("disaster", 1)):
        members: dict[str, Any] = {"accident_class": "A2"} if category == "traffic_accident" else {}
        await enter(client, *SCENE, priority=priority, category=category, **members)
    last = await enter(client, *NEAR, priority=3, category="other")
    await incident_when(client, last["id"], lambda i: "nobody_available" in kinds(i))
    kept = await rounds_of(server)
    assert len(kept) >= 4
    for row in kept:
        assert again(row) == undone(row.planned)
        assert row.policy == "batch-1"
    done = [order for row in kept for order in row.planned["orders"] if order["done"]]
    assert len(done) >= 4
    left = {order["leaves"] for order in done} - {None}
    released = {r["incident_id"] for row in kept for r in row.planned["releases"] if r["done"]}
    assert first["id"] in left
    assert left == released


async def test_nothing_is_kept_of_rounds_that_change_nothing(database_url: str, nats_url: str) -> None:
    """A call under way and a tick every tenth of a second: one round is kept, and all are counted."""
    async with running_server(database_url, nats_url, tick_s=0.1) as server:
        client = await server.client()
        await server.add_unit("only", at=NEAR)
        incident = await enter(client, *SCENE)
        await assigned(client, incident["id"])
        figures = server.app.state.loop.deciding.figures

        async def rounds() -> int:
            return int(figures.rounds)

        await eventually(rounds, lambda count: count >= 4)
        assert len(await rounds_of(server)) == 1
        policy = (await client.get("/policy")).json()
        assert policy["counts"]["leads"]
        assert policy["counts"]["rounds"] >= 4 > policy["rounds_last_day"] == 1
        assert policy["last_round"]["planned"]["orders"][0]["incident_id"] == incident["id"]
        assert (await counted(client, server))["patrol_policy_rounds_total"] >= 4


async def test_what_a_round_saw_goes_with_the_positions_of_its_time(server: Server) -> None:
    """After the retention of fixes the round is still there, but no longer where each unit was."""
    client = await server.client()
    await server.add_unit("only", at=NEAR)
    await assigned(client, (await enter(client, *SCENE))["id"])
    server.clock_ahead_by(timedelta(days=server.desk.settings.fix_retention_days + 1))

    async def seen() -> list[Any]:
        return [row.seen for row in await rounds_of(server)]

    assert (await eventually(seen, lambda s: s[0] is None))[0] is None


def broken(_: Floats) -> NDArray[np.intp]:
    """A solver with a bug."""
    raise ValueError("no solution")


def sleeping(costs: Floats) -> NDArray[np.intp]:
    """A solver on a machine that is far too busy."""
    time.sleep(0.4)  # the deadline is 50 ms; this runs in the solver's own thread
    return optimal(costs)


@pytest.mark.parametrize("solver", [sleeping, broken])
async def test_a_solver_that_gives_no_answer_is_done_without(server: Server, solver: Any) -> None:
    """The greedy rule sends the unit; counted in the metrics, said by the API and by the record; later it is back."""
    client = await server.client()
    await eventually(lambda: _leads(server))
    deciding = server.app.state.loop.deciding
    deciding.solver.solve = solver
    unit_id = await server.add_unit("near", at=NEAR)
    incident = await enter(client, *SCENE)
    await assigned(client, incident["id"], unit_id)
    decision = (await client.get(f"/incidents/{incident['id']}")).json()["decisions"][0]
    assert (decision["method"], decision["fallback"]) == ("greedy", True)
    policy = (await client.get("/policy")).json()
    assert policy["counts"]["fallbacks"] >= 1
    assert policy["fallbacks_last_day"] == 1
    assert (policy["last_round"]["method"], policy["last_round"]["fallback"]) == ("greedy", True)
    figures = await counted(client, server)
    assert figures["patrol_policy_fallbacks_total"] == policy["counts"]["fallbacks"]
    assert figures["patrol_policy_decision_seconds_count"] >= figures["patrol_policy_rounds_total"] - 1

    deciding.solver.solve = optimal

    async def solved() -> bool:
        server.desk.wake.set()
        return not deciding.figures.last["fallback"]

    await eventually(solved)


async def _leads(server: Server) -> bool:
    leading: bool = server.app.state.loop.leading
    return leading


async def test_two_servers_that_decide_at_once_send_nobody_twice(database_url: str, nats_url: str) -> None:
    """Both loops at the same moment, as when a leader is cut off in mid-round: each incident and unit once."""
    given: dict[str, Any] = {"dispatch_mode": "recommend", "bureau": "race"}
    async with (
        running_server(database_url, nats_url, **given) as first,
        running_server(database_url, nats_url, **given) as second,
    ):
        client = await first.client()
        await eventually(lambda: _either_leads(first, second))
        for number in range(8):
            await first.add_unit(f"car {number}", at=(23.48 + 0.003 * number, 120.45))
        incidents = [await enter(client, 23.48 + 0.003 * number, 120.46, category="other") for number in range(8)]
        async with first.engine.begin() as connection:
            await set_mode(connection, Mode.AUTOMATIC, by="test", at=utc_now())
        rounds = [server.app.state.loop.deciding.round for server in (first, second)]
        await asyncio.gather(*(one() for one in rounds * 2))
        on = [(await client.get(f"/incidents/{incident['id']}")).json()["assignments"] for incident in incidents]
        assert [len(assignments) for assignments in on] == [1] * 8
        assert len({assignments[0]["unit_id"] for assignments in on}) == 8


async def _either_leads(*servers: Server) -> bool:
    return any([await _leads(server) for server in servers])
