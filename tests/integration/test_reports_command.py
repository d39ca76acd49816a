"""`patrol report`: the same reports on the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from dispatch.embedded import EngineUrls
from dispatch.store.database import create_engine
from dispatch.store.tables import access_log
from tests.support.command import patrol
from tests.support.report_calls import FORMATS, fill, kept


@pytest.fixture
async def outside(engines: EngineUrls, database_url: str) -> dict[str, str]:
    """An environment that names a database with the calls of October."""
    engine = create_engine(database_url, pool_size=2)
    await fill(engine)
    await engine.dispose()
    return {"DATABASE_URL": database_url, "NATS_URL": engines.nats_url}


async def test_the_command_writes_the_files(outside: dict[str, str], tmp_path: Path) -> None:
    """Into a folder that it makes; twice the same files, and one report in the database."""
    out = tmp_path / "made" / "here"
    arguments = ("report", "--month", "2025-10", "--to", out)
    done = await asyncio.to_thread(patrol, *arguments, around=outside)
    assert done.returncode == 0, done.stderr
    written = {path.name: path.read_bytes() for path in out.iterdir()}
    ends = ["ledger.csv.gz" if name == "ledger" else name for name in FORMATS]
    assert sorted(written) == [f"patrol-2025-10-zh-TW-v1.{end}" for end in ends]
    assert sorted(done.stdout.split()) == sorted(str(out / name) for name in written)
    again = await asyncio.to_thread(patrol, *arguments, around=outside)
    assert again.stdout == done.stdout
    assert {path.name: path.read_bytes() for path in out.iterdir()} == written
    engine = create_engine(outside["DATABASE_URL"], pool_size=2)
    assert [row[:2] for row in await kept(engine)] == [("2025-10", 1)]
    async with engine.connect() as connection:
        taken = (await connection.execute(select(access_log).where(access_log.c.what == "report_download"))).all()
    assert sorted(row.detail["format"] for row in taken) == sorted(2 * FORMATS)
    assert all(row.username.endswith("(command line)") for row in taken)
    await engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "--month"),
        (("--month", "2025-10", "--year", "2025"), 2, "one period"),
        (("--month", "2025"), 2, "is a year"),
        (("--year", "2025-10"), 2, "is a month"),
        (("--month", "oct"), 2, "2026-10"),
        (("--month", "2025-10", "--language", "de"), 2, "zh-TW"),
        (("--year", "9998"), 1, "can be reported from"),
    ],
)
async def test_wrong_use_says_what_is_right(
    outside: dict[str, str], arguments: tuple[str, ...], status: int, said: str, tmp_path: Path
) -> None:
    """2 for what can't be meant, 1 with one line for what can't be made yet; nothing is written."""
    done = await asyncio.to_thread(patrol, "report", *arguments, "--to", tmp_path / "out", around=outside)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert not (tmp_path / "out").exists()
