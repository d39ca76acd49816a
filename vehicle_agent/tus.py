"""A tus 1.0 client for one server, blocking, to be run in a thread: begin, look, send a piece."""

from __future__ import annotations

import base64
import hashlib
import http.client
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

VERSION: Final = {"Tus-Resumable": "1.0.0"}
UPLOADS: Final = "/api/v1/uploads"
FAILURES: Final = (OSError, http.client.HTTPException)
"""What any call here may raise: no wire, a cut one, time over, nonsense."""


class FileUnreadable(Exception):
    """The file's own disk failed, not the way to the server. Its cause is the OSError."""


class Answer(Struct, frozen=True, kw_only=True):
    """What the server said."""

    status: int
    offset: int | None
    state: str | None
    place: str | None
    detail: str


class TusClient:
    """Opens a connection per call: between two pieces a car may have moved to another network."""

    def __init__(self, url: str, token: Callable[[], str], timeout_s: float, ca_file: str | None = None) -> None:
        self._parts = urlsplit(url)
        self._token = token
        self._timeout_s = timeout_s
        self._ca_file = ca_file

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self._parts.hostname or "", self._parts.port or (443 if self._parts.scheme == "https" else 80)

    def begin(self, recording_id: str, size_bytes: int) -> Answer:
        """A new upload, or the one that stands."""
        name = base64.b64encode(recording_id.encode()).decode()
        headers = {"Upload-Length": str(size_bytes), "Upload-Metadata": f"recording_id {name}", "Content-Length": "0"}
        return self._ask("POST", self._parts.path.rstrip("/") + UPLOADS, headers)

    def look(self, place: str) -> Answer:
        """How far it is."""
        return self._ask("HEAD", place, {})

    def send(self, place: str, path: Path, offset: int, length: int) -> Answer:
        """The bytes of the file from `offset` on, `length` at most, with their checksum. Raises FileUnreadable too."""
        try:
            with path.open("rb") as file:
                file.seek(offset)
                piece = file.read(length)
        except OSError as error:
            raise FileUnreadable(f"{type(error).__name__}: {error.strerror}") from error
        headers = {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Upload-Checksum": f"sha256 {base64.b64encode(hashlib.sha256(piece).digest()).decode()}",
        }
        return self._ask("PATCH", place, headers, piece)

    def _ask(self, method: str, place: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
        host, port = self.address
        connection: http.client.HTTPConnection
        if self._parts.scheme == "https":
            context = ssl.create_default_context(cafile=self._ca_file)
            connection = http.client.HTTPSConnection(host, port, timeout=self._timeout_s, context=context)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=self._timeout_s)
        try:
            sent = {"Authorization": f"Bearer {self._token()}", **VERSION, **headers}
            connection.request(method, urlsplit(place).path, body, sent)
            answer = connection.getresponse()
            said = answer.getheader("Upload-Offset", "")
            return Answer(
                status=answer.status,
                offset=int(said) if said.isdecimal() else None,
                state=answer.getheader("Patrol-Recording-State"),
                place=answer.getheader("Location"),
                detail=answer.read(2000).decode(errors="replace"),
            )
        finally:
            connection.close()
