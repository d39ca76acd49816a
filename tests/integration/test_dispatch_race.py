"""Two dispatchers and one unit: one wins, the other is told so, and never are two sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from dispatch.store.tables import assignments
from tests.support.server import Server, enter, running_server

ROUNDS = 25


@pytest.fixture
async def by_hand(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server that leaves the choice to the dispatchers."""
    async with running_server(database_url, nats_url, dispatch_mode="recommend") as running:
        yield running


async def test_one_dispatcher_wins_the_other_gets_a_409(by_hand: Server) -> None:
    """Round after round, both at once: exactly one 201 and one 409 `unit_busy`, and one active row in the database."""
    unit_id = await by_hand.add_unit("北興101", at=(23.481, 120.451))
    anna, ben = await by_hand.client("anna"), await by_hand.client("ben", "supervisor")
    first, second = await enter(anna), await enter(ben)
    for _ in range(ROUNDS):
        answers = await asyncio.gather(
            anna.post(f"/incidents/{first['id']}/assignments", json={"unit_id": str(unit_id)}),
            ben.post(f"/incidents/{second['id']}/assignments", json={"unit_id": str(unit_id)}),
        )
        assert sorted(a.status_code for a in answers) == [201, 409]
        (won,) = [a.json() for a in answers if a.status_code == 201]
        (lost,) = [a.json() for a in answers if a.status_code == 409]
        assert lost["code"] == "unit_busy"
        assert lost["errors"][0]["member"] == "unit_id"
        assert "another unit" in lost["detail"]
        async with by_hand.engine.connect() as connection:
            active = select(func.count()).select_from(assignments).where(assignments.c.ended_at.is_(None))
            assert await connection.scalar(active) == 1
        ended = await anna.post(f"/assignments/{won['assignment_id']}/end", json={"reason": "again"})
        assert ended.json()["state"] == "cancelled"


async def test_a_crowd_wants_one_unit(by_hand: Server) -> None:
    """Eight at once, on eight incidents: one gets it."""
    unit_id = await by_hand.add_unit("北興101", at=(23.481, 120.451))
    anna = await by_hand.client("anna")
    incidents = [await enter(anna) for _ in range(8)]
    answers = await asyncio.gather(
        *(anna.post(f"/incidents/{i['id']}/assignments", json={"unit_id": str(unit_id)}) for i in incidents)
    )
    assert sorted(a.status_code for a in answers) == [201] + [409] * 7


async def test_swapping_two_units_at_once_ends_in_answers(by_hand: Server) -> None:
    """Each dispatcher wants the unit that the other is replacing: no deadlock, no 500, nobody on two incidents."""
    units = [await by_hand.add_unit(name, at=(23.481, 120.451)) for name in ("北興101", "北興102")]
    anna, ben = await by_hand.client("anna"), await by_hand.client("ben")
    incidents = [await enter(anna), await enter(ben)]
    had = []
    for incident, unit_id in zip(incidents, units, strict=True):
        answer = await anna.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(unit_id)})
        had.append(answer.json()["assignment_id"])
    answers = await asyncio.gather(
        *(
            who.post(
                f"/incidents/{incident['id']}/assignments",
                json={"unit_id": str(wanted), "replaces": own, "override_reason": "swap"},
            )
            for who, incident, wanted, own in zip((anna, ben), incidents, reversed(units), had, strict=True)
        )
    )
    assert {a.status_code for a in answers} <= {201, 409}
    active = [
        a["unit_id"]
        for i in incidents
        for a in (await anna.get(f"/incidents/{i['id']}")).json()["assignments"]
        if a["ended_at"] is None
    ]
    assert len(active) == len(set(active))


async def test_nobody_is_sent_by_itself_in_this_mode(by_hand: Server) -> None:
    """The ranking is shown, the choice is the dispatcher's; an unavailable unit is refused with its reason."""
    unit_id = await by_hand.add_unit("北興101", at=(23.481, 120.451))
    client = await by_hand.client()
    incident = await enter(client)
    (candidate,) = (await client.get(f"/incidents/{incident['id']}/candidates")).json()["items"]
    assert (candidate["unit_id"], candidate["recommended"], candidate["reasons"]) == (str(unit_id), True, ["geodesic"])
    await by_hand.says(unit_id, "availability", available=False, reason="refuel")
    await by_hand.inbox_read()
    refused = await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(unit_id)})
    assert (refused.status_code, refused.json()["code"]) == (409, "unit_unavailable")
    assert "refuel" in refused.json()["detail"]
    assert (await client.get(f"/incidents/{incident['id']}")).json()["assignments"] == []


async def test_a_replacement_takes_off_and_sends_in_one_step(by_hand: Server) -> None:
    """The replaced car stands down as reassigned, the override is kept; a foreign assignment can't be replaced."""
    first = await by_hand.add_unit("北興101", at=(23.481, 120.451))
    second = await by_hand.add_unit("北興102", at=(23.482, 120.451))
    client = await by_hand.client()
    incident, other = await enter(client), await enter(client)
    sent = (await client.post(f"/incidents/{incident['id']}/assignments", json={"unit_id": str(first)})).json()
    body = {"unit_id": str(second), "replaces": sent["assignment_id"], "override_reason": "knows the house"}
    foreign = await client.post(f"/incidents/{other['id']}/assignments", json=body)
    assert (foreign.status_code, foreign.json()["errors"][0]["member"]) == (422, "replaces")
    answer = await client.post(f"/incidents/{incident['id']}/assignments", json=body)
    assert (answer.status_code, answer.json()["override_reason"]) == (201, "knows the house")
    assert [row.body.get("reason") for row in await by_hand.told(first, "order_ended")] == ["reassigned"]
    seen = (await client.get(f"/incidents/{incident['id']}")).json()
    assert [a["state"] for a in seen["assignments"]] == ["reassigned", "dispatched"]
    assert seen["decisions"][-1]["override_reason"] == "knows the house"
    assert seen["decisions"][-1]["decided_by"] == "dora"
