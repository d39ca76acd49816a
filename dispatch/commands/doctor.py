"""`patrol doctor`: what an operator would check, one line each."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import nats
import nats.errors
import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.commands.access import DataOption, data_folder, given_engines
from dispatch.embedded import Announcement, borrowed_engines
from dispatch.migrations import revisions
from dispatch.running.child import answers
from dispatch.settings import Settings, read_settings
from dispatch.store import registry
from dispatch.store.database import create_engine
from gateway.partitions import partition_name

LEAST_FREE_BYTES: Final = 1 << 30
CLOCK_APART_S: Final = 1.0
BUS_WITHIN_S: Final = 4.0
OLDEST_PLAUSIBLE: Final = datetime(2025, 1, 1, tzinfo=UTC)


class Verdict(StrEnum):
    """How a check came out; a problem makes the command fail, a note does not."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    verdict: Verdict
    subject: str
    text: str


def doctor(*, data: DataOption = None) -> None:
    """Check engines, migrations, clock, disk, map and link; exit 1 with the reason where one is wrong."""
    folder = data_folder(data)
    with borrowed_engines(folder, given_engines()) as engines:
        settings = read_settings(database_url=engines.database_url, nats_url=engines.nats_url)
        findings = asyncio.run(examine(folder, engines, settings))
    for finding in findings:
        typer.echo(f"{finding.verdict:<8} {finding.subject:<11} {finding.text}")
    problems = [f"{finding.subject}: {finding.text}" for finding in findings if finding.verdict is Verdict.PROBLEM]
    if problems:
        typer.echo(f"patrol: {'; '.join(problems)}", err=True)
        raise typer.Exit(1)


async def examine(folder: Path, engines: Announcement, settings: Settings) -> list[Finding]:
    """Every check, in the order of an operator's questions."""
    engine = create_engine(engines.database_url, application="patrol-doctor", pool_size=2)
    try:
        return [
            await _database(engine),
            await _bus(engines.nats_url),
            await _migrations(engine),
            await _clock(engine),
            _disk(folder),
            await _map(engine),
            *await asyncio.to_thread(_link, engines),
            Finding(
                Verdict.OK, "settings", " ".join(f"{name}={value}" for name, value in settings.printable().items())
            ),
        ]
    finally:
        await engine.dispose()


async def _database(engine: AsyncEngine) -> Finding:
    async with engine.connect() as connection:
        started = time.perf_counter()
        version = await connection.scalar(text("SHOW server_version"))
        elapsed_ms = (time.perf_counter() - started) * 1000
    return Finding(Verdict.OK, "database", f"PostgreSQL {version} answers in {elapsed_ms:.1f} ms")


async def _bus(url: str) -> Finding:
    try:
        async with asyncio.timeout(BUS_WITHIN_S):
            client = await nats.connect(url, allow_reconnect=False, error_cb=_ignore)
    except (nats.errors.Error, OSError) as error:
        reason = str(error) or "no answer in time"
        return Finding(Verdict.PROBLEM, "bus", f"NATS cannot be reached ({reason}); check NATS_URL and its server")
    version = client.connected_server_version
    await client.close()
    return Finding(Verdict.OK, "bus", f"NATS {version.major}.{version.minor}.{version.patch} answers")


async def _ignore(error: Exception) -> None:
    """The library prints each attempt's error by itself otherwise; the last one is reported."""


async def _migrations(engine: AsyncEngine) -> Finding:
    current, newest = await revisions(engine)
    if current is None:
        return Finding(Verdict.NOTE, "migrations", "the database is empty; `patrol up` builds the schema")
    if current != newest:
        return Finding(
            Verdict.PROBLEM,
            "migrations",
            f"the database is at {current}, this program at {newest}; restart `patrol up`",
        )
    today = datetime.now(UTC).date()
    async with engine.connect() as connection:
        there = await connection.scalar(text("SELECT to_regclass(:name)"), {"name": partition_name(today)})
    if there is None:
        return Finding(Verdict.NOTE, "migrations", f"at {current}; today has no partition yet: `patrol up` makes it")
    return Finding(Verdict.OK, "migrations", f"at {current}, the newest; partitions of `fixes` are there")


async def _clock(engine: AsyncEngine) -> Finding:
    async with engine.connect() as connection:
        before = datetime.now(UTC)
        database = await connection.scalar(text("SELECT clock_timestamp()"))
        after = datetime.now(UTC)
    if after < OLDEST_PLAUSIBLE:
        return Finding(Verdict.PROBLEM, "clock", f"it says {after:%Y-%m-%d}; set it, and keep it right with NTP")
    middle = before + (after - before) / 2
    apart_s = abs((database - middle).total_seconds()) if isinstance(database, datetime) else 0.0
    if apart_s > CLOCK_APART_S + (after - before).total_seconds() / 2:
        return Finding(
            Verdict.PROBLEM, "clock", f"this machine and the database are {apart_s:.1f} s apart; run NTP on both"
        )
    return Finding(Verdict.OK, "clock", f"{after:%Y-%m-%dT%H:%M:%SZ}; the database agrees")


def _disk(folder: Path) -> Finding:
    place = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(place)
    said = f"{usage.free / 2**30:.1f} GiB free of {usage.total / 2**30:.1f} at {folder}"
    if usage.free < LEAST_FREE_BYTES:
        return Finding(Verdict.PROBLEM, "disk", f"{said}; free some, or lower PATROL_FIX_RETENTION_DAYS")
    return Finding(Verdict.OK, "disk", said)


async def _map(engine: AsyncEngine) -> Finding:
    advice = "travel times are straight lines until `patrol map import FILE`"
    current, newest = await revisions(engine)
    if current != newest:
        return Finding(Verdict.NOTE, "map", f"no streets are loaded; {advice}")
    async with engine.connect() as connection:
        loaded = await registry.loaded_map(connection)
    if loaded is None:
        return Finding(Verdict.NOTE, "map", f"no streets are loaded; {advice}")
    if loaded.generated:
        return Finding(Verdict.NOTE, "map", f"{loaded.source}: generated streets, of no use outside a demo")
    return Finding(Verdict.OK, "map", f"{loaded.source}, {loaded.facts.get('kilometres', '?')} km")


def _link(engines: Announcement) -> list[Finding]:
    if engines.gateway_url is None:
        return [Finding(Verdict.NOTE, "link", "no gateway was started by `patrol up` on this folder")]
    findings = []
    for subject, url in (("server", f"{engines.api_url}/readyz"), ("link", f"{engines.gateway_url}/healthz")):
        if answers(url):
            findings.append(Finding(Verdict.OK, subject, f"{url} answers"))
        else:
            findings.append(
                Finding(Verdict.PROBLEM, subject, f"{url} does not answer well; see log/ in the data folder")
            )
    return findings
