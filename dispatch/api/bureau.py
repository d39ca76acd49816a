"""What a screen needs to start: the bureau, its area, and the streets to draw."""

from __future__ import annotations

import asyncio
import gzip

import msgspec
from fastapi import Request, Response

from dispatch.api import schemas
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.signed_in import IS_SIGNED_IN, TheDesk
from dispatch.domain.incident import TARGET_S
from dispatch.roads.base_map import feature_collection
from dispatch.service.streets import LoadedMap

router = api_router("map")


@router.get("/bureau", responses=described(401), dependencies=[IS_SIGNED_IN])
async def bureau(desk: TheDesk) -> schemas.BureauView:
    """The bureau's name and area, and which street map is loaded."""
    loaded = desk.streets.loaded
    extent = loaded.streets.extent if loaded else None
    return schemas.BureauView(
        bureau=desk.settings.bureau,
        name=desk.streets.bureau_name or desk.settings.bureau,
        outline=desk.streets.outline,
        extent=[extent.west, extent.south, extent.east, extent.north] if extent else None,
        map=schemas.MapInfo(
            map_id=loaded.map_id,
            source=loaded.source,
            generated=loaded.generated,
            loaded_at=loaded.loaded_at,
            facts=loaded.facts,
        )
        if loaded
        else None,
        tile_url=desk.settings.tile_url,
        target_s=TARGET_S,
    )


@router.get(
    "/streets",
    responses=described(401, 404)
    | {200: {"content": {"application/geo+json": {}}, "description": "A FeatureCollection of LineStrings"}}
    | {304: {"description": "The same map as before"}},
    response_class=Response,
    dependencies=[IS_SIGNED_IN],
)
async def streets(request: Request, desk: TheDesk) -> Response:
    """The base map, drawn from the loaded streets: class and name of each, (lon, lat)."""
    loaded = desk.streets.require()
    tag = f'"{loaded.sha256[:16]}-{loaded.map_id}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    packed = await _packed(request, loaded)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type="application/geo+json", headers=headers | {"Content-Encoding": "gzip"})
    plain = await asyncio.to_thread(gzip.decompress, packed)
    return Response(plain, media_type="application/geo+json", headers=headers)


async def _packed(request: Request, loaded: LoadedMap) -> bytes:
    """Compressed once a map, not once a request."""
    kept: tuple[int, bytes] | None = getattr(request.app.state, "streets_packed", None)
    if kept is None or kept[0] != loaded.map_id:
        packed = await asyncio.to_thread(
            lambda: gzip.compress(msgspec.json.encode(feature_collection(loaded.streets)), compresslevel=6)
        )
        kept = request.app.state.streets_packed = (loaded.map_id, packed)
    return kept[1]
