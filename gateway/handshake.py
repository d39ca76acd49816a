"""Who may open a connection: the checks before the WebSocket handshake, and the pages and files on the same port.

404 for another path, 401 for a token that is missing, unknown or revoked, 503 while the database is away; a request
without the subprotocol gets its 400 from the WebSocket library right after.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import MultipleValuesError
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from gateway.connection import CarSocket
from gateway.database import TRANSIENT
from gateway.links import Links
from gateway.metrics import CONTENT_TYPE, Metrics
from gateway.protocol import ENROL_PATH, ENROL_SUBPROTOCOL, PATH
from gateway.vehicle_files import STREETS_PATH, VehicleFiles

log = structlog.get_logger(__name__)

LOOKUP_TIMEOUT_S: Final = 3.0


class Door:
    """Called with every HTTP request on the gateway's port; None lets the handshake go on."""

    def __init__(self, links: Links, files: VehicleFiles, metrics: Metrics, page_metrics: Callable[[], bytes]) -> None:
        self._links = links
        self._files = files
        self._metrics = metrics
        self._page_metrics = page_metrics
        self._refusing = False

    async def __call__(self, connection: ServerConnection, request: Request) -> Response | None:
        """The answer that ends the request here, if any."""
        path = request.path.partition("?")[0]
        if path == "/healthz":
            return connection.respond(HTTPStatus.OK, "alive\n")
        if path == "/metrics":
            response = connection.respond(HTTPStatus.OK, self._page_metrics().decode())
            del response.headers["Content-Type"]
            response.headers["Content-Type"] = CONTENT_TYPE
            return response
        if path == ENROL_PATH:
            assert isinstance(connection, CarSocket)  # noqa: S101 - the server makes no others
            connection.protocol.available_subprotocols = [Subprotocol(ENROL_SUBPROTOCOL)]
            connection.bearer = bearer_token(request)
            return None
        refusal = await self._refusal(connection, request, path)
        if refusal is not None and refusal.status_code >= HTTPStatus.BAD_REQUEST:
            self._metrics.refused_handshakes.labels(status=str(refusal.status_code)).inc()
        return refusal

    async def _refusal(self, connection: ServerConnection, request: Request, path: str) -> Response | None:
        if path not in {PATH, STREETS_PATH}:
            return connection.respond(HTTPStatus.NOT_FOUND, f"There is nothing here; cars connect to {PATH}.\n")
        token = bearer_token(request)
        if token is None:
            return _unauthorized(connection, "A device token is needed: Authorization: Bearer TOKEN.\n")
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT_S):
                link = await self._links.find(hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest())
                if link is not None and path == STREETS_PATH:
                    return await self._files.streets(request)
        except TRANSIENT as error:
            if not self._refusing:
                log.error("handshakes_refused", error=type(error).__name__)
            self._refusing = True
            response = connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "The database is away; try again.\n")
            response.headers["Retry-After"] = "2"
            return response
        self._refusing = False
        if link is None:
            return _unauthorized(connection, "This device token is unknown or revoked.\n")
        assert isinstance(connection, CarSocket)  # noqa: S101 - the server makes no others
        connection.link = link
        return None


def bearer_token(request: Request) -> str | None:
    """The token in the header; None without one, or with several."""
    try:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    except MultipleValuesError:
        return None
    return token.strip() or None if scheme.lower() == "bearer" else None


def _unauthorized(connection: ServerConnection, text: str) -> Response:
    response = connection.respond(HTTPStatus.UNAUTHORIZED, text)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response
