"""Figures behind the share: distribution, parts, months, hexagons, targets. Beside plain sums over the same calls."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pytest

from dispatch.domain.hexagon import cell_of
from dispatch.domain.why_late import LateReason
from tests.support.measured_past import Past, got, whole_ledger
from tests.support.server import Server


async def test_responses_are_spread_over_bins(client: httpx.AsyncClient, pasts: list[Past]) -> None:
    """As numpy counts them; what took exactly ten minutes stands before the line."""
    found = await got(client, "/kpi/distribution")
    measured = [past for past in pasts if past.outcome[0] != "excluded"]
    seconds = np.array([past.on_scene_s for past in measured if past.on_scene_s is not None])
    edges = np.nextafter([one["from_s"] for one in found["bins"]] + [found["bins"][-1]["to_s"]], np.inf)
    edges[0] = 0
    counts, _ = np.histogram(seconds, edges)
    assert [one["n"] for one in found["bins"]] == counts.tolist()
    assert found["unreached"] == len(measured) - len(seconds)
    assert sum(counts) + found["beyond"] + found["unreached"] == found["measured"] == len(measured)
    before = sum(one["n"] for one in found["bins"] if one["to_s"] <= 600)
    assert before == (await got(client, "/kpi"))["items"][0]["within_target"]


async def test_the_parts_are_those_of_each_response(client: httpx.AsyncClient, pasts: list[Past]) -> None:
    """Percentiles over those of which a part is known, as numpy takes them."""
    found = await got(client, "/kpi/parts")
    there = [past for past in pasts if past.outcome[0] != "excluded" and past.on_scene_s is not None]
    known = {
        "handling": [past.created_s for past in there],
        "dispatch": [past.dispatched_s - past.created_s for past in there if past.dispatched_s is not None],
        "turnout": [past.en_route_s - (past.dispatched_s or 0) for past in there if past.en_route_s is not None],
        "travel": [(past.on_scene_s or 0) - past.en_route_s for past in there if past.en_route_s is not None],
    }
    for part, seconds in known.items():
        assert found[part]["n"] == len(seconds)
        assert found[part]["p50_s"] == pytest.approx(np.percentile(seconds, 50), abs=1e-3)
        assert found[part]["p90_s"] == pytest.approx(np.percentile(seconds, 90), abs=1e-3)
        assert found[part]["mean_s"] == pytest.approx(np.mean(seconds), abs=1e-3)


async def test_the_parts_of_each_group_are_those_of_its_filter(client: httpx.AsyncClient) -> None:
    """A group's parts are what the same filter gives; an unknown group is refused."""
    for group_by in ("station", "priority", "late_reason"):
        items = (await got(client, "/kpi/parts/groups", group_by=group_by))["items"]
        assert items
        for item in items:
            alone = await got(client, "/kpi/parts", **{group_by: item["group"]})
            assert {part: item[part] for part in alone} == alone
    assert (await client.get("/kpi/parts/groups", params={"group_by": "moon"})).status_code == 422


async def test_months_stand_beside_those_of_last_year(client: httpx.AsyncClient, pasts: list[Past]) -> None:
    """Up to the month of the period's end, whether or not it has calls; each as the report gives it."""
    end = datetime.fromisoformat("2026-11-01T00:00:00+08:00")
    found = await got(client, "/kpi/months", count=14, to=end.isoformat(), **{"from": "2026-10-31T00:00:00+08:00"})
    months = [item["month"] for item in found["items"]]
    assert (months[0], months[-1], len(months)) == ("2025-09", "2026-10", 14)
    reported = {one["group"]: one for one in (await got(client, "/kpi", group_by="month"))["items"]}
    for item in found["items"]:
        same = {name: item[name] for name in ("incidents", "measured", "within_target", "share", "p50_s", "p90_s")}
        assert same == {name: reported[item["month"]][name] for name in same}
        before = reported.get(f"{int(item['month'][:4]) - 1}{item['month'][4:]}")
        assert (item["last_year"] or {}).get("within_target") == (before and before["within_target"])
        assert item["limit_low"] <= found["centre"] <= item["limit_high"]
    hits = sum(item["within_target"] for item in found["items"])
    assert found["centre"] == pytest.approx(hits / sum(item["measured"] for item in found["items"]))
    assert pasts


