"""Real engines for tests: one PostgreSQL and one NATS a session, a fresh migrated database for whoever asks."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from dispatch.embedded import EmbeddedEngines, EngineUrls
from dispatch.migrations import upgrade
from dispatch.store.database import create_engine

TEMPLATE: Final = "template_migrated"


@pytest.fixture(scope="session")
def engines() -> Iterator[EngineUrls]:
    """Embedded PostgreSQL and NATS in a short folder; nothing of them is left at the end."""
    folder = Path(tempfile.mkdtemp(prefix="patrol-"))
    running = EmbeddedEngines(folder, postgres_settings={"fsync": "off", "full_page_writes": "off"})
    try:
        yield running.start()
    finally:
        running.stop()
        shutil.rmtree(folder)


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """A data folder of its own, not made yet, below a folder that only its owner can enter."""
    parent = Path(tempfile.mkdtemp(prefix="patrol-"))
    yield parent / "data"
    shutil.rmtree(parent)


@pytest.fixture(scope="session")
def nats_url(engines: EngineUrls) -> str:
    """The session's bus; tests on it keep apart by a bureau code of their own."""
    return engines.nats_url


@pytest.fixture(scope="session")
async def migrated_template(engines: EngineUrls) -> str:
    """The name of a database with the whole schema, to be copied."""
    async with _maintenance(engines) as connection:
        await connection.execute(f"CREATE DATABASE {TEMPLATE}")
    engine = create_engine(address(engines, TEMPLATE))
    try:
        await upgrade(engine)
    finally:
        await engine.dispose()
    return TEMPLATE


@pytest.fixture
async def database_url(engines: EngineUrls, migrated_template: str) -> AsyncIterator[str]:
    """A fresh, migrated database for one test."""
    async with fresh_database(engines, migrated_template) as url:
        yield url


@pytest.fixture(scope="module")
async def module_database_url(engines: EngineUrls, migrated_template: str) -> AsyncIterator[str]:
    """A fresh, migrated database shared by the tests of one module."""
    async with fresh_database(engines, migrated_template) as url:
        yield url


@pytest.fixture
async def empty_database_url(engines: EngineUrls) -> AsyncIterator[str]:
    """A database with nothing in it, not even the schema."""
    async with fresh_database(engines, "template0") as url:
        yield url


@asynccontextmanager
async def fresh_database(engines: EngineUrls, template: str) -> AsyncIterator[str]:
    """A copy of `template` that lasts as long as the block."""
    name = f"test_{secrets.token_hex(6)}"
    async with _maintenance(engines) as connection:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield address(engines, name)
    async with _maintenance(engines) as connection:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def address(engines: EngineUrls, database: str) -> str:
    """The address of another database on the same server."""
    return f"{engines.database_url.rpartition('/')[0]}/{database}"


@asynccontextmanager
async def _maintenance(engines: EngineUrls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(engines.database_url)
    try:
        yield connection
    finally:
        await connection.close()
