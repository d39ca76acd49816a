"""Beginning and giving up the upload of an indexed recording."""

from __future__ import annotations

from uuid import UUID, uuid4

from dispatch.domain.recording import MAY_BEGIN_UPLOAD, RecordingState
from dispatch.domain.refusals import Invalid, NotFound, RecordingNotHere
from dispatch.service.desk import Desk
from dispatch.store import recordings
from dispatch.store.disk import no_room, on_disk
from dispatch.store.recording_files import RecordingFiles
from dispatch.store.rows import AnyRow


async def begin_upload(
    desk: Desk, files: RecordingFiles, unit_id: UUID, told_id: str, length: int, metadata: str
) -> UUID:
    """The upload that stands, or a new one, with its metadata as given.

    Raises NotFound for a recording that this unit has not indexed, Invalid for another size, RecordingNotHere for one
    that retention has deleted, StorageFull, StorageFailed.
    """
    async with desk.engine.begin() as connection:
        row = await recordings.told_recording(connection, unit_id, told_id, lock=True)
        if row is None:
            raise NotFound("This unit has told of no such recording; its index comes first.", member="recording_id")
        if length != row.size_bytes:
            raise Invalid(f"The recording has {row.size_bytes} bytes as indexed, not {length}.", member="Upload-Length")
        if row.state == RecordingState.DELETED:
            raise RecordingNotHere("Retention has deleted this recording; it is not taken again.")
        if row.state not in MAY_BEGIN_UPLOAD:
            upload_id: UUID = row.upload_id
            return upload_id
        if not await on_disk(files.has_room, length):
            raise no_room()
        upload_id = uuid4()
        await on_disk(files.create, upload_id)
        state = RecordingState.UPLOADING if length else RecordingState.RECEIVED
        await recordings.change_recording(
            connection,
            row.recording_id,
            state=str(state),
            upload_id=upload_id,
            upload_metadata=metadata,
            offset_bytes=0,
            path=None,
        )
    return upload_id


async def give_up_upload(desk: Desk, files: RecordingFiles, row: AnyRow) -> bool:
    """False where it is complete: then nothing is given up."""
    async with desk.engine.begin() as connection:
        now = await recordings.lock_recording(connection, row.recording_id)
        if (now.state, now.upload_id) != (RecordingState.UPLOADING, row.upload_id):
            return False
        values = {"state": str(RecordingState.IN_CAR), "upload_id": None, "offset_bytes": 0}
        await recordings.change_recording(connection, row.recording_id, **values)
    await on_disk(files.remove, f"incoming/{row.upload_id}")
    return True