async def test_a_month_that_is_not_over_is_judged_by_nothing(client: httpx.AsyncClient) -> None:
    """It stands at the end as it is so far, without limits, signal or comparison, and moves no other month's."""
    running = (await got(client, "/kpi/months", count=13))["items"][-1]
    assert running["complete"] is False
    assert (running["limit_low"], running["limit_high"], running["signal"], running["last_year"]) == (None,) * 4
    begin = f"{running['month']}-01T00:00:00+08:00"
    over = await got(client, "/kpi/months", count=12, to=begin)
    assert all(item["complete"] for item in over["items"])
    assert over["centre"] == (await got(client, "/kpi/months", count=13))["centre"]


async def test_hexagons_come_with_their_outline(client: httpx.AsyncClient, pasts: list[Past]) -> None:
    """Each incident in the hexagon of its place; the groups are the filter's own words."""
    items = (await got(client, "/kpi", group_by="cell"))["items"]
    assert {one["group"]: one["incidents"] for one in items} == Counter(cell_of(*past.place) for past in pasts)
    busiest = max(items, key=lambda one: one["incidents"])
    assert len(busiest["cell"]["boundary"]) == 7
    (line,) = (await got(client, "/kpi", cell=busiest["group"]))["items"]
    assert {**line, "group": "", "cell": None} == {**busiest, "group": "", "cell": None}


@pytest.mark.parametrize("clock", ["received", "dispatched"])
async def test_each_late_one_has_one_reason(client: httpx.AsyncClient, pasts: list[Past], clock: str) -> None:
    """The reasons add up to the late ones, each opens its incidents; nothing before the order is one from dispatch."""
    found = await got(client, "/kpi/late", clock=clock)
    late = [
        past
        for past in pasts
        if past.outcome[0] != "excluded"
        if past.on_scene_s is None or past.on_scene_s - (clock == "dispatched") * (past.dispatched_s or 0) > 600
    ]
    assert found["late"] == len(late) == sum(one["n"] for one in found["items"])
    if clock == "dispatched":
        before = {"late_entry", "late_dispatch", "no_unit_free"}
        assert {one["reason"] for one in found["items"]} < {*LateReason} - before
    for one in found["items"]:
        rows = await whole_ledger(client, outcome="late", late_reason=one["reason"], clock=clock)
        assert len(rows) == one["n"]
        assert {row["late_reason"] for row in rows} == {one["reason"]}
        assert one["unknown"] == sum(row["nearest_free_s"] is None for row in rows)


async def test_a_year_has_its_target(client: httpx.AsyncClient, server: Server) -> None:
    """Set by name, in Minguo years, read beside the share of a period in that year, and taken away again."""
    targets = {one["year"]: one for one in (await got(client, "/kpi/targets"))["items"]}
    assert (targets[2019]["minguo"], targets[2019]["text"], targets[2019]["share"]) == (108, "<10分鐘", None)
    assert (await client.put("/kpi/targets/2026", json={"share": 0.9})).json()["set_by"] == "sue"
    year = {"from": "2026-01-01T00:00:00+08:00", "to": "2027-01-01T00:00:00+08:00"}
    assert (await got(client, "/kpi", **year))["target_share"] == 0.9
    assert (await got(client, "/kpi", to="2026-01-01T00:00:00+08:00"))["target_share"] is None
    assert (await client.put("/kpi/targets/2025", json={"share": 0.8})).status_code == 200
    both = {"from": "2025-12-01T00:00:00+08:00", "to": "2026-02-01T00:00:00+08:00"}
    assert (await got(client, "/kpi", **both))["target_share"] is None, "two years have two targets"
    assert (await got(client, "/kpi", to=both["to"]))["target_share"] is None
    by_month = (await got(client, "/kpi", group_by="month", to=year["to"]))["items"]
    assert {(one["group"][:4], one["target_share"]) for one in by_month} == {("2025", 0.8), ("2026", 0.9)}
    by_day = (await got(client, "/kpi", group_by="day", **year))["items"]
    assert {one["target_share"] for one in by_day} == {0.9}
    assert {one["target_share"] for one in (await got(client, "/kpi", group_by="hour", **year))["items"]} == {None}
    charted = (await got(client, "/kpi/months", to="2026-11-01T00:00:00+08:00"))["items"]
    assert {(one["month"][:4], one["target_share"]) for one in charted} == {
        ("2024", None),
        ("2025", 0.8),
        ("2026", 0.9),
    }
    assert (await client.put("/kpi/targets/2025", json={"share": None})).status_code == 200
    assert (await client.put("/kpi/targets/2026", json={"share": None})).json()["share"] is None
    assert (await client.put("/kpi/targets/2026", json={"share": 90})).status_code == 422
    auditor = await server.client("aud", "auditor")
    assert (await auditor.put("/kpi/targets/2026", json={"share": 0.9})).status_code == 403


