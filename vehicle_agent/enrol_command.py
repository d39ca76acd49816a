"""`patrol-agent enrol`: a one-time code becomes the car's token file; and what to do where it doesn't."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from vehicle_agent.enrolment import EnrolError, enrol
from vehicle_agent.errors import SettingsError
from vehicle_agent.settings import gateway_url

_CODE_LIMIT = 1000


def parser() -> argparse.ArgumentParser:
    """The command line, with its help."""
    made = argparse.ArgumentParser(
        prog="patrol-agent enrol",
        description="Exchange the one-time code that `patrol vehicle code PLATE` prints for this car's device token.",
        epilog="The token goes into the file with mode 0600 and is never shown. An agent that runs takes it up by "
        "itself within a minute or so. Exit 0 once the file is written, 2 on wrong use, 1 on failure.",
    )
    made.add_argument("--gateway", required=True, type=gateway_url, metavar="URL", help="ws://HOST:8081 or wss://HOST")
    made.add_argument("--token-file", required=True, type=Path, metavar="F", help="where the token is to be kept")
    made.add_argument("--replace", action="store_true", help="there is a token already; put the new one in its place")
    made.add_argument("code", nargs="?", metavar="CODE", help="as printed or scanned; without it, read from the input")
    return made


def run_enrol(argv: Sequence[str]) -> None:
    """Do it. Raises `AgentError`; leaves through `SystemExit(2)` on wrong use."""
    given = parser().parse_args(argv)
    token_file: Path = given.token_file
    if token_file.exists() and not given.replace:
        raise SettingsError(f"there is a token in {token_file} already; to put a new one in its place add --replace")
    if not token_file.parent.is_dir():
        raise SettingsError(f"there is no folder {token_file.parent}; make it, or name another with --token-file")
    typed = given.code if given.code is not None else _ask()
    try:
        unit_name = asyncio.run(enrol(given.gateway, token_file, typed))
    except EnrolError as error:
        if error.code == "cannot_write":
            raise SettingsError(f"{error}; nothing was asked of the gateway, the code is still good") from error
        raise
    sys.stdout.write(f"enrolled as {unit_name}; the token is in {token_file}\n")


def _ask() -> str:
    if sys.stdin.isatty():
        sys.stderr.write("Code: ")
        sys.stderr.flush()
    return sys.stdin.readline(_CODE_LIMIT)
