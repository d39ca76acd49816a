"""Checks what was uploaded against the hash of the car, keeps it or sets it apart, and deletes what has outlived.

What is here is found from the table and the files alone, so that a kill at any moment costs a repetition.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dispatch.domain.events import EventKind
from dispatch.domain.recording import RecordingState
from dispatch.service.desk import Desk
from dispatch.service.recordings import note
from dispatch.service.transaction import Work, transaction
from dispatch.service.waking import hinted
from dispatch.store import alarms, recording_retention, recordings
from dispatch.store.away import is_away
from dispatch.store.disk import on_disk
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
        self._said: dict[str, str] = {}

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
        """One round over all that is complete; and once an hour over all that has outlived.

        Nothing is judged while the volume is away: an empty mount point would make all of it lost.
        """
        assert self.files is not None  # noqa: S101 - `run` sees to it
        if not await on_disk(self.files.are_here):
            self._say("volume", f"{self.files.root} has no folder incoming: mount the volume with the recordings")
            return
        self._said.pop("volume", None)
        async with self._desk.engine.connect() as connection:
            received = await recordings.received_recordings(connection)
        for row in received:
            await self._alone(f"check {row.recording_id}", self._check(self.files, row))
        now = self._desk.clock()
        if self._tidied_at is None or abs((now - self._tidied_at).total_seconds()) >= RETENTION_S:
            self._tidied_at = now
            await self.forget_outlived()

    async def _alone(self, what: str, work: Awaitable[None]) -> None:
        """One recording's trouble is no other's; without a database there is nothing to be done for any."""
        try:
            await work
        except Exception as error:
            if isinstance(error, ConnectionError | TimeoutError | SQLAlchemyError) and is_away(error):
                raise
            self._say(what, f"{type(error).__name__}: {error}")
        else:
            self._said.pop(what, None)

    def _say(self, what: str, reason: str) -> None:
        """Once until something else is the matter."""
        if self._said.get(what) != reason:
            _log.error("recordings_trouble", what=what, reason=reason)
        self._said[what] = reason

    # ---- arrival

    async def _check(self, files: RecordingFiles, row: AnyRow) -> None:
        kept = row.path or files.place_of(row.recording_id, row.started_at, row.name)
        found = await on_disk(_first_file, [files.incoming(row.upload_id), files.root / kept])
        if found is None:
            await self._lost(row)
            return
        sound = await on_disk(sha256_of, found) == row.sha256
        place = kept if sound else f"quarantine/{row.upload_id}"
        async with transaction(self._desk) as work:
            now_row = await recordings.lock_recording(work.connection, row.recording_id)
            if (now_row.state, now_row.upload_id) != (RecordingState.RECEIVED, row.upload_id):
                return
            if found == files.root / kept and not sound:
                await on_disk(found.rename, files.incoming(row.upload_id))
            await on_disk(files.move, row.upload_id, place)
            state = RecordingState.VERIFIED if sound else RecordingState.QUARANTINED
            await recordings.change_recording(
                work.connection, row.recording_id, state=str(state), path=place, checked_at=work.now
            )
            kind = EventKind.RECORDING_VERIFIED if sound else EventKind.RECORDING_QUARANTINED
            incident_id = await note(work, kind, row.recording_id, row.unit_id)
            if not sound:
                await self._alarm(work, row, incident_id, "hash")
            elif not await recordings.damaged_of(work.connection, row.unit_id):
                await alarms.resolve_alarms(
                    work.connection, at=work.now, by="server", kinds=(DAMAGED,), unit_id=row.unit_id
                )
        log = _log.info if sound else _log.error
        log("recording_checked", recording_id=str(row.recording_id), unit_id=str(row.unit_id), state=str(state))

    async def _lost(self, row: AnyRow) -> None:
        """A complete file is not where it should be: a disk that was changed or restored. Alarmed in any case.

        One that was never verified is still in the car, which asks, hears that its upload is gone, and sends it again.
        One that was verified once is not sent again, and may be deleted in the car by now: it is lost.
        """
        again = row.checked_at is None
        _log.error("recording_file_lost", recording_id=str(row.recording_id), car_sends_again=again)
        async with transaction(self._desk) as work:
            now_row = await recordings.lock_recording(work.connection, row.recording_id)
            if (now_row.state, now_row.upload_id) != (RecordingState.RECEIVED, row.upload_id):
                return
            state = RecordingState.IN_CAR if again else RecordingState.LOST
            values = {"upload_id": None, "offset_bytes": 0, "path": None, "checked_at": work.now}
            await recordings.change_recording(work.connection, row.recording_id, state=str(state), **values)
            why = "missing_here" if again else "lost"
            incident_id = await note(work, EventKind.RECORDING_LOST, row.recording_id, row.unit_id, {"why": why})
            await self._alarm(work, row, incident_id, why)

    async def _alarm(self, work: Work, row: AnyRow, incident_id: UUID | None, reason: str) -> None:
        await alarms.raise_alarm(
            work.connection,
            kind="recording_damaged",
            level="warning",
            raised_at=work.now,
            unit_id=row.unit_id,
            incident_id=incident_id,
            data={"reason": reason, "recording_id": str(row.recording_id), "camera_id": row.camera_id},
        )

    # ---- retention

    async def forget_outlived(self) -> None:
        """Deletes files of recordings older than the setting, but of no held incident; the index stays, and says so.

        And what lies in incoming and quarantine for as long and belongs to no recording: copies that another replaced.
        """
        assert self.files is not None  # noqa: S101 - `run` sees to it
        before = self._desk.clock() - timedelta(days=self._desk.settings.recording_retention_days)
        async with self._desk.engine.connect() as connection:
            due = await recording_retention.outlived(connection, before)
        for recording_id in due:
            await self._alone(f"delete {recording_id}", self._delete(recording_id))
        async with self._desk.engine.connect() as connection:
            marked = await recording_retention.unremoved(connection)
        for row in marked:
            await self._alone(f"remove {row.recording_id}", self._remove(row))
        forsaken = await on_disk(self.files.forsaken, before.timestamp())
        async with self._desk.engine.connect() as connection:
            forsaken = await recording_retention.unnamed(connection, forsaken)
        for place in forsaken:
            await self._alone(f"sweep {place}", self._sweep(self.files, place))

    async def _sweep(self, files: RecordingFiles, place: str) -> None:
        await on_disk(files.remove, place)
        _log.info("recording_copy_removed", place=place)

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
            await on_disk(self.files.remove, place)
        async with self._desk.engine.begin() as connection:
            await recordings.change_recording(connection, row.recording_id, path=None, upload_id=None)


def _first_file(places: list[Path]) -> Path | None:
    return next((place for place in places if place.is_file()), None)
