"""Predicted beside real travel times over the API, against numpy over the same assignments."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from dispatch.domain.geometry import Position
from dispatch.store.tables import assignments
from tests.support.eta_rows import MIDNIGHT, RUNG, Row, by_hand, opened, past_of, report, store
from tests.support.server import Server, assigned, enter, fix_at, running_server


@pytest.fixture(scope="module")
async def past(module_database_url: str, nats_url: str) -> AsyncIterator[tuple[Server, list[Row]]]:
    """A server with two hundred assignments."""
    async with running_server(module_database_url, nats_url, dispatch_mode="recommend") as running:
        yield running, await past_of(running)


@pytest.fixture
async def client(past: tuple[Server, list[Row]]) -> httpx.AsyncClient:
    """An auditor's."""
    return await past[0].client("aud", "auditor")


GROUP_OF: dict[str, Callable[[Row], str]] = {
    "hour": lambda row: f"{row['dispatched_at'].hour:02d}",
    "street_class": lambda row: row["eta_street_class"] or ("straight" if row["eta_version"] else "unknown"),
    "unit_type": lambda row: row["unit_type"] or "unknown",
    "version": lambda row: "straight" if is_straight(row) else str(row["eta_version"]),
}


def is_straight(row: Row) -> bool:
    """Said so, or without a street under a version, which there was not before the class was noted."""
    return row["eta_street_class"] == "straight" or (row["eta_street_class"] is None and row["eta_version"] > 0)


@pytest.mark.parametrize("group_by", [*GROUP_OF, None])
async def test_every_figure_is_what_numpy_computes(
    client: httpx.AsyncClient, past: tuple[Server, list[Row]], group_by: str | None
) -> None:
    """Group by group, from the rows: n, bias, spread, mean error; who never arrived or had no ETA is in none."""
    found = await report(client, **({"group_by": group_by} if group_by else {}))
    of: Callable[[Row], str] = GROUP_OF[group_by] if group_by else lambda _: "all"
    groups: dict[str, list[Row]] = {}
    for row in past[1]:
        groups.setdefault(of(row), []).append(row)
    last = ("straight", "unknown")
    assert [item["group"] for item in found["items"]] == sorted(groups, key=lambda name: (name in last, name))
    for item in found["items"]:
        assert {name: value for name, value in item.items() if name != "group"} == by_hand(groups[item["group"]])
    assert found["version_in_force"] == 0


async def test_the_period_is_half_open_and_may_be_empty(
    client: httpx.AsyncClient, past: tuple[Server, list[Row]]
) -> None:
    """By the receipt of the call: with the first moment, without the last; where nothing arrived there is no group."""
    begin, end = past[1][20]["dispatched_at"] - RUNG, past[1][60]["dispatched_at"] - RUNG
    found = await report(client, **{"from": begin.isoformat(), "to": end.isoformat()})
    assert found["items"] == [{"group": "all"} | by_hand(past[1][20:60])]
    assert (await report(client, **{"from": "2030-01-01T00:00:00+08:00"}))["items"] == []


@pytest.mark.parametrize(
    ("query", "member"),
    [
        ({"group_by": "colour"}, "group_by"),
        ({"from": "2026-11-21T00:00:00+08:00", "to": "2026-11-20T00:00:00+08:00"}, "to"),
        ({"from": "2026-11-21"}, "from"),
    ],
)
async def test_what_is_refused(client: httpx.AsyncClient, query: dict[str, str], member: str) -> None:
    """An unknown group, a period that ends before it begins, a day without a time."""
    answer = await client.get("/kpi/etas", params=query)
    assert answer.status_code == 422
    assert any(error["member"] == member for error in answer.json()["errors"])


async def test_who_may_read(past: tuple[Server, list[Row]]) -> None:
    """Dispatchers, supervisors and auditors; no officer, and nobody who has not signed in."""
    for role in ("dispatcher", "supervisor"):
        assert (await (await past[0].client(f"a {role}", role)).get("/kpi/etas")).status_code == 200
    assert (await (await past[0].client("an officer", "officer")).get("/kpi/etas")).status_code == 403
    assert (await (await past[0].stranger()).get("/kpi/etas")).status_code == 401