@pytest.mark.parametrize(
    ("params", "member"),
    [
        ({"group_by": "moon"}, "group_by"),
        ({"priority": "5"}, "priority"),
        ({"hour": "24"}, "hour"),
        ({"cell": "nowhere"}, "cell"),
        ({"late_reason": "rain"}, "late_reason"),
        ({"from": "2026-02-01T00:00:00+08:00", "to": "2026-01-01T00:00:00+08:00"}, "to"),
        ({"from": "2026-02-01T00:00:00"}, "from"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(
    client: httpx.AsyncClient, params: dict[str, str], member: str
) -> None:
    """Rather than answered with something else."""
    answer = await client.get("/kpi", params=params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["member"].startswith(member)
    assert (await client.get("/kpi/ledger", params={"cursor": "1.x"})).status_code == 422


FIGURES = (
    "/kpi",
    "/kpi/parts",
    "/kpi/parts/groups?group_by=hour",
    "/kpi/distribution",
    "/kpi/months",
    "/kpi/late",
    "/kpi/ledger",
    "/kpi/ledger.csv",
    "/kpi/reviews",
    "/kpi/etas",
    "/kpi/etas/incidents",
)


@pytest.mark.parametrize("path", FIGURES)
async def test_what_is_misspelt_is_not_answered_with_something_else(client: httpx.AsyncClient, path: str) -> None:
    """A station that there is not counts nothing, a parameter that there is not all: both are refused by name."""
    begins = f"{path}{'&' if '?' in path else '?'}"
    for asked, member in (
        ("station=no-such-station", "station"),
        ("station=北興&station=北兴", "station"),
        ("precinct=第二分局", "precinct"),
        ("precinct=%00", "precinct"),
        ("groupby=hour", "groupby"),
        ("From=2026-01-01T00:00:00Z", "From"),
        ("statoin=後湖", "statoin"),
    ):
        answer = await client.get(begins + asked)
        assert answer.status_code == 422, asked
        assert answer.headers["content-type"] == "application/problem+json"
        assert [error["member"] for error in answer.json()["errors"]] == [member]
    for asked in (
        "station=unknown&precinct=unknown",
        "station=北興&station=後湖",
        "precinct=第一分局",
        "precinct=第三分局",
    ):
        answer = await client.get(begins + asked)
        assert answer.status_code == 200, answer.text


async def test_targets_take_no_parameters(client: httpx.AsyncClient, server: Server) -> None:
    """Their address has the year; who may not ask is told that first."""
    assert (await client.get("/kpi/targets?year=2026")).json()["errors"][0]["member"] == "year"
    refused = await client.put("/kpi/targets/2026?share=0.9", json={"share": 0.9})
    assert (refused.status_code, refused.json()["errors"][0]["member"]) == (422, "share")
    stranger = await server.stranger()
    for path in (*FIGURES, "/kpi/targets"):
        assert (await stranger.get(path, params={"groupby": "hour"})).status_code == 401
    auditor = await server.client("aud", "auditor")
    assert (await auditor.put("/kpi/targets/2026?share=0.9", json={"share": 0.9})).status_code == 403


async def test_a_ruling_changes_the_reviewed_figure_alone(client: httpx.AsyncClient, pasts: list[Past]) -> None:
    """The recorded one stands as it was, the ledger shows both, the report says how many were changed; at once."""
    late = next(past for past in pasts if past.outcome[0] == "late" and past.on_scene_s is not None)
    before = (await got(client, "/kpi"))["items"][0]
    (incident,) = [row for row in await whole_ledger(client, outcome="late") if row["number"] == late.number]
    detail = (await client.get(f"/incidents/{incident['incident_id']}")).json()
    corrected = (late.received_at + timedelta(seconds=500)).astimezone(UTC).isoformat()
    ruled = await client.post(
        f"/incidents/{incident['incident_id']}/reviews",
        json={
            "ruling": "corrected",
            "assignment_id": detail["assignments"][0]["id"],
            "on_scene_at": corrected,
            "reason": "行車影像可證",
            "after": None,
        },
    )
    assert ruled.status_code == 201, ruled.text
    reviewed = await got(client, "/kpi")
    assert (reviewed["reviewed"], reviewed["items"][0]["within_target"]) == (1, before["within_target"] + 1)
    assert (await got(client, "/kpi", figures="recorded"))["items"] == [before]
    (row,) = await whole_ledger(client, mark="reviewed")
    assert (row["outcome"], row["response_s"]) == ("within", 500.0)
    assert (row["recorded_outcome"], row["recorded_response_s"]) == ("late", late.on_scene_s)
    assert {"reviewed", "corrected"} <= set(row["marks"])
