"""A real agent process whose world a test may change before it starts: its clock, the moment of its death."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from dispatch.engines.process import reserve_port

PATIENCE_S = 60.0
CLOCK_OFF = """
import time
_true_ns = time.time_ns
time.time_ns = lambda: _true_ns() + {off_ms} * 1_000_000
"""
CLOCK_OF_FILE = """
import pathlib, time
_true_ns, _off_ms = time.time_ns, pathlib.Path({file!r})
time.time_ns = lambda: _true_ns() + int(_off_ms.read_text()) * 1_000_000
"""


class PatchedAgent:
    """One car's agent with a screen; `patch` is Python that runs before it."""

    def __init__(self, folder: Path, gateway: str, *options: str, journal: Path | None = None) -> None:
        self.folder = folder
        self.gateway = gateway
        self.token_file = folder / "token"
        self.journal = journal or folder / "journal"
        self.port = reserve_port()
        self._options = options
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, patch: str = "") -> None:
        """As `patrol-agent` does, after `patch`."""
        program = f"{patch}\nimport sys\nfrom vehicle_agent.main import main\nsys.exit(main())\n"
        with (self.folder / "agent.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", program, "--gateway", self.gateway, "--token-file", str(self.token_file)),
                *("--gnss", "tcp:127.0.0.1:9", "--journal", str(self.journal), "--screen-port", str(self.port)),
                *self._options,
                stderr=log,
            )

    async def ended(self) -> int:
        """Wait for its end; its exit code, negative for a signal."""
        assert self._process is not None
        async with asyncio.timeout(PATIENCE_S):
            return await self._process.wait()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it, and wait."""
        if self._process is None:
            return 0
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await self.ended()

    def log(self) -> str:
        """All that it said."""
        return (self.folder / "agent.log").read_text()

    async def state(self) -> dict[str, Any]:
        """What the screen shows; {} while there is none."""
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                shown: dict[str, Any] = (await client.get(f"http://127.0.0.1:{self.port}/api/state")).json()
                return shown
        except httpx.TransportError:
            return {}

    async def press(self, what: str, body: object) -> httpx.Response:
        """One press on the screen."""
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.post(f"http://127.0.0.1:{self.port}/api/{what}", json=body)

    async def until(self, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The first state that is as wanted."""
        async with asyncio.timeout(PATIENCE_S):
            while not ((state := await self.state()) and wanted(state)):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        return state


@asynccontextmanager
async def patched_agent(
    folder: Path, gateway: str, *options: str, journal: Path | None = None
) -> AsyncIterator[PatchedAgent]:
    """Not started yet; ended with the block."""
    made = PatchedAgent(folder, gateway, *options, journal=journal)
    try:
        yield made
    finally:
        await made.stop(signal.SIGKILL)


def troubles(state: dict[str, Any]) -> list[str]:
    """The codes of what is wrong, but for the receiver that these cars don't have."""
    return [one["code"] for one in state["troubles"] if one["code"] not in {"no_receiver", "no_fix"}]
