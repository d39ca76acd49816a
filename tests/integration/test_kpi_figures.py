"""Figures behind the share: ledger, distribution, parts, months, targets. Beside plain sums over the same incidents."""

from __future__ import annotations

import csv
import hashlib
import io
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import httpx
import numpy as np
import pytest
from sqlalchemy import insert, select

from dispatch.domain.hexagon import cell_of
from dispatch.store.tables import access_log, assignments, incidents, precincts, stations
from tests.support.server import Server, running_server

BEGIN = datetime.fromisoformat("2025-09-15T00:00:00+08:00")
DAYS = 430
COUNT = 700


@dataclass(frozen=True)
class Past:
    """One incident as the test made it. `created_s` and the others: seconds after the receipt."""

    incident_id: UUID
    number: str
    received_at: datetime
    priority: int
    place: tuple[float, float]
    station: str | None
    created_s: float
    dispatched_s: float | None
    en_route_s: float | None
    on_scene_s: float | None
    state: str
    exclusion: str | None

    @property
    def outcome(self) -> tuple[str, str | None]:
        """In plain words, written a second time."""
        if self.exclusion:
            return "excluded", self.exclusion
        if self.state == "cancelled" and self.on_scene_s is None:
            return "excluded", "cancelled"
        if self.on_scene_s is None:
            return "late", None
        return ("within" if self.on_scene_s <= 600 else "late"), None


def _past(rng: random.Random, number: int) -> Past:
    received_at = BEGIN + timedelta(seconds=rng.randrange(DAYS * 86_400))
    created_s = rng.uniform(10, 90)
    sent = rng.random() < 0.95
    dispatched_s = created_s + rng.uniform(1, 60) if sent else None
    en_route_s = dispatched_s + rng.uniform(10, 90) if dispatched_s is not None and rng.random() < 0.9 else None
    there = dispatched_s is not None and rng.random() < 0.93
    on_scene_s = round((en_route_s or dispatched_s or 0) + rng.lognormvariate(5.6, 0.5), 3) if there else None
    return Past(
        incident_id=uuid4(),
        number=f"F-{number:04}",
        received_at=received_at,
        priority=rng.randint(1, 4),
        place=(23.46 + rng.random() / 20, 120.42 + rng.random() / 20),
        station=rng.choice(["北興", "後湖", None]),
        created_s=created_s,
        dispatched_s=dispatched_s,
        en_route_s=en_route_s,
        on_scene_s=on_scene_s,
        state=rng.choice(["closed"] * 9 + ["cancelled"]),
        exclusion=rng.choice([None] * 12 + ["test", "scheduled", "officer_initiated"]),
    )


@pytest.fixture(scope="module")
def pasts() -> list[Past]:
    """A year and more of calls; the same in every run."""
    rng = random.Random(115)
    return [_past(rng, number) for number in range(COUNT)]


@pytest.fixture(scope="module")
async def server(module_database_url: str, nats_url: str, pasts: list[Past]) -> AsyncIterator[Server]:
    """With that past, of one unit in two stations' areas."""
    async with running_server(module_database_url, nats_url, dispatch_mode="recommend") as running:
        unit_id = await running.add_unit("北興101")
        ids = {"北興": uuid4(), "後湖": uuid4()}

        def at(past: Past, seconds: float | None) -> datetime | None:
            return None if seconds is None else past.received_at + timedelta(seconds=seconds)

        async with running.engine.begin() as connection:
            precinct = uuid4()
            await connection.execute(insert(precincts).values(precinct_id=precinct, name="第一分局"))
            rows = [{"station_id": one, "name": name, "precinct_id": precinct} for name, one in ids.items()]
            await connection.execute(insert(stations), rows)
            await connection.execute(
                insert(incidents),
                [
                    {
                        "incident_id": past.incident_id,
                        "number": past.number,
                        "category": "service",
                        "priority": past.priority,
                        "lat": past.place[0],
                        "lon": past.place[1],
                        "station_id": ids.get(past.station or ""),
                        "received_at": past.received_at,
                        "created_at": at(past, past.created_s),
                        "state": past.state,
                        "exclusion": past.exclusion,
                    }
                    for past in pasts
                ],
            )
            await connection.execute(
                insert(assignments),
                [
                    {
                        "assignment_id": uuid4(),
                        "incident_id": past.incident_id,
                        "unit_id": unit_id,
                        "state": "cleared",
                        "dispatched_at": at(past, past.dispatched_s),
                        "en_route_at": at(past, past.en_route_s),
                        "on_scene_at": at(past, past.on_scene_s),
                        "ended_at": past.received_at + timedelta(hours=1),
                        "eta_s": 240.0,
                    }
                    for past in pasts
                    if past.dispatched_s is not None
                ],
            )
        yield running


