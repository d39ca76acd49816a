"""tus offsets under kills: whatever is cut, repeated or lost, the noted bytes are the file's first bytes.

The real handler answers, on a real file; the table is a dictionary, and the disk keeps only what was synced when the
power goes.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch
from uuid import UUID, uuid4

from fastapi import FastAPI
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from starlette.types import Message

from dispatch.api import uploads
from dispatch.store import recording_files
from dispatch.store.recording_files import RecordingFiles

CONTENT = bytes(range(256)) * 8
OTHER = bytes(255 - byte for byte in CONTENT)


class Killed(BaseException):
    """The server's process is dead: nothing it still wanted to do is done."""


class Disk:
    """`os` for the files of recordings. What was synced is on the disk, what was written since may be; `dies_in`
    counts the steps to the server's end."""

    def __init__(self) -> None:
        self.synced = 0
        self.dies_in = -1

    def step(self) -> None:
        """One thing that the server does to disk or table."""
        if self.dies_in == 0:
            raise Killed
        self.dies_in -= self.dies_in > 0

    def pwrite(self, fd: int, data: bytes, at: int) -> int:
        """Half of it, at times, before the end."""
        if self.dies_in == 0:
            os.pwrite(fd, data[: len(data) // 2], at)
        self.step()
        return os.pwrite(fd, data, at)

    def fsync(self, fd: int) -> None:
        """All of it is sure."""
        self.step()
        self.synced = os.fstat(fd).st_size

    def ftruncate(self, fd: int, length: int) -> None:
        """A shorter file keeps what was sure of its begin."""
        self.step()
        os.ftruncate(fd, length)
        self.synced = min(self.synced, length)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


class UploadMachine(RuleBasedStateMachine):
    """A client that sends from any offset, a server that may be killed at any step, a disk that may lose its tail."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.files = RecordingFiles(Path(self._folder.name))
        self.upload_id = uuid4()
        self.files.create(self.upload_id)
        self.path = self.files.incoming(self.upload_id)
        self.disk = Disk()
        self.noted = 0
        self.runner = asyncio.Runner()
        self.patches: list[Any] = [
            patch.object(recording_files, "os", self.disk),
            patch.object(uploads, "_row", self.row),
            patch.object(uploads, "_note", self.note),
        ]
        for each in self.patches:
            each.start()
        self.app = FastAPI()
        self.app.include_router(uploads.router)
        keeper = SimpleNamespace(arrived=asyncio.Event())
        device = uploads.Device(cast(Any, None), uuid4(), cast(Any, keeper), self.files)
        self.app.dependency_overrides[uploads._device] = lambda: device

    def teardown(self) -> None:
        for each in self.patches:
            each.stop()
        self.runner.close()
        self._folder.cleanup()

    async def row(self, _: object, __: UUID) -> Any:
        """What the table holds."""
        whole = len(CONTENT) + 1  # one more than there is: it is never complete
        return SimpleNamespace(
            recording_id=self.upload_id, offset_bytes=self.noted, size_bytes=whole, state="uploading"
        )

    async def note(self, _: object, __: UUID, before: int, after: int) -> bool:
        """As the table does it: durable, and only from where it stood."""
        self.disk.step()
        if before != self.noted:
            return False
        self.noted = after
        return True

    async def ask(self, said: int, pieces: list[bytes], checksum: bytes | None, *, cut: bool) -> int:
        """A PATCH to the real application; its status. `cut`: the wire ends after these pieces."""
        messages: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        messages += [{"type": "http.disconnect"}] if cut else [{"type": "http.request", "body": b""}]
        headers = [(b"content-type", uploads.BODY.encode()), (b"upload-offset", str(said).encode())]
        if checksum is not None:
            headers.append((b"upload-checksum", b"sha256 " + base64.b64encode(checksum)))
        scope = {"type": "http", "method": "PATCH", "path": f"/api/v1/uploads/{self.upload_id}", "headers": headers}
        answers: list[int] = []

        async def receive() -> Message:
            return messages.pop(0)

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answers.append(message["status"])

        await self.app(scope | {"query_string": b"", "http_version": "1.1"}, receive, send)
        return answers[0]

    @rule(
        drift=st.integers(-20, 20),
        length=st.integers(0, 700),
        piece=st.integers(1, 300),
        checksum=st.sampled_from(["none", "right", "wrong"]),
        cut=st.booleans(),
        dies_in=st.integers(-6, 6),
        lost=st.integers(0, 300),
    )
    def request(
        self, drift: int, length: int, piece: int, checksum: str, *, cut: bool, dies_in: int, lost: int
    ) -> None:
        """One request. A body whose checksum is wrong has other bytes; a server that dies leaves what was synced, and
        of the rest what the disk had written by itself."""
        said = max(self.noted + (drift if abs(drift) < 8 else 0), 0)
        right = CONTENT[said : said + length]
        body = OTHER[said : said + length] if checksum == "wrong" else right
        digest = None if checksum == "none" else hashlib.sha256(right).digest()
        pieces = [body[at : at + piece] for at in range(0, len(body), piece)]
        before = self.noted
        self.disk.dies_in = max(dies_in, -1)
        try:
            with patch.object(uploads, "BLOCK_BYTES", 256):
                status = self.runner.run(self.ask(said, pieces[: len(pieces) // 2] if cut else pieces, digest, cut=cut))
        except Killed:
            self.disk.dies_in = -1
            size = self.path.stat().st_size
            os.truncate(self.path, max(size - lost, min(self.disk.synced, size)))
            return
        self.disk.dies_in = -1
        assert self.path.stat().st_size == self.noted, "what was not taken is left in the file"
        if status == 460:
            assert self.noted == before
        elif status == 204 and not cut:
            assert self.noted == before + len(body)

    @rule(lost=st.integers(1, 300))
    def disk_loses_its_tail(self, lost: int) -> None:
        """As after a power cut with a lying disk; the next request, though it brings nothing, takes note of it."""
        size = max(self.path.stat().st_size - lost, 0)
        os.truncate(self.path, size)
        self.disk.synced = min(self.disk.synced, size)
        self.runner.run(self.ask(self.noted, [], None, cut=False))

    @invariant()
    def noted_bytes_are_the_first_bytes(self) -> None:
        """So that the next piece fits behind them."""
        assert self.path.read_bytes()[: self.noted] == CONTENT[: self.noted]
        assert self.path.stat().st_size >= self.noted


TestUploads = UploadMachine.TestCase
TestUploads.settings = settings(max_examples=60, stateful_step_count=25)
