"""Reports over the API: made once, kept for ever, true to the ledger, for those who may."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from dispatch.reports.rendering import render
from dispatch.service import reporting
from dispatch.store.report_tables import report_files, reports
from dispatch.store.tables import access_log, bureaus
from tests.support.report_calls import ASK, FORMATS, WHOLE, arrive, ask, download, server_with_a_past, tables_of
from tests.support.server import Server, running_server


@pytest.fixture
async def past(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server with forty calls in October 2025."""
    async with server_with_a_past(database_url, nats_url) as running:
        yield running


async def test_a_report_is_made_once_and_kept(past: Server) -> None:
    """Asked for again, nothing is made: the same id, the same bytes. It is listed, and its downloads are on record."""
    client, auditor = await past.client("sue", "supervisor"), await past.client("aud", "auditor")
    made = await ask(client)
    assert {key: made[key] for key in ("kind", "period", "minguo", "language", "version", "made_by")} == {
        "kind": "month",
        "period": "2025-10",
        "minguo": 114,
        "language": "zh-TW",
        "version": 1,
        "made_by": "sue",
    }
    files = await download(auditor, made)
    assert sorted(files) == list(FORMATS)
    assert await ask(client, 200) == made
    assert (await auditor.get("/reports")).json()["items"] == [made]
    assert (await auditor.get(f"/reports/{made['id']}")).json() == made
    assert await download(auditor, made) == files
    async with past.engine.connect() as connection:
        query = select(access_log).where(access_log.c.what == "report_download")
        rows = (await connection.execute(query)).all()
    assert {row.username for row in rows} == {"aud"}
    assert sorted(row.detail["format"] for row in rows) == sorted(2 * FORMATS)


async def test_what_it_says_is_what_the_api_says(past: Server) -> None:
    """Its summary is GET /kpi of the month, and its hash that of the ledger that anybody may download and count."""
    client = await past.client("sue", "supervisor")
    async with past.engine.begin() as connection:
        await connection.execute(insert(bureaus).values(bureau=past.bureau, name="嘉義市政府警察局", outline={}))
    made = await ask(client)
    (figures,) = (await client.get("/kpi", params=WHOLE)).json()["items"]
    ledger = await client.get("/kpi/ledger.csv", params=WHOLE)
    assert hashlib.sha256(ledger.content).hexdigest() == made["ledger_sha256"]
    told = tables_of((await download(client, made))["csv"])
    assert told["案件帳冊 SHA-256"][1] == made["ledger_sha256"]
    row = told["自接獲報案起"]
    counts = [int(cell) for cell in row[2:8]]
    assert counts == [
        figures["incidents"],
        sum(figures["excluded"].values()),
        figures["measured"],
        figures["within_target"],
        figures["measured"] - figures["within_target"],
        figures["unreached"],
    ]
    assert [float(cell) for cell in row[8:11]] == [
        round(figures[name], 4) for name in ("share", "share_low", "share_high")
    ]
    assert counts[0] == 40
    assert told["警察局"][1] == "嘉義市政府警察局"


async def test_a_late_correction_makes_a_new_version_and_keeps_the_old(past: Server) -> None:
    """Nobody's file changes behind their back: what was signed can be read for ever."""
    client = await past.client("sue", "supervisor")
    first = await ask(client)
    before = await download(client, first)
    await arrive(past)
    second = await ask(client)
    assert (second["version"], second["id"] != first["id"]) == (2, True)
    assert second["ledger_sha256"] != first["ledger_sha256"]
    after = await download(client, second)
    assert all(after[name] != before[name] for name in FORMATS)
    assert await download(client, first) == before
    assert [item["version"] for item in (await client.get("/reports")).json()["items"]] == [2, 1]


async def test_another_target_is_another_report(past: Server) -> None:
    """The bureau's target of the year is part of what is said."""
    client = await past.client("sue", "supervisor")
    await ask(client)
    answer = await client.put("/kpi/targets/2025", json={"share": 0.9})
    assert answer.status_code == 200, answer.text
    told = tables_of((await download(client, await ask(client)))["csv"])
    assert "90.00%" in told["與本局年度目標比較"][1]