@pytest.fixture
async def client(server: Server) -> httpx.AsyncClient:
    """A supervisor's."""
    return await server.client("sue", "supervisor")


async def got(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    """The answer."""
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def whole_ledger(client: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    """All pages."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await got(client, "/kpi/ledger", limit=97, **params, **({"cursor": cursor} if cursor else {}))
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows
        assert len(page["items"]) == 97


@pytest.mark.parametrize("sort", ["newest", "slowest"])
async def test_every_incident_is_in_exactly_one_row(
    client: httpx.AsyncClient, pasts: list[Past], sort: Literal["newest", "slowest"]
) -> None:
    """Page by page, in either order: no row twice, none left out, each with the outcome that plain words give it."""
    rows = await whole_ledger(client, sort=sort)
    told = {row["number"]: (row["outcome"], row["reason"]) for row in rows}
    assert len(rows) == len(told)
    assert told == {past.number: past.outcome for past in pasts}
    if sort == "newest":
        received = [row["received_at"] for row in rows]
        assert received == sorted(received, reverse=True)
    else:
        reached = [row["response_s"] for row in rows if row["response_s"] is not None]
        assert reached == sorted(reached, reverse=True)
        late_first = [row["outcome"] == "excluded" for row in rows]
        assert late_first == sorted(late_first)


async def test_the_sums_of_the_ledger_agree_with_the_report(client: httpx.AsyncClient, pasts: list[Past]) -> None:
    """Totals, rows by outcome, the report's line: one and the same, for any filter."""
    for params in ({}, {"station": "北興"}, {"precinct": ["unknown"], "priority": ["1", "2"]}, {"shift": "night"}):
        totals = (await got(client, "/kpi/ledger", limit=1, **params))["totals"]
        (line,) = (await got(client, "/kpi", **params))["items"]
        assert totals["within"] + totals["late"] + sum(totals["excluded"].values()) == totals["incidents"]
        assert (totals["within"], totals["excluded"]) == (line["within_target"], line["excluded"])
        assert totals["late"] == line["measured"] - line["within_target"]
        for outcome in ("within", "late", "excluded"):
            rows = await whole_ledger(client, outcome=outcome, **params)
            wanted = sum(totals["excluded"].values()) if outcome == "excluded" else totals[outcome]
            assert len(rows) == wanted
            assert {row["outcome"] for row in rows} <= {outcome}
    tests = await whole_ledger(client, outcome="excluded", reason="test")
    assert {row["number"] for row in tests} == {past.number for past in pasts if past.exclusion == "test"}


async def test_each_figure_opens_its_own_rows(client: httpx.AsyncClient) -> None:
    """What is measured, who came, how long it took, what is known of a part, what the nearest unit would have done."""
    (line,) = (await got(client, "/kpi"))["items"]
    assert len(await whole_ledger(client, outcome="measured")) == line["measured"]
    assert len(await whole_ledger(client, reached=True)) == line["reached"]
    assert len(await whole_ledger(client, reached=False)) == line["unreached"]
    spread = await got(client, "/kpi/distribution")
    some = spread["bins"][9]
    between = await whole_ledger(client, over_s=some["from_s"], up_to_s=some["to_s"])
    assert len(between) == some["n"] > 0
    assert all(some["from_s"] < row["response_s"] <= some["to_s"] for row in between)
    for part, figure in (await got(client, "/kpi/parts")).items():
        rows = await whole_ledger(client, part=part)
        assert len(rows) == figure["n"]
        assert all(row[f"{part}_s"] is not None for row in rows)
    late = (await got(client, "/kpi/late"))["items"]
    for nearest, member in (("in_time", "in_time_if_nearest_free"), ("not_known", "unknown")):
        assert len(await whole_ledger(client, outcome="late", nearest=nearest)) == sum(one[member] for one in late)


async def test_the_file_has_the_rows_that_were_picked(client: httpx.AsyncClient, server: Server) -> None:
    """Named for what it is: its last day, its clock and figures, that something is left out; and who fetched it."""
    asked = {"from": "2026-01-01T00:00:00+08:00", "to": "2026-02-01T00:00:00+08:00", "outcome": "late"}
    other = {"clock": "dispatched", "figures": "recorded"}
    answer = await client.get("/kpi/ledger.csv", params={"language": "en", **asked, **other})
    name = "ledger-20260101-20260131-dispatched-recorded-filtered.csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    shown = await whole_ledger(client, **asked, **other)
    assert {row["number"] for row in rows} == {row["number"] for row in shown}
    whole = await client.get("/kpi/ledger.csv")
    assert whole.headers["Content-Disposition"].endswith('"ledger.csv"')
    async with server.engine.connect() as connection:
        query = select(access_log.c.username, access_log.c.subject).where(access_log.c.what == "ledger_download")
        assert {tuple(row) for row in await connection.execute(query)} >= {("sue", name), ("sue", "ledger.csv")}


async def test_the_ledger_as_a_file_can_be_checked(client: httpx.AsyncClient, pasts: list[Past]) -> None:
    """A byte order mark, CR LF, as many rows as incidents, the hash of its bytes; twice the same; heads in Chinese."""
    answer = await client.get("/kpi/ledger.csv", params={"language": "en"})
    assert answer.headers["X-Ledger-SHA256"] == hashlib.sha256(answer.content).hexdigest()
    assert answer.content.startswith(b"\xef\xbb\xbf")
    text = answer.content.decode("utf-8-sig")
    assert text.count("\r\n") == text.count("\n") == COUNT + 1
    rows = list(csv.DictReader(io.StringIO(text)))
    assert Counter((row["outcome"], row["reason"] or None) for row in rows) == Counter(past.outcome for past in pasts)
    assert [row["received_at"] for row in rows] == sorted(row["received_at"] for row in rows)
    by_number = {past.number: past for past in pasts}
    for row in rows:
        past = by_number[row["number"]]
        assert row["received_at"] == past.received_at.isoformat(timespec="seconds")
        if row["outcome"] != "excluded" and past.on_scene_s is not None:
            assert float(row["response_s"]) == pytest.approx(past.on_scene_s, abs=0.001)
    again = await client.get("/kpi/ledger.csv", params={"language": "en"})
    assert again.content == answer.content
    chinese = await client.get("/kpi/ledger.csv")
    assert chinese.content.decode("utf-8-sig").startswith("案件編號,受理時間,")


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


async def test_each_late_one_has_one_reason(client: httpx.AsyncClient, pasts: list[Past]) -> None:
    """The reasons add up to the late ones; a reason opens exactly its incidents."""
    found = await got(client, "/kpi/late")
    assert found["late"] == sum(past.outcome[0] == "late" for past in pasts) == sum(one["n"] for one in found["items"])
    for one in found["items"]:
        rows = await whole_ledger(client, outcome="late", late_reason=one["reason"])
        assert len(rows) == one["n"]
        assert {row["late_reason"] for row in rows} == {one["reason"]}
        assert one["unknown"] == sum(row["nearest_free_s"] is None for row in rows)


async def test_a_year_has_its_target(client: httpx.AsyncClient, server: Server) -> None:
    """Set by name, in Minguo years, read beside the share of a period that ends in that year, and taken away again."""
    targets = {one["year"]: one for one in (await got(client, "/kpi/targets"))["items"]}
    assert (targets[2019]["minguo"], targets[2019]["text"], targets[2019]["share"]) == (108, "<10分鐘", None)
    assert (await client.put("/kpi/targets/2026", json={"share": 0.9})).json()["set_by"] == "sue"
    year = {"from": "2026-01-01T00:00:00+08:00", "to": "2027-01-01T00:00:00+08:00"}
    assert (await got(client, "/kpi", **year))["target_share"] == 0.9
    assert (await got(client, "/kpi", to="2026-01-01T00:00:00+08:00"))["target_share"] is None
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
