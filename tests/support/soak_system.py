"""The server's side of the soak: dispatch with its engines, and a gateway that moves; all of it killed now and then."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Final

import httpx

from dispatch.engines.process import reserve_port
from tests.support.bureau import PASSWORD, add_account, child_pid
from tests.support.command import command, kill_9, processes_on, wait_until

SETTINGS: Final[dict[str, str]] = {
    "PATROL_ACK_TIMEOUT_S": "7200",
    "PATROL_AUTOMATIC_DIVERSION": "false",
    "PATROL_POLICY_TWO_UNITS_PRIORITY": "0",
    "PATROL_STANDBY_SUGGESTIONS": "false",
    "PATROL_WHAT_IF_WORKER": "false",
}
"""An order is its crew's until it is cleared: who is sent where has tests of its own."""
READY_S: Final = 120.0


class System:
    """`patrol serve` on a data folder, and one gateway beside it."""

    def __init__(self, data: Path, serve: subprocess.Popen[bytes], port: int) -> None:
        self.data = data
        self.gateway_port = 0
        self.api_url = f"http://127.0.0.1:{port}"
        self.kills: Counter[str] = Counter()
        self._serve = serve
        self._gateway: subprocess.Popen[bytes] | None = None

    @classmethod
    @asynccontextmanager
    async def running(cls, folder: Path) -> AsyncIterator[System]:
        """Up, with a dispatcher's account; every process is gone at the end of the block."""
        data, port = folder / "data", reserve_port()
        with (folder / "serve.log").open("ab") as log:
            serve = _spawn(command("serve", "--port", str(port), data=data), log, SETTINGS)
        system = cls(data, serve, port)
        try:
            await system.ready()
            await add_account(data, "desk", "dispatcher")
            system.start_gateway()
            yield system
        finally:
            if system._gateway is not None:
                system._gateway.kill()
                system._gateway.wait()
            if serve.poll() is None:
                serve.terminate()
            serve.wait(READY_S)
            await asyncio.to_thread(wait_until, lambda: not processes_on(data), "a process outlives the soak")

    async def ready(self) -> None:
        """Until dispatch answers that it reaches its engines."""
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(READY_S):
            while True:
                try:
                    if (await client.get(f"{self.api_url}/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    assert self._serve.poll() is None, "patrol serve has ended"
                await asyncio.sleep(0.2)

    def start_gateway(self) -> None:
        """On another port than before."""
        self.gateway_port = reserve_port()
        engines = self.engines()
        here = {"PATROL_GATEWAY_HOST": "127.0.0.1", "PATROL_GATEWAY_PORT": str(self.gateway_port)}
        here |= {"DATABASE_URL": engines["database_url"], "NATS_URL": engines["nats_url"]}
        with (self.data.parent / "gateway.log").open("ab") as log:
            self._gateway = _spawn([sys.executable, "-P", "-m", "gateway"], log, here)

    def engines(self) -> dict[str, str]:
        """Where they are, as the folder's holder announces."""
        told: dict[str, str] = json.loads((self.data / "engines.json").read_text())
        return told

    async def move_gateway(self, rng: random.Random) -> None:
        """kill -9, and another on another port."""
        assert self._gateway is not None
        self.kills["gateway"] += 1
        self._gateway.kill()
        await asyncio.to_thread(self._gateway.wait)
        await asyncio.sleep(rng.uniform(0.2, 2.0))
        self.start_gateway()

    async def kill_dispatch(self) -> None:
        """Its supervisor starts another."""
        self._kill("dispatch", child_pid(self._serve.pid, "dispatch"))
        await self.ready()

    async def kill_database(self) -> None:
        """The server process; its backends follow."""
        lines = (self.data / "postgres/data/postmaster.pid").read_text().splitlines()
        self._kill("database", int(lines[0]))
        await self.ready()

    def _kill(self, what: str, pid: int) -> None:
        self.kills[what] += 1
        kill_9(pid)

    async def signed_in(self) -> httpx.AsyncClient:
        """A dispatcher's client; whoever asks for it closes it."""
        client = httpx.AsyncClient(base_url=f"{self.api_url}/api/v1", timeout=20, trust_env=False)
        answer = await client.post("/session", json={"username": "desk", "password": PASSWORD})
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['token']}"
        return client


def _spawn(words: list[str], log: IO[bytes], around: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(words, stdout=log, stderr=log, env=os.environ | around)
