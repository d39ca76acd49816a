"""The ledger behind the figures: each incident in one row, sums that agree, the file. Beside plain words for each."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from typing import Literal

import httpx
import pytest
from sqlalchemy import select

from dispatch.store.tables import access_log
from tests.support.measured_past import COUNT, Past, got, whole_ledger
from tests.support.server import Server


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
