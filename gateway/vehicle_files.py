"""Files that cars fetch over the gateway's own port, with their device token: the bureau's streets, for the car's map.

    GET /vehicle/v1/streets        Authorization: Bearer DEVICE_TOKEN

The answer is gzip (a GeoJSON FeatureCollection of LineStrings, class and name each) with an ETag; `If-None-Match` gets
304, `Range: bytes=A-B` gets 206 with that piece of the compressed file, so that a car on a bad network goes on where it
was. 404 while no streets are loaded, 401 as the link.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

import asyncpg
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

STREETS_PATH: Final = "/vehicle/v1/streets"
PIECE_LIMIT_BYTES: Final = 1024 * 1024
"""No more is put before one connection: it lies in this process's memory until the car has read it."""

_RANGE: Final = re.compile(r"bytes=(\d{1,12})-(\d{0,12})")


class VehicleFiles:
    """Reads `vehicle_files` piece by piece; keeps nothing."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def streets(self, request: Request) -> Response:
        """The answer to a request that a device token has allowed. Raises one of database.TRANSIENT."""
        file = await self._pool.fetchrow(_ABOUT, "streets")
        if file is None:
            return _plain(HTTPStatus.NOT_FOUND, "No streets are loaded; `patrol map import FILE` loads them.\n")
        tag, size = f'"{file["etag"]}"', file["size"]
        if request.headers.get("If-None-Match") == tag:
            return Response(304, "Not Modified", Headers(ETag=tag))
        start, end = _wanted(request, tag, size)
        if start >= size:
            response = _plain(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, f"The file has {size} bytes.\n")
            response.headers["Content-Range"] = f"bytes */{size}"
            return response
        piece = await self._pool.fetchval(_PIECE, "streets", file["etag"], start + 1, end - start)
        if piece is None:
            return _plain(HTTPStatus.SERVICE_UNAVAILABLE, "Other streets are just being loaded; try again.\n")
        headers = Headers(
            ETag=tag, **{"Content-Type": "application/geo+json", "Accept-Ranges": "bytes", "Cache-Control": "private"}
        )
        headers["Content-Length"] = str(len(piece))
        if len(piece) == size:
            headers["Content-Encoding"] = "gzip"
            return Response(200, "OK", headers, piece)
        headers["Content-Range"] = f"bytes {start}-{start + len(piece) - 1}/{size}"
        headers["Content-Encoding"] = "gzip"
        return Response(206, "Partial Content", headers, piece)


def _wanted(request: Request, tag: str, size: int) -> tuple[int, int]:
    """From which byte up to which (not including it). A range of another version is no range."""
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None or request.headers.get("If-Range", tag) != tag:
        return 0, min(size, PIECE_LIMIT_BYTES)
    start = int(found.group(1))
    end = int(found.group(2)) + 1 if found.group(2) else size
    return start, max(start, min(end, size, start + PIECE_LIMIT_BYTES))


def _plain(status: HTTPStatus, text: str) -> Response:
    body = text.encode()
    headers = Headers(**{"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))})
    return Response(int(status), status.phrase, headers, body)


_ABOUT: Final = "SELECT etag, octet_length(content) AS size FROM vehicle_files WHERE name = $1"
_PIECE: Final = "SELECT substring(content FROM $3::int FOR $4::int) FROM vehicle_files WHERE name = $1 AND etag = $2"
