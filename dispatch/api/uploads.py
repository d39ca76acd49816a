"""tus 1.0 for files of recordings: core, creation, checksum, termination (https://tus.io/protocols/resumable-upload).

For a car's device token, and for recordings that its unit has indexed. An offset that is told is on the disk. Why not a
library's server: docs/decisions/0031-tus.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

import structlog
from fastapi import Depends, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from dispatch.api.problems import ProblemResponse, problem
from dispatch.api.routing import api_router
from dispatch.api.signed_in import TheDesk
from dispatch.api.tus_headers import ALGORITHMS, VERSION, Checksum, checksum_of, metadata_of, number_of
from dispatch.domain.recording import RecordingState
from dispatch.domain.refusals import NotFound
from dispatch.service.desk import Desk
from dispatch.service.recording_keeper import RecordingKeeper
from dispatch.service.sessions import hash_token
from dispatch.service.upload_beginning import begin_upload, give_up_upload
from dispatch.store import recordings
from dispatch.store.disk import on_disk
from dispatch.store.recording_files import Busy, Incoming, RecordingFiles
from dispatch.store.rows import AnyRow

SILENT_S: Final = 30.0
"""A wire that was cut says nothing; the next request must not wait for this one for ever."""
BLOCK_BYTES: Final = 1024 * 1024
BODY: Final = "application/offset+octet-stream"
STATE_HEADER: Final = "Patrol-Recording-State"

_log = structlog.get_logger()
router = api_router(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Device:
    """Who uploads, and where to."""

    desk: Desk
    unit_id: UUID
    keeper: RecordingKeeper
    files: RecordingFiles


async def _device(request: Request, desk: TheDesk) -> Device:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise HTTPException(412, f"Send Tus-Resumable: {VERSION}.", {"Tus-Version": VERSION})
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    unit_id = None
    if scheme.lower() == "bearer" and token.strip():
        async with desk.engine.connect() as connection:
            unit_id = await recordings.unit_of_token(connection, hash_token(token.strip()))
    if unit_id is None:
        raise HTTPException(401, "Send the device's token: Authorization: Bearer TOKEN.")
    keeper: RecordingKeeper = request.app.state.recordings
    if keeper.files is None:
        raise HTTPException(503, "This server keeps no recordings; set PATROL_RECORDINGS_FOLDER.")
    return Device(desk, unit_id, keeper, keeper.files)


TheDevice = Annotated[Device, Depends(_device)]


@router.options("/uploads")
async def options() -> Response:
    """What this server can do."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": "creation,checksum,termination",
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return _answer(204, **headers)


@router.post("/uploads")
async def create(request: Request, device: TheDevice) -> Response:
    """Begin one; the same recording again gives the upload that was begun."""
    length = number_of(request, "Upload-Length")
    told_id = metadata_of(request, "recording_id")
    if told_id is None:
        raise HTTPException(400, "Name the recording in Upload-Metadata: recording_id and its name in base64.")
    metadata = request.headers["Upload-Metadata"]
    upload_id = await begin_upload(device.desk, device.files, device.unit_id, told_id, length, metadata)
    return _answer(201, **{"Location": f"{request.url.path.rstrip('/')}/{upload_id}"})


@router.head("/uploads/{upload_id}")
async def look(upload_id: UUID, device: TheDevice) -> Response:
    """How far it is, and what became of it."""
    row = await _row(device, upload_id)
    headers = {"Upload-Offset": str(row.offset_bytes), "Upload-Length": str(row.size_bytes), STATE_HEADER: row.state}
    if row.upload_metadata:
        headers["Upload-Metadata"] = row.upload_metadata
    return _answer(200, **headers)


@router.patch("/uploads/{upload_id}")
async def add(upload_id: UUID, request: Request, device: TheDevice) -> Response:
    """The next bytes. With Upload-Checksum all of them count or none; without it what came before a cut counts."""
    if request.headers.get("content-type") != BODY:
        raise HTTPException(415, f"Send Content-Type: {BODY}.")
    said, checksum = number_of(request, "Upload-Offset"), checksum_of(request)
    await _row(device, upload_id)
    try:
        incoming = await on_disk(Incoming, device.files.incoming(upload_id))
    except Busy:
        return problem(HTTPStatus.LOCKED, "upload_locked", "Another request writes this upload; ask again.")
    try:
        return await _append(device, upload_id, incoming, request, said, checksum)
    finally:
        incoming.close()


