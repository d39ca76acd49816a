"""A bureau set up by the command line: streets, accounts, vehicles; and where a running system is."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.command import done

PASSWORD: Final = "correct horse battery"


async def run(*arguments: str | Path, data: Path, given: str = "") -> str:
    """What a `patrol` command that must succeed printed."""
    return await asyncio.to_thread(done, data, *arguments, given=given)


async def add_account(data: Path, name: str, role: str) -> None:
    """An account with `PASSWORD`."""
    await run("user", "add", name, "--role", role, data=data, given=PASSWORD + "\n")


async def add_vehicle(data: Path, plate: str, unit: str) -> str:
    """A registered vehicle's device token."""
    await run("vehicle", "add", plate, "--unit", unit, "--type", "car", data=data)
    return await run("vehicle", "enrol", plate, data=data)


@dataclass(frozen=True)
class Addresses:
    """Where a running system is reached."""

    database_url: str
    api_url: str
    gateway_url: str

    @classmethod
    def of(cls, data: Path) -> Addresses:
        """As `patrol up` on this folder announces them."""
        told = json.loads((data / "engines.json").read_text())
        return cls(told["database_url"], told["api_url"], told["gateway_url"].replace("http", "ws", 1))


def child_pid(parent: int, module: str) -> int:
    """The one child process of `parent` that runs `python -m MODULE`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")[:-1]
                ppid = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if ppid == parent and words[-2:] == [b"-m", module.encode()]:
                found.append(int(entry.name))
    assert len(found) == 1, f"{module}: {found}"
    return found[0]


def alive(pid: int) -> bool:
    """Is there such a process, dead but unburied ones not counted?"""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
