"""What-ifs over the API: what there is to begin with, who may ask, what is refused and by which name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, get_args
from uuid import uuid4

import pytest
from sqlalchemy import insert, text

from dispatch.api.schemas.what_if import PolicyName, PresetName
from dispatch.simulator.policies import POLICIES
from dispatch.simulator.variants import PRESETS
from dispatch.store.tables import stations
from tests.support.server import Server, running_server
from tests.support.what_if import CALLS, EAST, PERIOD, WEST, ask, founded, question, refused, town, variant


@pytest.fixture(scope="module")
async def quiet(module_database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """The same for all that is refused."""
    async with running_server(module_database_url, nats_url, what_if_worker=False) as running:
        yield await founded(running)


@pytest.fixture
async def idle(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server that leaves the work to others."""
    async with running_server(database_url, nats_url, what_if_worker=False) as running:
        yield await founded(running)


def test_the_api_s_words_are_the_simulator_s() -> None:
    """Nobody can ask for a policy or a preset that there isn't, and none is kept from them."""
    assert get_args(PolicyName) == tuple(POLICIES)
    assert set(get_args(PresetName)) == {"none", *PRESETS}


async def test_the_base_is_the_bureau_as_it_is_registered(idle: Server) -> None:
    """Stations with what is known of their place, vehicles by type, and which calls there are."""
    west = uuid4()
    async with idle.engine.begin() as connection:
        await connection.execute(
            insert(stations),
            [
                {"station_id": west, "name": "West", "lat": 23.482, "lon": 120.44},
                {"station_id": uuid4(), "name": "Nowhere", "lat": None, "lon": None},
            ],
        )
    for name, kind in (("W1", "car"), ("W2", "motorcycle")):
        unit_id = await idle.add_unit(name, vehicle_type=kind)
        async with idle.engine.begin() as connection:
            await connection.execute(
                text("UPDATE units SET station_id = :s WHERE unit_id = :u"), {"s": west, "u": unit_id}
            )
    await idle.add_unit("Stray", at=(23.4821, 120.4401))
    base = (await (await idle.client("aud", "auditor")).get("/what-ifs/base")).json()
    assert [(s["name"], s["is_assumed"]) for s in base["stations"]] == [("Nowhere", True), ("West", False)]
    assert base["stations"][0]["lat"] is not None
    lines = {line["station"]: (line["cars"], line["motorcycles"]) for line in base["units"]}
    assert lines == {"Nowhere": (0, 0), "West": (2, 1)}
    assert (base["units_without_station"], base["calls"], base["has_map"]) == (1, CALLS, True)
    assert (base["first_day"], base["last_day"]) == ("2026-10-05", "2026-10-08")
    assert base["limits"]["variants"] == 6


async def test_a_bureau_without_stations_gets_one_to_begin_with(database_url: str, nats_url: str) -> None:
    """Without streets nobody knows where, and a question is refused until a map is loaded."""
    async with running_server(database_url, nats_url, what_if_worker=False) as server:
        client = await server.client("sup", "supervisor")
        base = (await client.get("/what-ifs/base")).json()
        assert (base["has_map"], base["stations"][0]["lat"], base["first_day"]) == (False, None, None)
        refused(await client.post("/what-ifs", json=question()), 404, "no_map")
        await server.load(town())
        base = (await client.get("/what-ifs/base")).json()
        assert len(base["stations"]) == 1
        assert base["stations"][0]["lat"] == pytest.approx(23.48, abs=0.1)


@pytest.mark.parametrize("role", ["dispatcher", "officer", "admin"])
async def test_others_neither_look_nor_ask(idle: Server, role: str) -> None:
    """403 for every call."""
    client = await idle.client(role, role)
    anything = uuid4()
    for answer in (
        await client.get("/what-ifs"),
        await client.get("/what-ifs/base"),
        await client.get(f"/what-ifs/{anything}"),
        await client.post("/what-ifs", json=question()),
        await client.post(f"/what-ifs/{anything}/cancel"),
        await client.post(f"/what-ifs/{anything}/repeat"),
    ):
        refused(answer, 403, "forbidden")


