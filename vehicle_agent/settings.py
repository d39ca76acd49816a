"""The command line of the agent, read once into one frozen object."""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.protocol import PATH
from vehicle_agent.errors import NoTokenError, SettingsError
from vehicle_agent.receiver_settings import Reception, Sending, add_options, read_options

GATEWAY_PORT: Final = 8081
JOURNAL_LIMIT_MB: Final = 64
JOURNAL_LEAST_MB: Final = 1
LINK_WARNING_S: Final = 20.0
RENEW_DAYS: Final = 90
_SCHEMES: Final = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}


@dataclass(frozen=True)
class Settings:
    """All that the agent is told from outside. Holds the token's file, never the token."""

    gateway: str
    token_file: Path
    reception: Reception
    sending: Sending
    journal: Path
    journal_limit_bytes: int
    screen_port: int | None
    link_warning_s: float
    renew_after_s: float
    cameras: Path | None = None


def gateway_url(text: str) -> str:
    """The WebSocket address meant by a URL (ws, wss, http, https; with or without the path) or by a bare HOST[:PORT].

    Raises `argparse.ArgumentTypeError` with the sentence that mends it.
    """
    bare = "://" not in text
    try:
        parts = urlsplit(f"ws://{text}" if bare else text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no address ({error}); write ws://HOST:{GATEWAY_PORT}") from error
    scheme = _SCHEMES.get(parts.scheme.lower())
    if scheme is None or not host or re.search(r"\s", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no gateway address; write ws://HOST:{GATEWAY_PORT} or wss://HOST"
        )
    if parts.query or parts.fragment or parts.username is not None:
        raise argparse.ArgumentTypeError(
            f"the gateway address takes no ?query, #fragment or user; write {scheme}://{host}"
        )
    path = parts.path.rstrip("/") or PATH
    if path != PATH:
        raise argparse.ArgumentTypeError(f"the path {parts.path!r} is no vehicle link; leave it out or write {PATH}")
    shown_host = f"[{host}]" if ":" in host else host
    if port is None and bare:
        port = GATEWAY_PORT
    return f"{scheme}://{shown_host}{'' if port is None else f':{port}'}{PATH}"


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write seconds, a number above 0")
    return value


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; write a number from 0 (any free one) to 65535")
    return int(text)


def _megabytes(text: str) -> int:
    if not text.isdecimal() or int(text) < JOURNAL_LEAST_MB:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write whole megabytes, {JOURNAL_LEAST_MB} or more")
    return int(text)


def _days(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days; write 90, or 0 for never")
    return value


def parser() -> argparse.ArgumentParser:
    """The command line, with its help."""
    made = argparse.ArgumentParser(
        prog="patrol-agent",
        description="The program in the car: reads the receiver, journals, and reports over the vehicle link.",
        epilog="When a replayed file ends, the agent sends what is left, keeps its connection and goes on taking "
        "orders until it is stopped. Exit 0 after SIGTERM or Ctrl-C, 2 on wrong use, 1 on failure.",
    )
    made.add_argument("--gateway", required=True, type=gateway_url, metavar="URL", help="ws://HOST:8081 or wss://HOST")
    made.add_argument("--token-file", required=True, type=Path, metavar="F", help="file that holds the device token")
    add_options(made)
    made.add_argument(
        "--journal",
        type=Path,
        metavar="FILE",
        help="default $PATROL_JOURNAL, else the token file's name with .journal added, beside it",
    )
    made.add_argument(
        "--journal-limit-mb",
        type=_megabytes,
        default=JOURNAL_LIMIT_MB,
        metavar="MB",
        help=f"above this the oldest fixes are thinned (default {JOURNAL_LIMIT_MB})",
    )
    made.add_argument("--cameras", type=Path, metavar="FILE", help="TOML file that names the car's cameras")
    made.add_argument(
        "--link-warning-s",
        type=_seconds,
        default=LINK_WARNING_S,
        metavar="S",
        help=f"a crew at work is warned when its link is gone for so long (default {LINK_WARNING_S:g})",
    )
    made.add_argument(
        "--renew-days",
        type=_days,
        default=RENEW_DAYS,
        metavar="N",
        help=f"the device token is renewed when it is so old, 0: never (default {RENEW_DAYS})",
    )
    made.add_argument("--screen-port", type=_port, metavar="P", help="serve the car's own page on 127.0.0.1:P")
    return made


def read_settings(argv: list[str] | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this run. Leaves through `SystemExit(2)`, as argparse does, on wrong use."""
    command = parser()
    given = command.parse_args(argv)
    reception, sending = read_options(command, given)
    token_file: Path = given.token_file
    named = given.journal or (Path(environ["PATROL_JOURNAL"]) if environ.get("PATROL_JOURNAL") else None)
    return Settings(
        gateway=given.gateway,
        token_file=token_file,
        reception=reception,
        sending=sending,
        journal=named or token_file.with_name(f"{token_file.name}.journal"),
        journal_limit_bytes=given.journal_limit_mb * 1_000_000,
        screen_port=given.screen_port,
        link_warning_s=given.link_warning_s,
        cameras=given.cameras,
        renew_after_s=given.renew_days * 86_400,
    )


def read_token(path: Path) -> str:
    """The device token in this file.

    Raises `NoTokenError` without a file, `SettingsError` where it holds none that could go into a header.
    """
    try:
        token = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise NoTokenError(f"there is no token file {path}; enrol this car with `patrol-agent enrol`") from error
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"cannot read the token file {path}: {why}") from error
    if not token:
        raise SettingsError(f"the token file {path} is empty; `patrol vehicle enrol PLATE` prints a token")
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise SettingsError(f"the token file {path} must hold one token and nothing else")
    return token
