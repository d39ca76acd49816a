"""`patrol map import` and `patrol map info`: the streets for travel times and for the base map."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from dispatch.commands.access import Access, DataOption, with_data
from dispatch.domain.refusals import NoMap
from dispatch.roads.places import Place
from dispatch.roads.refusal import MapRefused
from dispatch.store import registry

app = typer.Typer(help="Streets for travel times and for the base map.", no_args_is_help=True)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="OpenStreetMap data: .osm.pbf, .osm, .osm.gz")],
    *,
    bbox: Annotated[str | None, typer.Option(metavar="W,S,E,N", help="Only streets in this box, degrees.")] = None,
    data: DataOption = None,
) -> None:
    """Load a city's streets; a file that cannot be read whole changes nothing."""
    # numpy, scipy, osmium: no other command has to wait for them
    from dispatch.roads.osm_import import import_osm, parse_bbox  # noqa: PLC0415
    from dispatch.roads.places_osm import read_places  # noqa: PLC0415
    from dispatch.service.street_maps import load_map  # noqa: PLC0415

    try:
        box = parse_bbox(bbox) if bbox is not None else None
    except MapRefused as refusal:
        raise typer.BadParameter(str(refusal), param_hint="--bbox") from refusal
    street_map = import_osm(file, box)
    places = read_places(file, box)

    async def store(access: Access) -> None:
        async with access.engine.begin() as connection:
            await load_map(connection, street_map, places)
        await access.announce("map", {})

    with_data(data, store)
    typer.echo(
        f"{street_map.info.source}: {street_map.info.ways_taken} ways, {street_map.kilometres:.0f} km of streets, "
        f"{street_map.nodes} junctions; {_left_out(street_map.info.dropped)}; {_places(places)}"
    )


@app.command("info")
def info(*, data: DataOption = None) -> None:
    """Say which streets are loaded."""

    async def read(access: Access) -> registry.MapSummary | None:
        async with access.engine.connect() as connection:
            return await registry.loaded_map(connection)

    found = with_data(data, read)
    if found is None:
        raise NoMap("no street map is loaded; load one with `patrol map import FILE`")
    typer.echo(f"source     {found.source}{' (generated: no street of it exists)' if found.generated else ''}")
    typer.echo(f"sha256     {found.sha256}")
    typer.echo(f"loaded     {found.loaded_at.isoformat(timespec='seconds')}")
    typer.echo(f"size       {found.size_bytes / 1e6:.1f} MB")
    for name, value in found.facts.items():
        typer.echo(f"{name:<10} {_plain(value)}")


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items()) or "nothing"
    return "none" if value is None else str(value)


def _places(places: Sequence[Place]) -> str:
    addresses = sum(place.kind == "address" for place in places)
    return f"{addresses} addresses, {len(places) - addresses} named places"


def _left_out(dropped: dict[str, int]) -> str:
    return "left out: " + (", ".join(f"{count} {why}" for why, count in dropped.items()) or "nothing")
