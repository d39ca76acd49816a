"""Files of recordings go to the server when the car is on the station's network, resumed wherever they stood.

A file stays in the car until the server says that it has its hash; `keep_days` after that it may go.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable
from typing import Final

import structlog

from gateway.protocol import Notice
from vehicle_agent.cameras.indexing import Indexing, sha256_of, unchanged
from vehicle_agent.cameras.settings import UploadSettings
from vehicle_agent.recording_book import (
    HASHED,
    MISSING,
    REFUSED,
    REMOVED,
    SENT,
    SPOILT,
    TOLD,
    VERIFIED,
    Entry,
    RecordingBook,
)
from vehicle_agent.state import CarState
from vehicle_agent.tus import FAILURES, Answer, TusClient

MB: Final = 1_000_000
TRIES: Final = 3
_TELL_AGAIN_MS: Final = 60_000
_DAY_MS: Final = 86_400_000

_log = structlog.get_logger(__name__)


class Uploads:
    """One file at a time, the oldest first."""

    def __init__(
        self,
        settings: UploadSettings,
        book: RecordingBook,
        client: TusClient,
        indexing: Indexing,
        state: CarState,
        clock_ms: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._networks = settings.networks()
        self._book = book
        self._client = client
        self._indexing = indexing
        self._state = state
        self._clock_ms = clock_ms
        self._stop = threading.Event()
        self._said: str | None = None

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self._round()
                await asyncio.sleep(self._settings.every_s)
        finally:
            self._stop.set()

    async def _round(self) -> None:
        self._remove_old()
        try:
            for entry in self._book.in_state(TOLD, SENT):
                if not await asyncio.to_thread(self.at_station):
                    return
                await self._bring(entry)
        except FAILURES as error:
            self._say(f"{type(error).__name__}: {error}")

    def at_station(self) -> bool:
        """Whether the way to the server begins in one of the station's networks; without any set, always."""
        if not self._networks:
            return True
        host, port = self._client.address
        try:
            kind, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            with socket.socket(kind, socket.SOCK_DGRAM) as probe:
                probe.connect(address)  # sends nothing; the kernel chooses the way
                own = ipaddress.ip_address(probe.getsockname()[0])
        except OSError:
            return False
        return any(own in network for network in self._networks)

    async def _bring(self, entry: Entry) -> None:
        """As far as it goes. Raises one of FAILURES."""
        if entry.state == TOLD and not unchanged(entry):
            lost = MISSING if not entry.path.exists() else SPOILT
            self._end(entry, lost)
            return
        if entry.upload is None:
            begun = await asyncio.to_thread(self._client.begin, entry.recording_id, entry.size_bytes)
            if begun.status != 201 or begun.place is None:
                self._not_begun(entry, begun)
                return
            self._book.set_upload(entry.recording_id, begun.place)
            place = begun.place
        else:
            place = entry.upload
        answer = await asyncio.to_thread(self._client.look, place)
        if answer.status == 404:
            self._book.set_upload(entry.recording_id, None)
            self._book.set_state(entry.recording_id, TOLD, self._clock_ms())
            return
        if answer.status == 200 and answer.offset is not None:
            if answer.offset < entry.size_bytes:
                await asyncio.to_thread(self._send, entry, place, answer.offset)
                answer = await asyncio.to_thread(self._client.look, place)
            await self._judge(entry, answer)
        else:
            self._say(f"the server answers {answer.status}")

    def _send(self, entry: Entry, place: str, offset: int) -> None:
        """Piece by piece, from the offset that the server names; in a thread. Raises one of FAILURES."""
        length, patience = self._settings.piece_mb * MB, TRIES
        while offset < entry.size_bytes and patience and not self._stop.is_set():
            if not self.at_station() or not unchanged(entry):
                return
            answer = self._client.send(place, entry.path, offset, length)
            if answer.status in {204, 409} and answer.offset is not None:
                patience -= answer.offset <= offset
                offset = answer.offset
            elif answer.status == 460:
                patience -= 1
            else:
                self._say(f"the server answers {answer.status}: {answer.detail}")
                return

    async def _judge(self, entry: Entry, answer: Answer) -> None:
        if answer.state == "verified":
            self._end(entry, VERIFIED)
        elif answer.state == "quarantined":
            sound = unchanged(entry) and await asyncio.to_thread(sha256_of, entry.path) == entry.index["sha256"]
            if not sound:
                self._end(entry, SPOILT)
            elif entry.tries < TRIES:
                _log.warning("recording_sent_again", recording_id=entry.recording_id)
                self._book.set_upload(entry.recording_id, None, try_again=True)
                self._book.set_state(entry.recording_id, TOLD, self._clock_ms())
            else:
                self._end(entry, REFUSED)
        elif answer.state == "deleted":
            self._end(entry, REFUSED)
        elif answer.offset == entry.size_bytes and entry.state != SENT:
            self._book.set_state(entry.recording_id, SENT, self._clock_ms())

    def _not_begun(self, entry: Entry, answer: Answer) -> None:
        if answer.status == 404:
            # Its index may still be under way; or it was lost with a journal that the disk refused.
            if self._state.connected and self._clock_ms() - entry.since_ms > _TELL_AGAIN_MS:
                self._book.set_state(entry.recording_id, HASHED, self._clock_ms())
                self._indexing.tell_waiting()
        elif answer.status in {409, 422}:
            self._end(entry, REFUSED)
        else:
            self._say(f"the server answers {answer.status}: {answer.detail}")

    def _end(self, entry: Entry, state: str) -> None:
        self._said = None
        self._book.set_state(entry.recording_id, state, self._clock_ms())
        log = _log.info if state == VERIFIED else _log.error
        log("recording_upload_ended", recording_id=entry.recording_id, state=state)
        if state in {SPOILT, MISSING}:
            words = "已損壞" if state == SPOILT else "不見了"
            self._state.notices.take(Notice(text=f"錄影檔 {entry.path.name} {words}，未能上傳。", level="warning"))

    def _say(self, reason: str) -> None:
        """Once until something else is the matter."""
        if reason != self._said:
            _log.warning("upload_waits", reason=reason)
        self._said = reason

    def _remove_old(self) -> None:
        """Files that the server has verified, `keep_days` ago; only what still is the file that was sent."""
        if self._settings.keep_days is None:
            return
        before_ms = self._clock_ms() - self._settings.keep_days * _DAY_MS
        for entry in self._book.in_state(VERIFIED):
            if entry.since_ms > before_ms:
                continue
            if unchanged(entry):
                try:
                    entry.path.unlink()
                except OSError as error:
                    self._say(f"cannot delete {entry.path.name}: {error.strerror}")
                    continue
                _log.info("recording_removed", recording_id=entry.recording_id)
            self._book.set_state(entry.recording_id, REMOVED, self._clock_ms())
