"""The bureau's streets on the car's own disk, for the map on its screen; fetched over the gateway, piece by piece.

One file beside the journal: its first line is the version (the server's ETag), the rest the gzip as it came. What is
only half there stands in a file of its own and is gone on with, after a lost network as after a restart. A map is no
message: where this fails the agent goes on without it, and tries again.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import re
import ssl
import threading
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import structlog

from gateway.protocol import PATH
from vehicle_agent import AGENT
from vehicle_agent.errors import SettingsError

PIECE_BYTES: Final = 128 * 1024
LIMIT_BYTES: Final = 256 * 1024 * 1024
_TIMEOUT_S: Final = 30.0
_LOOK_EVERY_S: Final = 6 * 3600.0
_RETRY_S: Final = 30.0
_LINK_EVERY_S: Final = 1.0
_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}
_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")

_log = structlog.get_logger(__name__)


class MapError(Exception):
    """The streets could not be fetched; the text says why."""


@dataclass(frozen=True)
class Answer:
    """What the gateway said to one request."""

    status: int
    headers: Message
    body: bytes


Ask = Callable[[dict[str, str]], Answer]
"""One GET with these headers. Raises `MapError` where no answer comes."""


def over_http(gateway: str, token: Callable[[], str]) -> Ask:
    """Asks the gateway of this WebSocket address, past any proxy where it is this machine."""
    parts = urlsplit(gateway)
    scheme = {"ws": "http", "wss": "https"}[parts.scheme]
    url = urlunsplit((scheme, parts.netloc, f"{PATH}/streets", "", ""))
    handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=ssl.create_default_context())]
    if parts.hostname in _LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    opener = urllib.request.build_opener(*handlers)

    def ask(headers: dict[str, str]) -> Answer:
        told = {"Authorization": f"Bearer {token()}", "User-Agent": AGENT, **headers}
        request = urllib.request.Request(url, headers=told)  # noqa: S310 - http or https, see above
        try:
            with opener.open(request, timeout=_TIMEOUT_S) as answer:
                return Answer(answer.status, answer.headers, answer.read(LIMIT_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, b"")
        except (OSError, HTTPException, SettingsError) as error:
            raise MapError(str(error) or type(error).__name__) from error

    return ask


class BaseMap:
    """The streets of one car."""

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(f"{journal.name}.streets")
        self._half = journal.with_name(f"{journal.name}.streets.part")

    def read(self) -> tuple[str, bytes] | None:
        """Version and gzip of the streets; None while there are none."""
        try:
            version, _, content = self._path.read_bytes().partition(b"\n")
        except OSError:
            return None
        return version.decode(errors="replace"), content

    def version(self) -> str | None:
        """Version of the streets on disk."""
        return _first_line(self._path)

    def refresh(self, ask: Ask) -> bool:
        """Fetches what the gateway has, unless it is here; True where it is new. Raises `MapError`."""
        while True:
            version, have = self._begun()
            headers = {"Range": f"bytes={have}-{have + PIECE_BYTES - 1}"}
            if have:
                headers["If-Range"] = version
            elif (known := self.version()) is not None:
                headers["If-None-Match"] = known
            answer = ask(headers)
            if answer.status == HTTPStatus.NOT_MODIFIED:
                return False
            tag = answer.headers.get("ETag", "")
            if answer.status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT} or not tag:
                self._half.unlink(missing_ok=True)
                raise MapError(f"the gateway answered {answer.status}")
            place = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            start, size = (int(place.group(1)), int(place.group(3))) if place else (0, len(answer.body))
            kept = have if tag == version and start == have else 0
            if start != kept or size > LIMIT_BYTES:
                self._half.unlink(missing_ok=True)
                raise MapError(f"a piece from {start} of {size} does not fit to {kept} bytes")
            # Added on, and not synced: what a power cut spoils of it is found out by the gzip's own checksum.
            with self._half.open("ab" if kept else "wb") as file:
                file.write(answer.body if kept else tag.encode() + b"\n" + answer.body)
            if kept + len(answer.body) >= size:
                self._take()
                return True

    def _begun(self) -> tuple[str, int]:
        """Version and length of what is half there."""
        try:
            with self._half.open("rb") as file:
                version = file.readline()
            return version.decode(errors="replace").rstrip("\n"), max(0, self._half.stat().st_size - len(version))
        except OSError:
            return "", 0

    def _take(self) -> None:
        """All of it or nothing, whatever happens in between."""
        try:
            with self._half.open("rb") as file:
                file.readline()
                with gzip.open(file) as unpacked:
                    while unpacked.read(PIECE_BYTES):
                        pass
                os.fsync(file.fileno())
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self._half.unlink()
            raise MapError(f"what came is no gzip: {error}") from error
        self._half.replace(self._path)

    async def keep(self, ask: Ask, connected: Callable[[], bool]) -> None:
        """Fetches after each new connection, looks again every few hours, for ever."""
        loop = asyncio.get_running_loop()
        said: str | None = None
        was_connected, due_s = False, loop.time()
        while True:
            is_connected = connected()
            if is_connected and (not was_connected or loop.time() >= due_s):
                pause_s = _LOOK_EVERY_S
                try:
                    if await _in_thread(lambda: self.refresh(ask)):
                        _log.info("streets_fetched", version=self.version())
                    said = None
                except (MapError, OSError) as error:
                    pause_s = _RETRY_S
                    if str(error) != said:
                        _log.warning("streets_not_fetched", reason=str(error))
                    said = str(error)
                due_s = loop.time() + pause_s
            was_connected = is_connected
            await asyncio.sleep(_LINK_EVERY_S)


async def _in_thread(work: Callable[[], bool]) -> bool:
    """Its result. A thread of its own, which may be left behind: an agent that stops waits for no slow network."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bool] = loop.create_future()

    def settle(result: bool | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(bool(result))

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - raised again where it is awaited
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="streets", daemon=True).start()
    return await done


def _first_line(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file.readline(200).decode(errors="replace").strip() or None
    except OSError:
        return None