async def test_the_same_ledger_gives_the_same_bytes_elsewhere(past: Server, nats_url: str) -> None:
    """Another server, another process's state, later: the files that a second database makes are equal to the byte."""
    client = await past.client("sue", "supervisor")
    before = await download(client, await ask(client))
    async with past.engine.begin() as connection:
        # As on a server that was never asked: the trigger lets nobody take a report away but who owns the tables.
        for table in ("report_files", "reports"):
            await connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        await connection.execute(delete(report_files))
        await connection.execute(delete(reports))
    url = past.desk.settings.database_url
    async with running_server(
        url, nats_url, bureau=past.bureau, scheduled_reports=False, dispatch_mode="recommend"
    ) as other:
        other.clock_ahead_by(timedelta(days=100))
        again = await other.client("sue", "supervisor")
        assert await download(again, await ask(again)) == before


async def test_in_english_as_well(past: Server) -> None:
    """A version of its own beside the Chinese one, of the same figures."""
    client = await past.client("sue", "supervisor")
    chinese, english = await ask(client), await ask(client, language="en")
    assert (english["version"], english["figures_sha256"]) == (1, chinese["figures_sha256"])
    assert "Summary" in tables_of((await download(client, english))["csv"])


async def test_a_year(past: Server) -> None:
    """With its months."""
    client = await past.client("sue", "supervisor")
    answer = await client.post("/reports", json={"kind": "year", "year": 2025})
    assert (answer.status_code, answer.json()["period"]) == (201, "2025")
    assert tables_of((await download(client, answer.json()))["csv"])["2025-10"][1] == "40"


async def test_what_is_refused(past: Server) -> None:
    """A period that is not over says when it will be; what no calendar has names its member; roles are kept."""
    client, auditor = await past.client("sue", "supervisor"), await past.client("aud", "auditor")
    told = await ask(client, 409, kind="year", year=datetime.now(UTC).year + 1, month=None)
    assert told["code"] == "period_not_over"
    for wrong, member in (({"month": 13}, "month"), ({"month": None}, "month"), ({"year": 115}, "year")):
        assert (await ask(client, 422, **wrong))["errors"][0]["member"] == member
    assert (await ask(client, 422, kind="year"))["errors"][0]["member"] == "month"
    assert (await ask(client, 422, language="de"))["code"] == "validation"
    await ask(auditor, 403)
    made = await ask(client)
    for who, role in (("dora", "dispatcher"), ("olga", "officer"), ("adam", "admin")):
        stranger = await past.client(who, role)
        for path in ("/reports", f"/reports/{made['id']}", f"/reports/{made['id']}/pdf"):
            assert (await stranger.get(path)).status_code == 403
        await ask(stranger, 403)
    assert (await client.get(f"/reports/{uuid4()}")).status_code == 404
    assert (await client.get(f"/reports/{uuid4()}/pdf")).status_code == 404
    assert (await client.get(f"/reports/{made['id']}/doc")).status_code == 422


async def test_nobody_changes_a_report(past: Server) -> None:
    """Not even with the database's own words."""
    await ask(await past.client("sue", "supervisor"))
    for statement in (
        update(reports).values(made_by="x"),
        delete(report_files),
        update(report_files).values(sha256="x"),
    ):
        with pytest.raises(DBAPIError):
            async with past.engine.begin() as connection:
                await connection.execute(statement)


async def test_a_report_that_cannot_be_kept_whole_is_not_kept(past: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its files and its row come together or not at all; the next one who asks gets it."""
    client = await past.client("sue", "supervisor")

    def with_one_too_many(*told: Any) -> dict[Any, bytes]:
        return {**render(*told), "doc": b""}

    with monkeypatch.context() as broken:
        broken.setattr(reporting, "render", with_one_too_many)
        assert (await client.post("/reports", json=ASK)).status_code == 500
    assert (await client.get("/reports")).json()["items"] == []
    assert (await ask(client))["version"] == 1
