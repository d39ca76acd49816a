"""An export of recordings: files, a manifest, and SHA256SUMS that a stranger verifies with `sha256sum -c`.

What leaves the house is on record before its first byte: the log has the fact, the access log who and why.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from dispatch.domain.events import EventKind
from dispatch.domain.recording import export_name
from dispatch.domain.refusals import RecordingNotHere
from dispatch.service.desk import Desk
from dispatch.service.incidents import TAIPEI, Person
from dispatch.service.recordings import check_here, note
from dispatch.service.transaction import transaction
from dispatch.store import recordings
from dispatch.store.access import log_access
from dispatch.store.disk import on_disk
from dispatch.store.recording_files import sha256_of
from dispatch.store.rows import AnyRow

README: Final = """Recordings exported from a patrol dispatch system. To verify them, open a terminal in this folder:

    sha256sum -c SHA256SUMS          (Linux; macOS: shasum -a 256 -c SHA256SUMS)

Each line must end in OK. The hash of each recording was taken in the car when the recording was closed, and compared
when it arrived. manifest.json says who exported, when and why, and who looked at each recording before.
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """One file of an export: `name` in its folder, from `path`, which must still have this hash."""

    name: str
    path: Path
    sha256: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Export:
    """`folder` is its name; `texts` come beside the files."""

    export_id: UUID
    folder: str
    files: Sequence[Exported]
    texts: dict[str, bytes]


async def begin_export(desk: Desk, root: Path, recording_ids: Sequence[UUID], reason: str, by: Person) -> Export:
    """Raises NotFound, StorageFailed, and RecordingNotHere where one of them is not verified evidence, is not on the
    disk, or no longer has its hash."""
    await _check_again(desk, root, recording_ids)
    async with transaction(desk) as work:
        export_id = uuid4()
        rows = [await recordings.recording(work.connection, each) for each in dict.fromkeys(recording_ids)]
        for row in rows:
            check_here(row)
            detail = {"export_id": str(export_id), "reason": reason}
            await log_access(work.connection, by.username, "recording_export", str(row.recording_id), detail)
            data = {"export_id": str(export_id)}
            await note(work, EventKind.RECORDING_EXPORTED, row.recording_id, row.unit_id, data, by)
        looks = await recordings.accesses(work.connection, [row.recording_id for row in rows])
        made_at = await recordings.assignments_of(work.connection, [row.recording_id for row in rows])
        now = work.now
    files = [
        Exported(export_name(n, row.unit_name, row.name), root / row.path, row.sha256, row.ended_at)
        for n, row in enumerate(rows, start=1)
    ]
    manifest = {
        "export_id": str(export_id),
        "bureau": desk.settings.bureau,
        "exported_by": by.username,
        "exported_at": now.isoformat(),
        "reason": reason,
        "recordings": [_entry(row, file.name, looks, made_at) for row, file in zip(rows, files, strict=True)],
    }
    texts = {
        "manifest.json": (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode(),
        "README.txt": README.encode(),
    }
    return Export(export_id, f"patrol-export-{now.astimezone(TAIPEI):%Y%m%d-%H%M%S}-{str(export_id)[:8]}", files, texts)


async def _check_again(desk: Desk, root: Path, recording_ids: Sequence[UUID]) -> None:
    """What a disk spoilt since it arrived goes to be checked as on arrival, and so into quarantine.

    A file that is not there changes nothing: the volume may be away for a moment, and evidence stays verified.
    """
    async with desk.engine.connect() as connection:
        rows = [await recordings.recording(connection, each) for each in dict.fromkeys(recording_ids)]
    for row in rows:
        path = root / check_here(row)
        if not await on_disk(path.is_file):
            raise RecordingNotHere(
                f"The file of recording {row.recording_id} is not on this server's disk; nothing was exported or "
                "changed. See that the volume with the recordings is mounted; otherwise take it from a backup."
            )
        if await on_disk(sha256_of, path) != row.sha256:
            async with desk.engine.begin() as connection:
                await recordings.doubt(connection, row.recording_id, row.path)
            raise RecordingNotHere(
                f"Recording {row.recording_id} no longer has the hash with which it arrived; it is set apart, and "
                "nothing was exported. The car sends a verified file no second time, and deletes it after its days: "
                "take it from the car's card or from a backup, or export the others."
            )


def _entry(row: AnyRow, name: str, looks: Sequence[AnyRow], made_at: Sequence[AnyRow]) -> dict[str, Any]:
    return {
        "file": name,
        "recording_id": str(row.recording_id),
        "recording_id_in_car": row.told_id,
        "name_in_car": row.name,
        "unit": row.unit_name,
        "officer_id": row.officer_id,
        "camera_id": row.camera_id,
        "started_at": row.started_at.isoformat(),
        "ended_at": row.ended_at.isoformat(),
        "size_bytes": row.size_bytes,
        "sha256": row.sha256,
        "indexed_at": row.told_at.isoformat(),
        "verified_at": row.checked_at.isoformat(),
        "incidents": list(
            dict.fromkeys(each.incident_number for each in made_at if each.recording_id == row.recording_id)
        ),
        "accesses": [
            {
                "at": look.accessed_at.isoformat(),
                "by": look.username,
                "what": look.what,
                "reason": look.detail.get("reason"),
                "export_id": look.detail.get("export_id"),
            }
            for look in looks
            if look.subject == str(row.recording_id)
        ],
    }
