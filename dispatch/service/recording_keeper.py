"""Checks what was uploaded against the hash of the car, keeps it or sets it apart, and deletes what has outlived.

What is here is found from the table and the files alone, so that a kill at any moment costs a repetition.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog

from dispatch.domain.events import EventKind
from dispatch.domain.recording import RecordingState
from dispatch.service.desk import Desk
from dispatch.service.recordings import note
from dispatch.service.transaction import transaction
from dispatch.service.waking import hinted
from dispatch.store import alarms, recordings
from dispatch.store.away import is_away
from dispatch.store.recording_files import RecordingFiles, sha256_of
from dispatch.store.rows import AnyRow

LOOK_S: Final = 10.0
RETENTION_S: Final = 3600.0
DAMAGED: Final = "recording_damaged"

_log = structlog.get_logger()


class RecordingKeeper:
    """One per server with a folder for recordings; all servers of a bureau share the folder."""

    def __init__(self, desk: Desk, folder: Path | None) -> None:
        self._desk = desk
        self.files = None if folder is None else RecordingFiles(folder)
        self.arrived = asyncio.Event()
        self._tidied_at: datetime | None = None

    async def run(self) -> None:
        """Until it is cancelled."""
        if self.files is None:
            await asyncio.Event().wait()  # nothing to keep, and no reason to end the server
        while True:
            try:
                await self.look()
            except Exception as error:
                if not is_away(error):
                    raise
                _log.warning("recordings_wait", error=type(error).__name__)
            await hinted(self.arrived, LOOK_S)
            self.arrived.clear()

    async def look(self) -> None:
        """One round over all that is complete; and once an hour over all that has outlived."""
        assert self.files is not None  # noqa: S101 - `run` sees to it
        async with self._desk.engine.connect() as connection:
            received = await recordings.received_recordings(connection)
        for row in received:
            await self._check(self.files, row)
        now = self._desk.clock()
        if self._tidied_at is None or abs((now - self._tidied_at).total_seconds()) >= RETENTION_S:
            self._tidied_at = now
            await self.forget_outlived()

    # ---- arrival

    async def _check(self, files: RecordingFiles, row: AnyRow) -> None:
        kept = files.place_of(row.recording_id, row.started_at, row.name)
        found = next((path for path in (files.incoming(row.upload_id), files.root / kept) if path.is_file()), None)
        if found is None:
            await self._lost(row)
            return
        sound = await asyncio.to_thread(sha256_of, found) == row.sha256
        place = kept if sound else f"quarantine/{row.upload_id}"
        async with transaction(self._desk) as work:
            now_row = await recordings.lock_recording(work.connection, row.recording_id)
            if (now_row.state, now_row.upload_id) != (RecordingState.RECEIVED, row.upload_id):
                return
            if found == files.root / kept and not sound:
                await asyncio.to_thread(found.rename, files.incoming(row.upload_id))
            await asyncio.to_thread(files.move, row.upload_id, place)
            state = RecordingState.VERIFIED if sound else RecordingState.QUARANTINED
            await recordings.change_recording(
                work.connection, row.recording_id, state=str(state), path=place, checked_at=work.now
            )
            kind = EventKind.RECORDING_VERIFIED if sound else EventKind.RECORDING_QUARANTINED
            incident_id = await note(work, kind, row.recording_id, row.unit_id)
            if not sound:
                await alarms.raise_alarm(
                    work.connection,
                    kind="recording_damaged",
                    level="warning",
                    raised_at=work.now,
                    unit_id=row.unit_id,
                    incident_id=incident_id,
                    data={"reason": "hash", "recording_id": str(row.recording_id), "camera_id": row.camera_id},
                )
            elif not await recordings.damaged_of(work.connection, row.unit_id):
                await alarms.resolve_alarms(
                    work.connection, at=work.now, by="server", kinds=(DAMAGED,), unit_id=row.unit_id
                )
        log = _log.info if sound else _log.error
        log("recording_checked", recording_id=str(row.recording_id), unit_id=str(row.unit_id), state=str(state))

    async def _lost(self, row: AnyRow) -> None:
        """A disk that was changed or restored: the car still has the file, and sends it again."""
        _log.error("recording_file_lost", recording_id=str(row.recording_id))
        async with transaction(self._desk) as work:
            now_row = await recordings.lock_recording(work.connection, row.recording_id)
            if (now_row.state, now_row.upload_id) == (RecordingState.RECEIVED, row.upload_id):
                await recordings.change_recording(
                    work.connection, row.recording_id, state=str(RecordingState.IN_CAR), upload_id=None, offset_bytes=0
                )

    # ---- retention

    async def forget_outlived(self) -> None:
        """Deletes files of recordings older than the setting, but of no held incident; the index stays, and says so."""
        before = self._desk.clock() - timedelta(days=self._desk.settings.recording_retention_days)
        async with self._desk.engine.connect() as connection:
            due = await recordings.outlived(connection, before)
        for recording_id in due:
            await self._delete(recording_id)
        async with self._desk.engine.connect() as connection:
            marked = await recordings.unremoved(connection)
        for row in marked:
            await self._remove(row)

    async def _delete(self, recording_id: UUID) -> None:
        async with transaction(self._desk) as work:
            row = await recordings.lock_recording(work.connection, recording_id)
            if row.held or row.state == RecordingState.DELETED:
                return
            await recordings.change_recording(
                work.connection, recording_id, state=str(RecordingState.DELETED), deleted_at=work.now
            )
            await note(work, EventKind.RECORDING_DELETED, recording_id, row.unit_id, {"was": row.state})

    async def _remove(self, row: AnyRow) -> None:
        """Only what the table says is deleted is taken from the disk."""
        assert self.files is not None  # noqa: S101 - `run` sees to it
        places = [row.path] if row.path else []
        places += [f"incoming/{row.upload_id}"] if row.upload_id else []
        for place in places:
            await asyncio.to_thread(self.files.remove, place)
        async with self._desk.engine.begin() as connection:
            await recordings.change_recording(connection, row.recording_id, path=None, upload_id=None)