async def _append(
    device: Device, upload_id: UUID, incoming: Incoming, request: Request, said: int, checksum: Checksum | None
) -> Response:
    row = await _row(device, upload_id)  # again, now that nobody else writes it
    if row.state != RecordingState.UPLOADING:
        return await _behind_the_end(row, request, said)
    offset = await on_disk(incoming.resume, row.offset_bytes)
    if offset != row.offset_bytes:
        _log.error("upload_lost_bytes", recording_id=str(row.recording_id), bytes=row.offset_bytes - offset)
        await _note(device, upload_id, row.offset_bytes, offset)
    if said != offset:
        return _conflict(offset)
    try:
        await _take(incoming, request, row.size_bytes, checksum)
    except (TimeoutError, ClientDisconnect):
        if checksum is not None:
            await on_disk(incoming.undo)
            return _conflict(offset)
    except BaseException:
        await on_disk(incoming.undo)
        raise
    if checksum is not None and not checksum.fits():
        await on_disk(incoming.undo)
        return _mismatch()
    now = await on_disk(incoming.commit)
    if not await _note(device, upload_id, offset, now):
        return _conflict(offset)
    if now == row.size_bytes:
        device.keeper.arrived.set()
    return _answer(204, **{"Upload-Offset": str(now)})


async def _behind_the_end(row: AnyRow, request: Request, said: int) -> Response:
    """A complete upload takes nothing more; asking with nothing is fine."""
    if not said == row.size_bytes == row.offset_bytes:
        return _conflict(row.offset_bytes)
    with suppress(TimeoutError, ClientDisconnect):
        async for piece in _pieces(request):
            if piece:
                raise _too_much(row.size_bytes)
    return _answer(204, **{"Upload-Offset": str(said)})


@router.delete("/uploads/{upload_id}")
async def terminate(upload_id: UUID, device: TheDevice) -> Response:
    """Give one up that is not complete."""
    row = await _row(device, upload_id)
    if not await give_up_upload(device.desk, device.files, row):
        return problem(HTTPStatus.CONFLICT, "upload_complete", "It is complete; what was received is not given up.")
    return _answer(204)


# ---- parts


async def _row(device: Device, upload_id: UUID) -> AnyRow:
    async with device.desk.engine.connect() as connection:
        row = await recordings.uploaded(connection, upload_id, device.unit_id)
    if row is None:
        raise NotFound(f"This unit has no upload {upload_id}.", member="upload_id")
    return row


async def _note(device: Device, upload_id: UUID, before: int, after: int) -> bool:
    async with device.desk.engine.begin() as connection:
        return await recordings.note_offset(connection, upload_id, before, after)


async def _take(incoming: Incoming, request: Request, size_bytes: int, checksum: Checksum | None) -> None:
    """Raises TimeoutError and ClientDisconnect where the wire ends, HTTPException where more comes than was said."""
    room = size_bytes - incoming.offset
    block = bytearray()
    async for piece in _pieces(request):
        room -= len(piece)
        if room < 0:
            raise _too_much(size_bytes)
        if checksum is not None:
            checksum.digest.update(piece)
        block += piece
        if len(block) >= BLOCK_BYTES:
            await on_disk(incoming.write, bytes(block))
            block.clear()
    if block:
        await on_disk(incoming.write, bytes(block))


def _too_much(size_bytes: int) -> HTTPException:
    return HTTPException(413, f"The recording has {size_bytes} bytes as indexed; this is more.")


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(SILENT_S):
                piece = await anext(stream)
        except StopAsyncIteration:
            return
        yield piece


def _answer(status: int, **headers: str) -> Response:
    return Response(status_code=status, headers={"Cache-Control": "no-store", **headers})


def _conflict(offset: int) -> Response:
    headers = {"Upload-Offset": str(offset)}
    return problem(HTTPStatus.CONFLICT, "upload_offset", f"The upload stands at byte {offset}.", headers=headers)


def _mismatch() -> Response:
    """460 is of tus alone."""
    body = {"type": "/problems/upload_checksum", "title": "Checksum Mismatch", "status": 460, "code": "upload_checksum"}
    detail = "The body has another checksum than the header says; nothing of it was kept. Send it again."
    return ProblemResponse(body | {"detail": detail, "errors": []}, 460)
