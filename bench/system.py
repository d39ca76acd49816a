"""A whole system for a benchmark: `patrol up` on a folder of its own, with generated streets, an account and cars."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dispatch.roads.generated_city import generate_chiayi
from dispatch.service.accounts import hash_password
from dispatch.service.street_maps import load_map
from dispatch.store import registry
from dispatch.store.database import create_engine

USER = "bench"
BUREAU = "chiayi"
"""Where no setting says another."""


@dataclass(frozen=True)
class System:
    """A running system and what a client needs to use it."""

    api_url: str
    gateway_url: str
    password: str
    tokens: list[str]
    database_url: str
    nats_url: str
    bureau: str


@contextlib.asynccontextmanager
async def running_system(cars: int, history: Callable[[str], Awaitable[None]] | None = None) -> AsyncIterator[System]:
    """Started, filled and ready; gone at the end of the block.

    `history` fills in what is long past, given the database's address; then the system is started once more, as after
    a night, so that nothing of it is news.
    """
    folder = Path(tempfile.mkdtemp(prefix="pb-"))
    process = _start(folder)
    try:
        if not process.stdout or "ready" not in process.stdout.readline():
            raise RuntimeError(f"patrol up did not start; see {folder}/log")
        addresses = json.loads((folder / "engines.json").read_text())
        password, tokens = secrets.token_urlsafe(12), [secrets.token_urlsafe(32) for _ in range(cars)]
        await _fill(addresses["database_url"], password, tokens)
        if history is not None:
            await history(addresses["database_url"])
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            process = _start(folder)
            if not process.stdout or "ready" not in process.stdout.readline():
                raise RuntimeError(f"patrol up did not start again; see {folder}/log")
            addresses = json.loads((folder / "engines.json").read_text())
        yield System(
            api_url=addresses["api_url"],
            gateway_url=addresses["gateway_url"].replace("http", "ws"),
            password=password,
            tokens=tokens,
            database_url=addresses["database_url"],
            nats_url=addresses["nats_url"],
            bureau=os.environ.get("PATROL_BUREAU", BUREAU),
        )
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        shutil.rmtree(folder)


def _start(folder: Path) -> subprocess.Popen[str]:
    patrol = Path(sys.executable).with_name("patrol")
    return subprocess.Popen(
        [patrol, "up", "--data", folder, "--port", "0", "--gateway-port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


async def _fill(database_url: str, password: str, tokens: list[str]) -> None:
    engine = create_engine(database_url)
    now = datetime.now(UTC)
    async with engine.begin() as connection:
        await load_map(connection, generate_chiayi(1))
        await registry.add_user(connection, USER, hash_password(password), "dispatcher")
        for number, token in enumerate(tokens):
            await registry.add_vehicle(
                connection,
                f"B-{number:04d}",
                unit_name=f"B{number:04d}",
                vehicle_type="car",
                capabilities=[],
                station_id=None,
            )
            digest = hashlib.sha256(token.encode()).hexdigest()
            await registry.set_device_token(connection, f"B-{number:04d}", digest, now)
    await engine.dispose()