async def test_an_auditor_looks_and_does_not_ask(idle: Server) -> None:
    """Reads the list and one of it; may neither run, cancel, repeat nor delete."""
    boss, auditor = await idle.client("sup", "supervisor"), await idle.client("aud", "auditor")
    made = await ask(boss)
    assert made["created_by"] == "sup"
    listed = (await auditor.get("/what-ifs")).json()["items"]
    assert [item["id"] for item in listed] == [made["id"]]
    assert listed[0]["variants"] == ["As it is", "One more"]
    assert (await auditor.get(f"/what-ifs/{made['id']}")).json()["asked"]["days"] == 1
    refused(await auditor.post("/what-ifs", json=question()), 403, "forbidden")
    refused(await auditor.post(f"/what-ifs/{made['id']}/cancel"), 403, "forbidden")
    refused(await auditor.delete(f"/what-ifs/{made['id']}"), 403, "forbidden")


WRONG: Final[list[tuple[dict[str, Any], str]]] = [
    ({"variants": [variant("alone")]}, "variants"),
    ({"variants": [variant(str(number)) for number in range(7)]}, "variants"),
    ({"variants": [variant("same"), variant("same")]}, "variants.0.name"),
    ({"replications": 51}, "replications"),
    ({"days": 32}, "days"),
    ({"seed": -1}, "seed"),
    ({"period": None}, "period"),
    ({"calls_per_day": 100}, "period"),
    ({"period": {**PERIOD, "to": "2026-10-05"}}, "to"),
    ({"period": {**PERIOD, "from": "2024-10-05"}}, "to"),
    ({"period": {**PERIOD, "from": 5}}, "period.from"),
    ({"period": {**PERIOD, "mode": "replay"}}, "days"),
    ({"period": {**PERIOD, "from": "2026-08-01", "mode": "replay"}}, "period.mode"),
    ({"period": {**PERIOD, "mode": "replay"}, "days": 4}, "variants.1.demand_scale"),
    ({"variants": [variant("a"), variant("b", policy="by-lot")]}, "variants.1.policy"),
    ({"variants": [variant("a"), variant("b", preset="earthquake")]}, "variants.1.preset"),
    ({"variants": [variant("a"), variant("b", demand_scale=9)]}, "variants.1.demand_scale"),
    ({"variants": [variant("a"), variant("b", 0, units=[{"station": "West", "cars": 0}])]}, "variants.1.units"),
    ({"variants": [variant("a"), variant("b", 101)]}, "variants.1.units"),
    ({"variants": [variant("a"), variant("b", units=[{"station": "North", "cars": 1}])]}, "variants.1.units.0.station"),
    (
        {"variants": [variant("a"), variant("b", units=[{"station": "West", "cars": 1, "starts": "08:00"}])]},
        "variants.1.units.0.ends",
    ),
    (
        {"variants": [variant("a"), variant("b", units=[{"station": "West", "starts": "08:00", "ends": "08:00"}])]},
        "variants.1.units.0.ends",
    ),
    ({"variants": [variant("a"), variant("b", stations=[WEST, WEST])]}, "variants.1.stations.1.name"),
    ({"variants": [variant("a"), variant("b", stations=[WEST, {"name": "East"}])]}, "variants.1.stations.1.lat"),
    (
        {"variants": [variant("a"), variant("b", stations=[WEST, {"name": "East", "lat": 23.4}])]},
        "variants.1.stations.1.lon",
    ),
    (
        {"variants": [variant("a"), variant("b", stations=[WEST, {**EAST, "lat": 25.0}])]},
        "variants.1.stations.1.lat",
    ),
    (
        {"variants": [variant("a"), variant("b", stations=[WEST, {"lat": 23.48, "lon": 120.45}])]},
        "variants.1.stations.1.name",
    ),
    (
        {"variants": [variant("a"), variant("b", stations=[WEST, {"station_id": str(uuid4())}])]},
        "variants.1.stations.1.station_id",
    ),
    (
        {
            "period": {**PERIOD, "mode": "replay"},
            "days": 4,
            "variants": [variant("a"), variant("b", preset="typhoon")],
        },
        "variants.1.preset",
    ),
]


