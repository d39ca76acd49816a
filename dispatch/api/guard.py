"""What goes round every answer: security headers, and a limit on what a request may carry."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatch.api.problems import problem
from dispatch.api.tus_headers import VERSION

BODY_LIMIT_BYTES: Final = 1024 * 1024
UPLOADS: Final = "/api/v1/uploads"
UPLOAD_LIMIT_BYTES: Final = 64 * 1024 * 1024
TOO_LARGE: Final = "Send at most {} bytes."


def content_security_policy(tile_url: str | None) -> str:
    """The page loads nothing from elsewhere, but tiles where a tile server is set."""
    tiles = f" {urlsplit(tile_url).scheme}://{urlsplit(tile_url).netloc}" if tile_url else ""
    return (
        f"default-src 'self'; img-src 'self' data: blob:{tiles}; connect-src 'self'{tiles}; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, tile_url: str | None) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": content_security_policy(tile_url),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
                if uploads:
                    headers["Tus-Resumable"] = VERSION
            await send(message)

        uploads = scope["path"] == UPLOADS or scope["path"].startswith(f"{UPLOADS}/")
        if uploads and (instead := dict(scope["headers"]).get(b"x-http-method-override")):
            # tus: for clients that can send no PATCH or DELETE.
            scope["method"] = instead.decode("latin-1").strip().upper()
        limit_bytes = UPLOAD_LIMIT_BYTES if uploads else BODY_LIMIT_BYTES
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit_bytes:
            await _too_large(limit_bytes)(scope, receive, send_guarded)
            return
        await self._app(scope, _counting(receive, limit_bytes), send_guarded)


def _counting(receive: Receive, limit_bytes: int) -> Receive:
    """A body that declares no length is counted as it comes."""
    seen = 0

    async def receive_counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit_bytes:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE.format(limit_bytes))
        return message

    return receive_counted


def _too_large(limit_bytes: int) -> Response:
    return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", TOO_LARGE.format(limit_bytes))
