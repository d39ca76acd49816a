"""`patrol recordings export`: evidence as a folder on this machine, that a stranger verifies with `sha256sum -c`."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import typer

from dispatch.commands.access import Access, DataOption, data_folder, with_data
from dispatch.domain.recording import RecordingState
from dispatch.domain.refusals import NotFound

app = typer.Typer(help="Recordings of the cars' cameras.", no_args_is_help=True)


@app.callback()
def recordings() -> None:
    """Recordings of the cars' cameras."""


@app.command("export")
def export(
    *,
    incident: Annotated[str, typer.Option(metavar="NUMBER", help="The incident whose recordings are wanted.")],
    reason: Annotated[str, typer.Option(metavar="WHY", help="Kept on record, and in the export.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where the folder is made.")] = Path(),
    data: DataOption = None,
) -> None:
    """Write all verified recordings of an incident into a folder with manifest and hashes; prints the folder."""
    # The service's modules bring numpy and scipy: no other command has to wait for them.
    from dispatch.service.bus import Bus  # noqa: PLC0415
    from dispatch.service.desk import Desk  # noqa: PLC0415
    from dispatch.service.export_writing import as_folder  # noqa: PLC0415
    from dispatch.service.exporting import begin_export  # noqa: PLC0415
    from dispatch.service.incidents import Person  # noqa: PLC0415
    from dispatch.service.streets import Streets  # noqa: PLC0415
    from dispatch.store.recordings import find_recordings, incident_of_number  # noqa: PLC0415

    if not reason.strip():
        raise typer.BadParameter("say why: it is kept on record", param_hint="--reason")
    folder = data_folder(data)

    async def run(access: Access) -> tuple[Path, int, int]:
        async with access.engine.connect() as connection:
            incident_id = await incident_of_number(connection, incident)
            rows = await find_recordings(connection, incident_id=incident_id)
        ids: list[UUID] = [row.recording_id for row in rows if row.state == RecordingState.VERIFIED]
        if not ids:
            raise NotFound(f"incident {incident} has no verified recording here ({len(rows)} are known)")
        settings = access.settings
        desk = Desk(settings, access.engine, Bus(settings.nats_url, settings.bureau), Streets())
        by = Person(uuid4(), f"{getpass.getuser()} (command line)")
        made = await begin_export(desk, settings.recordings_folder or folder / "recordings", ids, reason.strip(), by)
        await access.announce("events", {})
        return as_folder(made, to), len(ids), len(rows)

    written, count, known = with_data(data, run)
    typer.echo(written)
    if count < known:
        typer.echo(f"patrol: {known - count} of {known} recordings are not here, or not verified", err=True)
