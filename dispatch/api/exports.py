"""Exports of recordings as a ZIP that is made while it is sent."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import StreamingResponse

from dispatch.api.problems import described
from dispatch.api.recordings import Supervising
from dispatch.api.routing import api_router
from dispatch.api.schemas.recordings import NewExport
from dispatch.api.signed_in import TheDesk
from dispatch.domain.refusals import RecordingNotHere
from dispatch.service.export_writing import as_zip
from dispatch.service.exporting import begin_export

router = api_router("recordings")


@router.post(
    "/recordings/exports",
    responses=described(401, 403, 404, 409) | {200: {"content": {"application/zip": {}}}},
    response_class=StreamingResponse,
)
async def export(body: NewExport, request: Request, desk: TheDesk, by: Supervising) -> StreamingResponse:
    """A ZIP with the files, manifest.json and SHA256SUMS; verify it with `sha256sum -c SHA256SUMS`.

    Who exports what and why is kept before the first byte. A file that no longer has its hash ends the ZIP unfinished.
    """
    files = request.app.state.recordings.files
    if files is None:
        raise RecordingNotHere("This server keeps no recordings.")
    made = await begin_export(desk, files.root, body.recording_ids, body.reason, by)
    headers = {"Content-Disposition": f'attachment; filename="{made.folder}.zip"'}
    return StreamingResponse(as_zip(made), media_type="application/zip", headers=headers)
