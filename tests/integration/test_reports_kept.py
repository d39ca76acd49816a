"""Reports as evidence: their ledger is kept, versions follow each other, targets keep their history."""

from __future__ import annotations

import asyncio
import csv
import gzip
import hashlib
import io
import subprocess
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from dispatch.domain.report_period import Period
from dispatch.reports.rendering import render
from dispatch.service import reporting
from dispatch.service.desk import Desk
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.service.report_figures import Counted, count
from dispatch.store.kpi_tables import kpi_targets
from dispatch.store.report_tables import reports
from tests.support.report_calls import ASK, WHOLE, arrive, ask, download, server_with_a_past, stale, tables_of
from tests.support.server import Server


@pytest.fixture
async def past(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server with forty calls in October 2025."""
    async with server_with_a_past(database_url, nats_url) as running:
        yield running


async def test_two_who_ask_at_once_get_the_same(past: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """One version is made, whoever was first, and the ledger is read through once."""
    client = await past.client("sue", "supervisor")
    counts = 0

    async def counted(desk: Desk, keeper: KpiKeeper, period: Period) -> Counted:
        nonlocal counts
        counts += 1
        return await count(desk, keeper, period)

    monkeypatch.setattr(reporting, "count", counted)
    answers = await asyncio.gather(*(client.post("/reports", json=ASK) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert counts == 1


async def test_what_was_so_before_never_becomes_the_newest_version(
    past: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One report is drawn for long; meanwhile the record changes and somebody asks: the newest tells the change."""
    client = await past.client("sue", "supervisor")
    drawing, drawn = threading.Event(), threading.Event()

    def slow(*told: Any) -> dict[Any, bytes]:
        if not drawing.is_set():
            drawing.set()
            drawn.wait(60)
        return dict(render(*told))

    monkeypatch.setattr(reporting, "render", slow)
    one = asyncio.create_task(client.post("/reports", json=ASK))
    await asyncio.to_thread(drawing.wait, 60)
    await arrive(past)
    other = asyncio.create_task(client.post("/reports", json=ASK))
    await asyncio.wait([other], timeout=10)  # a report that does not wait is kept by then
    drawn.set()
    assert [answer.status_code for answer in await asyncio.gather(one, other)] == [201, 201]
    newest = (await client.get("/reports")).json()["items"][0]
    ledger = await client.get("/kpi/ledger.csv", params=WHOLE)
    assert newest["ledger_sha256"] == hashlib.sha256(ledger.content).hexdigest()


async def test_an_auditor_counts_the_hash_again_after_years(past: Server) -> None:
    """The ledger of each version is kept: unpacked it has the hash in the signed file, whatever was ruled since."""
    client, auditor = await past.client("sue", "supervisor"), await past.client("aud", "auditor")
    first = await ask(client)
    english = await ask(client, language="en")
    await arrive(past)
    second = await ask(client)
    hashes = {}
    for made in (first, english, second):
        files = await download(auditor, made)
        command = ["sh", "-c", "gunzip -c | sha256sum"]
        done = await asyncio.to_thread(subprocess.run, command, input=files["ledger"], capture_output=True, check=True)
        hashes[made["id"]] = done.stdout.split()[0].decode()
        assert hashes[made["id"]].encode() in files["csv"]
        rows = list(csv.reader(io.StringIO(gzip.decompress(files["ledger"]).decode("utf-8-sig"), newline="")))
        assert (len(rows), rows[0][0]) == (41, "案件編號")
    assert hashes == {made["id"]: made["ledger_sha256"] for made in (first, english, second)}
    assert hashes[first["id"]] == hashes[english["id"]] != hashes[second["id"]]
    now = await client.get("/kpi/ledger.csv", params=WHOLE)
    assert hashlib.sha256(now.content).hexdigest() == hashes[second["id"]]
    answer = await auditor.get(f"/reports/{first['id']}/ledger")
    assert "patrol-2025-10-zh-TW-v1.ledger.csv.gz" in answer.headers["content-disposition"]
    assert answer.headers["content-type"] == "application/gzip"
    dora = await past.client("dora", "dispatcher")
    assert (await dora.get(f"/reports/{first['id']}/ledger")).status_code == 403


async def test_an_outdated_report_says_so(past: Server) -> None:
    """Where the record or the target changed since, or a later version stands; not where a day was only read again."""
    client = await past.client("sue", "supervisor")
    first = await ask(client)
    assert first["outdated"] is False
    async with past.engine.begin() as connection:
        await stale(connection)

    async def told() -> list[bool | None]:
        return [one["outdated"] for one in (await client.get("/reports")).json()["items"]]

    assert await told() == [False]
    await arrive(past)
    assert await told() == [True]
    assert (await client.get(f"/reports/{first['id']}")).json()["outdated"] is True
    await ask(client)
    assert await told() == [False, True]
    await client.put("/kpi/targets/2025", json={"share": 0.9})
    assert await told() == [True, True]
    async with past.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE reports DISABLE TRIGGER ALL")
        await connection.execute(update(reports).values(counted_from=None, made_at=datetime.now(UTC)))
        await stale(connection)
    assert await told() == [None, True]  # of another release's rows nobody can tell


async def test_nothing_is_reported_of_before_the_first_call(past: Server) -> None:
    """Such a report could never be taken away again: it is refused, and says what can be reported."""
    client = await past.client("sue", "supervisor")
    for members, member in (({"month": 9}, "month"), ({"kind": "year", "year": 2024, "month": None}, "year")):
        told = await ask(client, 422, **members)
        assert told["errors"][0]["member"] == member
        assert "2025-10" in str(told)
    assert (await client.get("/reports")).json()["items"] == []


async def test_page_by_page(past: Server) -> None:
    """Every version is in the list once, however many there are."""
    client = await past.client("sue", "supervisor")
    whole = [await ask(client), await ask(client, language="en"), await ask(client, month=11)]
    found, cursor = [], None
    for _ in whole:
        page = (await client.get("/reports", params={"limit": 1} | ({"cursor": cursor} if cursor else {}))).json()
        found += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert found == [whole[2]["id"], whole[0]["id"], whole[1]["id"]]
    assert (await client.get("/reports", params={"cursor": "yesterday"})).status_code == 422


async def test_each_word_on_a_target_stays(past: Server) -> None:
    """Set, lowered after the year, taken back: all is to be read, by who may set it too, and by whom in the report."""
    client, admin = await past.client("sue", "supervisor"), await past.client("adam", "admin")
    for share, who in ((0.9, client), (0.9, client), (0.7, admin), (None, client), (0.8, admin)):
        answer = await who.put("/kpi/targets/2025", json={"share": share})
        assert answer.status_code == 200, answer.text
    listed = await admin.get("/kpi/targets")
    assert listed.status_code == 200, listed.text
    target = next(one for one in listed.json()["items"] if one["year"] == 2025)
    assert [(one["share"], one["set_by"]) for one in target["history"]] == [
        (0.9, "sue"),
        (0.7, "adam"),
        (None, "sue"),
        (0.8, "adam"),
    ]
    assert (target["share"], target["set_by"], target["set_at"]) == (0.8, "adam", target["history"][-1]["set_at"])
    told = tables_of((await download(client, await ask(client)))["csv"])
    assert "目標由 adam 於 民國" in told["與本局年度目標比較"][1]
    for statement in (update(kpi_targets).values(share=0.1), delete(kpi_targets)):
        with pytest.raises(DBAPIError):
            async with past.engine.begin() as connection:
                await connection.execute(statement)
