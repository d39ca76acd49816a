"""The car's own page and its JSON API on 127.0.0.1, for the crew; works with no network at all.

Loaded only with --screen-port. Any page in the same browser can reach 127.0.0.1, so a request must name this host
(against DNS rebinding), must not come from another origin, and a press must be JSON (which no foreign form can send
without asking first, and this server never allows it).
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Annotated, Any, Final, TypeVar

import msgspec
import structlog
import uvicorn
from msgspec import Meta, Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.protocol import Name, Step
from vehicle_agent.car import Car
from vehicle_agent.errors import SettingsError, StepError

_BODY_LIMIT_BYTES: Final = 16 * 1024
_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
_MEMBER: Final = re.compile(r"`\$\.(\w+)|field `(\w+)`")
_PAGE: Final = {"/": ("index.html", "text/html"), "/screen.css": ("screen.css", "text/css")} | {
    f"/{name}": (name, "text/javascript") for name in ("screen.js", "texts.js")
}
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
# A note this long in its widest encoding still leaves the message far below the link's 64 KiB.
Note = Annotated[str, Meta(max_length=1000, pattern=r"^[^\x00]*$")]

_log = structlog.get_logger(__name__)


class StepPress(Struct, kw_only=True):
    """Body of `POST /api/step`."""

    assignment_id: Name
    status: Step
    reason: Note | None = None
    disposition: Note | None = None
    note: Note | None = None


class AvailabilityPress(Struct, kw_only=True):
    """Body of `POST /api/availability`."""

    available: bool
    reason: Note | None = None


class SosPress(Struct, kw_only=True):
    """Body of `POST /api/sos`."""

    active: bool
    note: Note | None = None


Body = TypeVar("Body", StepPress, AvailabilityPress, SosPress)


class _Problem(Exception):
    def __init__(self, status: int, code: str, detail: str, member: str | None = None) -> None:
        super().__init__(detail)
        self.response = _json(
            {"title": code.replace("_", " "), "status": status, "code": code, "detail": detail}
            | ({} if member is None else {"member": member}),
            status,
            "application/problem+json",
        )


def _json(content: object, status: int = 200, media_type: str = "application/json") -> Response:
    return Response(msgspec.json.encode(content), status, _HEADERS, media_type)


class Screen:
    """The endpoints over one car."""

    def __init__(self, car: Car) -> None:
        self._car = car

    def app(self) -> Starlette:
        """The ASGI application."""
        pages = [Route(path, self._guarded(_page(*what))) for path, what in _PAGE.items()]
        return Starlette(
            routes=[
                *pages,
                Route("/api/state", self._guarded(self._state)),
                Route("/api/step", self._guarded(self._step), methods=["POST"]),
                Route("/api/availability", self._guarded(self._availability), methods=["POST"]),
                Route("/api/sos", self._guarded(self._sos), methods=["POST"]),
            ]
        )

    def _guarded(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                _check_origin(request)
                return await endpoint(request)
            except _Problem as problem:
                return problem.response
            except StepError as error:
                if error.code == "unknown_assignment":
                    return _Problem(422, error.code, f"assignment_id: {error}", "assignment_id").response
                return _Problem(409, error.code, str(error), "status").response

        return guarded

    async def _state(self, _request: Request) -> Response:
        return _json(self._car.state.as_json())

    async def _step(self, request: Request) -> Response:
        press = await _body(request, StepPress)
        seq = self._car.step(
            press.assignment_id, press.status, reason=press.reason, disposition=press.disposition, note=press.note
        )
        return _json({"seq": seq})

    async def _availability(self, request: Request) -> Response:
        press = await _body(request, AvailabilityPress)
        return _json({"seq": self._car.set_available(press.available, press.reason)})

    async def _sos(self, request: Request) -> Response:
        press = await _body(request, SosPress)
        return _json({"seq": self._car.sos(press.active, press.note)})


def _page(name: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    content = resources.files("vehicle_agent").joinpath("page", name).read_bytes()

    async def page(_request: Request) -> Response:
        return Response(content, 200, _HEADERS, media_type)

    return page


def _check_origin(request: Request) -> None:
    host = request.headers.get("host", "")
    if re.sub(r":\d+$", "", host) not in _HOSTS:
        raise _Problem(403, "foreign_host", f"this page lives on 127.0.0.1, not on {host[:100]!r}")
    origin = request.headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        raise _Problem(403, "foreign_origin", "another site's page may not press buttons here")
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        raise _Problem(403, "foreign_origin", "another site's page may not read or press here")


async def _body(request: Request, kind: type[Body]) -> Body:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _Problem(415, "not_json", "send Content-Type: application/json")
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _BODY_LIMIT_BYTES:
            raise _Problem(413, "too_big", f"a press has at most {_BODY_LIMIT_BYTES} bytes")
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        named = _MEMBER.search(str(error))
        member = (named.group(1) or named.group(2)) if named else None
        raise _Problem(422, "bad_member", str(error), member) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise _Problem(422, "bad_json", f"the body is not JSON: {error}") from error


class _Server(uvicorn.Server):
    """uvicorn, but signals stay with the agent."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(listener: socket.socket, app: Any) -> None:
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            http="h11",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )
    try:
        await server.serve(sockets=[listener])
    finally:
        if server.started:
            await server.shutdown(sockets=[listener])


async def open_screen(car: Car, port: int) -> None:
    """Serve the page on 127.0.0.1 until cancelled. Raises `SettingsError` where the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise SettingsError(f"cannot open the screen on port {port}: {error.strerror}") from error
    _log.info("screen_ready", url=f"http://127.0.0.1:{listener.getsockname()[1]}/")
    try:
        await _serve(listener, Screen(car).app())
    except asyncio.CancelledError:
        _log.info("screen_closed")
        raise
