"""Files of recordings go to the server when the car is on the station's network, resumed wherever they stood.

A file stays in the car until the server says that it has its hash; `keep_days` after that it may go. A card that is out
of the car is waited for: what lies on it is neither missing nor spoilt.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable
from typing import Final, Literal

import structlog

from gateway.protocol import Notice
from vehicle_agent.cameras.indexing import Indexing, sha256_of, unchanged
from vehicle_agent.cameras.settings import UploadSettings
from vehicle_agent.errors import SettingsError
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
from vehicle_agent.tus import FAILURES, Answer, FileUnreadable, TusClient

MB: Final = 1_000_000
TRIES: Final = 3
_TELL_AGAIN_MS: Final = 60_000
"""Ten times as long after each time."""
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
                try:
                    await self._bring(entry)
                except FileUnreadable as error:
                    _log.error("recording_unreadable", recording_id=entry.recording_id, reason=str(error))
                    self._judge_file(entry)
        except FAILURES as error:
            self._say(f"{type(error).__name__}: {error}")
        except SettingsError as error:  # a car that is not enrolled, or no more
            self._say(str(error))

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
            self._judge_file(entry)
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

    def _judge_file(self, entry: Entry) -> None:
        """One that can't be sent as it lies there."""
        if is_away(entry):
            self._say(f"the disk with {entry.index['name']} is not there")
        else:
            self._end(entry, SPOILT if entry.path.exists() else MISSING)

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
            if not await self._is_sound(entry):
                self._judge_file(entry)
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

    async def _is_sound(self, entry: Entry) -> bool:
        try:
            return unchanged(entry) and await asyncio.to_thread(sha256_of, entry.path) == entry.index["sha256"]
        except OSError as error:
            _log.error("recording_unreadable", recording_id=entry.recording_id, reason=error.strerror)
            return False

    def _not_begun(self, entry: Entry, answer: Answer) -> None:
        if answer.status == 404:
            # Its index may still be under way; or it was lost with a journal that the disk refused; or it was refused.
            waited_ms = self._clock_ms() - entry.since_ms
            if (
                not self._state.connected
                or not self._indexing.was_heard(entry)
                or waited_ms <= _TELL_AGAIN_MS * 10 ** max(entry.told - 1, 0)
            ):
                return
            if entry.told >= TRIES:
                self._end(entry, REFUSED)
                return
            self._book.set_state(entry.recording_id, HASHED, self._clock_ms())
            self._indexing.tell_waiting()
        elif answer.status in {409, 422}:
            self._end(entry, REFUSED)
        else:
            self._say(f"the server answers {answer.status}: {answer.detail}")

    def _end(self, entry: Entry, state: str) -> None:
        self._said = None
        lost: Literal["spoilt", "missing"] | None = (
            "spoilt" if state == SPOILT else "missing" if state == MISSING else None
        )
        if lost is not None:
            self._indexing.tell_lost(entry, lost)
        self._book.set_state(entry.recording_id, state, self._clock_ms())
        log = _log.info if state == VERIFIED else _log.error
        log("recording_upload_ended", recording_id=entry.recording_id, state=state)
        if lost is not None:
            words = "已損壞" if state == SPOILT else "不見了"
            self._state.notices.take(Notice(text=f"錄影檔 {entry.index['name']} {words}，未能上傳。", level="warning"))

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
            if entry.since_ms > before_ms or is_away(entry):
                continue
            if unchanged(entry):
                try:
                    entry.path.unlink()
                except OSError as error:
                    self._say(f"cannot delete {entry.index['name']}: {error.strerror}")
                    continue
                _log.info("recording_removed", recording_id=entry.recording_id)
            self._book.set_state(entry.recording_id, REMOVED, self._clock_ms())


def is_away(entry: Entry) -> bool:
    """Whether what it lay on is not there: its folder is gone, or shows another disk (a mount point without its card).

    A loop that overwrites its oldest file leaves the folder, and so that file is missing.
    """
    try:
        device = entry.path.parent.stat().st_dev
    except OSError:
        return True
    return entry.device is not None and device != entry.device
