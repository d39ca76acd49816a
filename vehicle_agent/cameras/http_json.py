"""A device that tells its state as JSON over HTTP, asked again and again; a POST may start its recording.

Each request runs in a thread with a time limit for the whole of it, so that a device that hangs or drips holds up
nothing.
"""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit

import structlog

from vehicle_agent.cameras.settings import HttpSettings
from vehicle_agent.cameras.source import CameraReport, ClosedFile
from vehicle_agent.cameras.status_words import Unreadable, read_status

_ANSWER_LIMIT_BYTES: Final = 64 * 1024
_MISSES: Final = 3
_FAILURES: Final = (OSError, http.client.HTTPException, Unreadable)

_log = structlog.get_logger(__name__)


class HttpCamera:
    """See `CameraSource`. After three questions without an answer it is off; an answer without sense is a fault."""

    def __init__(self, settings: HttpSettings) -> None:
        self.camera_id = settings.id
        self._settings = settings

    async def reports(self) -> AsyncIterator[CameraReport]:
        """One per question that got an answer."""
        misses = 0
        while True:
            try:
                raw = await asyncio.to_thread(self._ask, "GET", self._settings.url, None)
                report = read_status(raw, self._settings.paths, self._settings.words)
            except _FAILURES as error:
                misses += 1
                if misses == _MISSES:
                    _log.warning("camera_silent", camera_id=self.camera_id, reason=f"{type(error).__name__}: {error}")
                if misses >= _MISSES:
                    yield CameraReport(state="fault" if isinstance(error, Unreadable) else "off")
            else:
                misses = 0
                yield report
            await asyncio.sleep(self._settings.every_s)

    async def closed_files(self) -> AsyncIterator[ClosedFile]:
        """None: a device whose files can be reached is a folder."""
        await asyncio.Event().wait()
        yield  # type: ignore[misc] # makes it a generator

    async def ask_to_record(self) -> bool:
        """Posts, where there is an address for it."""
        if self._settings.record_url is None:
            return False
        try:
            body = self._settings.record_body.encode()
            await asyncio.to_thread(self._ask, "POST", self._settings.record_url, body)
        except _FAILURES as error:
            _log.warning("camera_request_failed", camera_id=self.camera_id, reason=f"{type(error).__name__}: {error}")
            return False
        return True

    def _ask(self, method: str, url: str, body: bytes | None) -> bytes:
        """The answer's body. Raises one of `_FAILURES`."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        ends_s = time.monotonic() + self._settings.timeout_s
        connection = kind(parts.hostname or "", parts.port, timeout=self._settings.timeout_s)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {"Accept": "application/json", **self._settings.header}
            if body is not None:
                headers["Content-Type"] = "application/json"
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            raw = bytearray()
            while len(raw) < _ANSWER_LIMIT_BYTES and (piece := answer.read1(4096)):
                raw += piece
                if time.monotonic() > ends_s:
                    raise TimeoutError("it answers too slowly")
            if not 200 <= answer.status < 300:
                raise http.client.HTTPException(f"status {answer.status}")
            return bytes(raw)
        finally:
            connection.close()
