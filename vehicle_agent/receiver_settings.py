"""The part of the command line that is about receivers and how much of what they say is sent. docs/receivers.md."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

GPSD_PORT: Final = 2947
STEP_IN_S: Final = 5.0
HAND_BACK_S: Final = 15.0
SILENCE_S: Final = 10.0
BUDGET_LEAST_MB: Final = 2
GNSS_FORMS: Final = "nmea:FILE, serial:DEVICE[@BAUD], tcp:HOST:PORT or gpsd:HOST[:PORT][/DEVICE]"


@dataclass(frozen=True)
class GnssSource:
    """Where positions come from. `target` is a file, a device, or HOST:PORT, by `kind`; `device` is one of gpsd's."""

    kind: str
    target: str
    host: str = ""
    port: int = 0
    baud: int | None = None
    device: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.target}"


@dataclass(frozen=True)
class Reception:
    """The receivers, the preferred one first, and how patient the agent is with them, in seconds."""

    sources: tuple[GnssSource, ...]
    rate: float = 1.0
    step_in_s: float = STEP_IN_S
    hand_back_s: float = HAND_BACK_S
    silence_s: float = SILENCE_S

    @property
    def recorded(self) -> bool:
        """Whether all of it comes from files."""
        return all(source.kind == "nmea" for source in self.sources)


@dataclass(frozen=True)
class Sending:
    """How much of what the receivers say is sent. `budget_bytes` a day of Asia/Taipei, None without a limit."""

    adaptive: bool
    budget_bytes: int | None


def _host_port(text: str, default_port: int | None) -> tuple[str, int, str | None]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port or default_port
    except ValueError:
        host, port = None, None
    if not host or port is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT; write for example 127.0.0.1:{GPSD_PORT}")
    return host, port, parts.path or None


def gnss_source(text: str) -> GnssSource:
    """The receiver meant by `--gnss`. Raises `argparse.ArgumentTypeError` with the sentence that mends it."""
    kind, colon, target = text.partition(":")
    if not colon or not target or kind not in {"nmea", "serial", "tcp", "gpsd"}:
        raise argparse.ArgumentTypeError(f"{text!r} names no receiver; write {GNSS_FORMS}")
    if kind == "nmea":
        return GnssSource(kind, target)
    if kind == "serial":
        device, at, baud = target.rpartition("@")
        if not at:
            return GnssSource(kind, target)
        if not baud.isdecimal() or int(baud) == 0:
            raise argparse.ArgumentTypeError(f"{baud!r} is no speed; write serial:{device} or serial:{device}@9600")
        return GnssSource(kind, device, baud=int(baud))
    host, port, path = _host_port(target, GPSD_PORT if kind == "gpsd" else None)
    if path is not None and kind == "tcp":
        raise argparse.ArgumentTypeError(f"{target!r} has a path; write tcp:{host}:{port}")
    return GnssSource(kind, target, host, port, device=path)


def positive(text: str, what: str) -> float:
    """A number above 0. Raises `argparse.ArgumentTypeError` that says `what` to write."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no {what}")
    return value


def _rate(text: str) -> float:
    return positive(text, "rate; write a number above 0, 1 is real time")


def _seconds(text: str) -> float:
    return positive(text, "time; write seconds, a number above 0")


def _budget(text: str) -> int:
    if not text.isdecimal() or int(text) < BUDGET_LEAST_MB:
        raise argparse.ArgumentTypeError(f"{text!r} is no budget; write whole megabytes, {BUDGET_LEAST_MB} or more")
    return int(text) * 1_000_000


def add_options(made: argparse.ArgumentParser) -> None:
    """The options of receivers and sending."""
    made.add_argument(
        "--gnss",
        required=True,
        action="append",
        type=gnss_source,
        metavar="SOURCE",
        help=f"{GNSS_FORMS}; may be repeated, the first is preferred",
    )
    made.add_argument("--rate", type=_rate, default=1.0, metavar="N", help="replay nmea:FILE N times as fast")
    for name, default_s, what in (
        ("--gnss-step-in-s", STEP_IN_S, "the next receiver steps in when the one before it had no fix for so long"),
        ("--gnss-hand-back-s", HAND_BACK_S, "it hands back when the one before it has had fixes for so long"),
        ("--gnss-silence-s", SILENCE_S, "a line on which nothing came for so long is opened anew"),
    ):
        made.add_argument(name, type=_seconds, default=default_s, metavar="S", help=f"{what} (default {default_s:g})")
    made.add_argument(
        "--pace",
        choices=("adaptive", "steady"),
        help="adaptive: 1 Hz moving or on an assignment, every 15 s parked; steady: every fix. Default adaptive, "
        "for replayed files steady",
    )
    made.add_argument(
        "--budget-mb-a-day",
        type=_budget,
        metavar="MB",
        help="thin out more and more as so many megabytes are sent in a day (default no limit)",
    )


def read_options(command: argparse.ArgumentParser, given: Any) -> tuple[Reception, Sending]:
    """What was given. Leaves through `command.error` on wrong use."""
    reception = Reception(
        tuple(given.gnss), given.rate, given.gnss_step_in_s, given.gnss_hand_back_s, given.gnss_silence_s
    )
    if given.rate != 1 and not reception.recorded:
        command.error("--rate replays a file; leave it out, or use --gnss nmea:FILE")
    if given.pace == "steady" and given.budget_mb_a_day is not None:
        command.error("--budget-mb-a-day thins, --pace steady does not; leave one of them out")
    adaptive = given.pace == "adaptive" or (given.pace is None and not reception.recorded)
    return reception, Sending(adaptive or given.budget_mb_a_day is not None, given.budget_mb_a_day)
