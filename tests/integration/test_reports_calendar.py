"""Reports by the calendar: what is due is made once, by the server that leads, also what was missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.domain.kpi import TAIPEI
from dispatch.domain.report_period import Period
from dispatch.reports.refusals import FontMissing
from dispatch.reports.words import Language
from dispatch.service import reporting
from dispatch.service.desk import Desk
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.service.reporting import Made, ReportKeeper, make_report
from dispatch.store.database import create_engine
from tests.support.report_calls import OCTOBER, fill, kept, server_with_a_past
from tests.support.server import Server, eventually, running_server


@pytest.fixture
async def past(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server with forty calls in October 2025."""
    async with server_with_a_past(database_url, nats_url) as running:
        yield running


def by_calendar(server: Server, at: str) -> ReportKeeper:
    """The keeper of a server at a time of Taipei."""
    moment = datetime.fromisoformat(f"{at}+08:00").astimezone(UTC)
    server.desk.clock = lambda: moment
    return ReportKeeper(server.desk, KpiKeeper(server.desk), lambda: True)


async def test_the_calendar_makes_them(past: Server) -> None:
    """Nothing before six o'clock on the first; then the month; what was missed while it was down; nothing twice."""
    await by_calendar(past, "2025-11-01T05:59").look()
    assert await kept(past.engine) == []
    await by_calendar(past, "2025-11-01T06:00").look()
    await by_calendar(past, "2025-11-30T12:00").look()
    assert await kept(past.engine) == [("2025-10", 1, "server")]
    later = by_calendar(past, "2026-01-03T12:00")
    await later.look()
    everything = [(period, 1, "server") for period in ("2025", "2025-10", "2025-11", "2025-12")]
    assert await kept(past.engine) == everything
    await later.look()
    assert await kept(past.engine) == everything


async def test_two_servers_at_once_make_one(past: Server) -> None:
    """For a moment two may believe that they lead."""
    keeper = by_calendar(past, "2025-11-01T06:00")
    await asyncio.gather(keeper.look(), ReportKeeper(past.desk, KpiKeeper(past.desk), lambda: True).look())
    assert await kept(past.engine) == [("2025-10", 1, "server")]


async def test_without_a_call_there_is_nothing_to_report(server: Server) -> None:
    """A bureau that begins has no past."""
    assert await by_calendar(server, "2026-01-03T12:00").missing() == []


async def test_the_server_that_leads_makes_them_by_itself(
    database_url: str, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody asks: a server that starts after the first of a month makes the report of the month before."""
    monkeypatch.setattr(reporting, "LOOK_S", 0.1)
    monkeypatch.setattr(reporting, "MONTHS_MADE_UP", 1)
    engine = create_engine(database_url, pool_size=2)
    today = datetime.now(TAIPEI)
    first = Period(today.year - 1, 12) if today.month == 1 else Period(today.year, today.month - 1)
    await fill(engine, first if first.due_at <= today else OCTOBER)
    async with running_server(database_url, nats_url, dispatch_mode="recommend", scheduled_reports=True):
        made = await eventually(lambda: kept(engine))
    await engine.dispose()
    assert made[0][1:] == (1, "server")


async def test_the_server_that_stands_by_makes_none(past: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several servers one does the work."""
    monkeypatch.setattr(reporting, "LOOK_S", 0.01)
    by_calendar(past, "2025-11-05T12:00")
    looks = 0

    def leading() -> bool:
        nonlocal looks
        looks += 1
        return False

    async def looked() -> int:
        return looks

    past.desk.settings = past.desk.settings.model_copy(update={"scheduled_reports": True})
    task = asyncio.create_task(ReportKeeper(past.desk, KpiKeeper(past.desk), leading).run())
    await eventually(looked, lambda count: count > 3)
    task.cancel()
    assert await kept(past.engine) == []


async def test_a_failure_ends_nothing_and_is_tried_again_later(past: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month that can't be made keeps no later one from being made; it is tried again in an hour, and not before."""
    keeper, tried = by_calendar(past, "2025-12-01T06:00"), list[str]()

    async def broken(desk: Desk, figures: KpiKeeper, period: Period, language: Language, by: str) -> Made:
        tried.append(str(period))
        if period == OCTOBER and len(tried) < 3:
            raise RuntimeError("a name that no page holds")
        return await make_report(desk, figures, period, language, by)

    monkeypatch.setattr(reporting, "make_report", broken)
    await keeper._guarded_look()
    await keeper._guarded_look()
    assert tried == ["2025-10", "2025-11"]
    assert await kept(past.engine) == [("2025-11", 1, "server")]
    now = past.desk.clock()
    past.desk.clock = lambda: now + timedelta(hours=1)
    await keeper._guarded_look()
    assert await kept(past.engine) == [("2025-10", 1, "server"), ("2025-11", 1, "server")]


async def test_without_letters_all_wait(past: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other report would come out either: an hour's rest, and the server goes on."""
    keeper, tried = by_calendar(past, "2025-12-01T06:00"), 0

    async def no_letters(*told: object) -> Made:
        nonlocal tried
        tried += 1
        raise FontMissing

    monkeypatch.setattr(reporting, "make_report", no_letters)
    await keeper._guarded_look()
    await keeper._guarded_look()
    assert tried == 1