@pytest.mark.parametrize(("wrong", "member"), WRONG, ids=[f"{n}-{member}" for n, (_, member) in enumerate(WRONG)])
async def test_what_makes_no_sense_is_refused_by_its_name(quiet: Server, wrong: dict[str, Any], member: str) -> None:
    """422 with the member, and nothing is queued."""
    boss = await quiet.client("sup", "supervisor")
    refused(await boss.post("/what-ifs", json=question(**wrong)), 422, "validation", member)
    assert (await boss.get("/what-ifs")).json()["items"] == []


async def test_too_few_calls_say_what_to_do_instead(idle: Server) -> None:
    """The error names the number and offers calls at random; with these it is taken. Without a seed one is drawn."""
    boss = await idle.client("sup", "supervisor")
    answer = await boss.post("/what-ifs", json=question(period={**PERIOD, "from": "2026-10-08", "to": "2026-10-08"}))
    refused(answer, 422, "validation", "to")
    answer = await boss.post("/what-ifs", json=question(period={**PERIOD, "from": "2026-10-09", "to": "2026-10-20"}))
    refused(answer, 422, "too_few_calls", "period")
    assert "calls_per_day" in answer.json()["detail"]
    made = await ask(boss, period=None, calls_per_day=100, seed=None, days=None)
    assert (made["asked"]["calls_per_day"], made["asked"]["days"]) == (100, 7)
    assert 0 <= made["seed"] < 2**31


async def test_a_registered_station_is_known_by_its_id(idle: Server) -> None:
    """Name and place come from the register; what is given goes before it."""
    west, nowhere = uuid4(), uuid4()
    async with idle.engine.begin() as connection:
        values = [
            {"station_id": west, "name": "West", "lat": 23.482, "lon": 120.44},
            {"station_id": nowhere, "name": "East", "lat": None, "lon": None},
        ]
        await connection.execute(insert(stations), values)
    boss = await idle.client("sup", "supervisor")
    moved = {"station_id": str(nowhere), "lat": 23.475, "lon": 120.46}
    both = [{"station_id": str(west)}, moved]
    made = await ask(boss, variants=[variant("a", stations=both), variant("b", stations=both)])
    assert made["asked"]["variants"][0]["stations"] == [
        {"station_id": str(west), "name": "West", "lat": 23.482, "lon": 120.44},
        {"station_id": str(nowhere), "name": "East", "lat": 23.475, "lon": 120.46},
    ]
    only_id = [{"station_id": str(west)}, {"station_id": str(nowhere)}]
    answer = await boss.post("/what-ifs", json=question(variants=[variant("a"), variant("b", stations=only_id)]))
    refused(answer, 422, "validation", "variants.1.stations.1.lat")


async def test_the_queue_has_an_end(idle: Server) -> None:
    """Twenty wait; the next is refused until one is cancelled. To cancel twice is no error, to delete needs an end."""
    boss = await idle.client("sup", "supervisor")
    made = [await ask(boss) for _ in range(20)]
    refused(await boss.post("/what-ifs", json=question()), 409, "bad_step")
    refused(await boss.post(f"/what-ifs/{made[0]['id']}/repeat"), 409, "bad_step")
    refused(await boss.delete(f"/what-ifs/{made[0]['id']}"), 409, "bad_step")
    for _ in range(2):
        assert (await boss.post(f"/what-ifs/{made[0]['id']}/cancel")).json()["state"] == "cancelled"
    await ask(boss)
    assert (await boss.delete(f"/what-ifs/{made[0]['id']}")).status_code == 204
    refused(await boss.get(f"/what-ifs/{made[0]['id']}"), 404, "not_found")
    refused(await boss.post(f"/what-ifs/{made[0]['id']}/cancel"), 404, "not_found")
    assert len((await boss.get("/what-ifs", params={"limit": 3})).json()["items"]) == 3


async def test_who_asked_may_delete_even_without_the_role(idle: Server) -> None:
    """A supervisor who became a dispatcher clears up after himself; another dispatcher can't."""
    boss = await idle.client("sup", "supervisor")
    made = await ask(boss)
    await boss.post(f"/what-ifs/{made['id']}/cancel")
    async with idle.engine.begin() as connection:
        await connection.execute(text("UPDATE users SET role = 'dispatcher' WHERE username = 'sup'"))
    refused(await (await idle.client()).delete(f"/what-ifs/{made['id']}"), 403, "forbidden")
    assert (await boss.delete(f"/what-ifs/{made['id']}")).status_code == 204