async def test_right_speeds_have_no_bias_however_slow_the_crews_are(database_url: str, nats_url: str) -> None:
    """Ways exactly as long as was said, two minutes after the order: bias 0, with the caller's wait beside it. Where
    nobody said when they set out there is no bias at all: none is made up from the order.
    """
    async with running_server(database_url, nats_url, dispatch_mode="recommend") as running:
        unit_id, turnout = await running.add_unit("u"), timedelta(minutes=2)
        rows: list[Row] = []
        for number in range(12):
            at, said = MIDNIGHT + timedelta(hours=number % 2), timedelta(minutes=3 + number)
            row = {"assignment_id": uuid4(), "incident_id": uuid4(), "unit_id": unit_id, "state": "cleared"}
            row |= {"dispatched_at": at, "en_route_at": None if number % 2 else at + turnout}
            row |= {"eta_s": said.total_seconds(), "on_scene_at": at + turnout + said, "ended_at": at + 2 * said}
            rows.append(row | {"cleared_at": row["ended_at"]})
        await store(running, rows)
        client = await running.client("aud", "auditor")
        told, silent = (await report(client, group_by="hour"))["items"]
    assert (told["n"], told["bias_s"], told["ratio_p50"], told["mae_s"]) == (6, 0, 1, 0)
    assert (told["turnout_p50_s"], told["from_order_n"], told["from_order_bias_s"]) == (120, 6, 120)
    assert (silent["n"], silent["bias_s"], silent["ratio_p50"], silent["mae_s"]) == (0, None, None, None)
    assert (silent["turnout_p50_s"], silent["from_order_n"], silent["from_order_bias_s"]) == (None, 6, 120)


async def test_an_order_over_no_street_is_noted_as_such(database_url: str, nats_url: str) -> None:
    """Without a map the ETA is the straight line's: no class, and no version of the speeds answers for it."""
    async with running_server(database_url, nats_url) as running:
        unit_id = await running.add_unit("u")
        await running.drives(unit_id, [fix_at(running.desk.clock(), Position(23.48, 120.45))])
        client = await running.client()
        await assigned(client, (await enter(client, 23.49, 120.46))["id"], unit_id)
        async with running.engine.connect() as connection:
            noted = list(await connection.scalars(select(assignments.c.eta_street_class)))
    assert noted == ["straight"]


@pytest.mark.parametrize("group_by", [*GROUP_OF, None])
@pytest.mark.parametrize("of", ["n", "from_order_n"])
async def test_each_figure_opens_the_incidents_behind_it(
    client: httpx.AsyncClient, past: tuple[Server, list[Row]], group_by: str | None, of: str
) -> None:
    """Page by page, the newest order first: exactly as many as the figure counts, each in one group alone."""
    asked = {"group_by": group_by} if group_by else {}
    by_id = {str(row["assignment_id"]): row for row in past[1]}
    listed = set()
    for group in (await report(client, **asked))["items"]:
        items = await opened(client, **asked, **({"group": group["group"]} if group_by else {}), of=of, limit="7")
        assert len(items) == group[of]
        assert [one["dispatched_at"] for one in items] == sorted((one["dispatched_at"] for one in items), reverse=True)
        for one in items:
            row = by_id[one["assignment_id"]]
            assert one["assignment_id"] not in listed
            listed.add(one["assignment_id"])
            assert one["incident_id"] == str(row["incident_id"])
            assert (one["eta_s"], one["eta_version"]) == (row["eta_s"], row["eta_version"])
            waited_s = (row["on_scene_at"] - row["dispatched_at"]).total_seconds()
            assert one["from_order_s"] == pytest.approx(waited_s, abs=0.06)
            began_at = row["en_route_at"]
            known = began_at is not None and began_at <= row["on_scene_at"]
            way_s = pytest.approx((row["on_scene_at"] - began_at).total_seconds(), abs=0.06) if known else None
            assert one["real_s"] == way_s
            assert (one["number"], one["unit_name"]) == (f"n{past[1].index(row)}", f"u{past[1].index(row) % 2}")


@pytest.mark.parametrize(
    ("query", "member"),
    [
        ({"group": "05"}, "group_by"),
        ({"group_by": "hour"}, "group"),
        ({"cursor": "x"}, "cursor"),
        ({"of": "all"}, "of"),
        ({"from": "2026-11-21T00:00:00+08:00", "to": "2026-11-20T00:00:00+08:00"}, "to"),
    ],
)
async def test_what_opens_nothing(client: httpx.AsyncClient, query: dict[str, str], member: str) -> None:
    """A group without its kind, a kind without a group, a cursor that no answer gave."""
    answer = await client.get("/kpi/etas/incidents", params=query)
    assert answer.status_code == 422
    assert any(error["member"] == member for error in answer.json()["errors"])
