"""The car's own page and its JSON API on 127.0.0.1, for the crew; works with no network at all.

Loaded only with --screen-port. Who may ask, and how a press looks: screen_requests.py. The page itself: page_files.py.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from vehicle_agent.base_map import BaseMap
from vehicle_agent.car import Car
from vehicle_agent.enrolment import EnrolError
from vehicle_agent.errors import SettingsError, StepError
from vehicle_agent.page_files import PageFiles
from vehicle_agent.screen_events import STREAMS_LIMIT, StateEvents
from vehicle_agent.screen_requests import (
    HEADERS,
    AvailabilityPress,
    CheckInPress,
    EnrolPress,
    NoticeRead,
    Problem,
    SosPress,
    StepPress,
    UndoPress,
    as_json,
    body_of,
    check_origin,
)

Enrol = Callable[[str], Awaitable[None]]
"""Exchanges a one-time code for a token. Raises `EnrolError` with the sentence that mends it."""

_LASTING: Final = {"Cache-Control": "public, max-age=31536000, immutable"}

_log = structlog.get_logger(__name__)


class Screen:
    """The endpoints over one car."""

    def __init__(self, car: Car, base_map: BaseMap | None = None, enrol: Enrol | None = None) -> None:
        self._car = car
        self._base_map = base_map
        self._enrol = enrol
        self._files = PageFiles()
        self.events = StateEvents(car.state)

    def app(self) -> Starlette:
        """The ASGI application."""
        presses = {
            "step": self._step,
            "undo": self._undo,
            "availability": self._availability,
            "check_in": self._check_in,
            "sos": self._sos,
            "notice_read": self._notice_read,
            "enrol": self._enrol_car,
        }
        return Starlette(
            routes=[
                Route("/api/state", self._guarded(self._state)),
                Route("/api/events", self._guarded(self._events)),
                Route("/api/streets", self._guarded(self._streets)),
                *(
                    Route(f"/api/{name}", self._guarded(endpoint), methods=["POST"])
                    for name, endpoint in presses.items()
                ),
                Route("/{path:path}", self._guarded(self._page)),
            ]
        )

    def _guarded(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                check_origin(request)
                return await endpoint(request)
            except Problem as problem:
                return problem.response
            except StepError as error:
                if error.code == "unknown_assignment":
                    return Problem(422, error.code, f"assignment_id: {error}", "assignment_id").response
                return Problem(409, error.code, str(error), "status").response
            finally:
                if request.method == "POST":
                    self.events.poke()

        return guarded

    async def _state(self, _request: Request) -> Response:
        return as_json(self._car.state.as_json())

    async def _events(self, _request: Request) -> Response:
        if self.events.streams >= STREAMS_LIMIT:
            raise Problem(429, "too_many", f"{STREAMS_LIMIT} pages watch this car already; close one")
        return StreamingResponse(self.events.stream(), 200, HEADERS, "text/event-stream")

    async def _step(self, request: Request) -> Response:
        press = await body_of(request, StepPress)
        seq = self._car.step(
            press.assignment_id,
            press.status,
            reason=press.reason,
            disposition=press.disposition,
            note=press.note,
            hold_s=press.hold_s,
        )
        if seq is None:
            for held in self._car.state.presses.held():
                asyncio.get_running_loop().call_later(press.hold_s, self._car.let_go_held, held.press_id)
        return as_json({"seq": seq})

    async def _undo(self, request: Request) -> Response:
        self._car.undo((await body_of(request, UndoPress)).press_id)
        return as_json({})

    async def _availability(self, request: Request) -> Response:
        press = await body_of(request, AvailabilityPress)
        return as_json({"seq": self._car.set_available(press.available, press.reason)})

    async def _check_in(self, request: Request) -> Response:
        return as_json({"seq": self._car.check_in((await body_of(request, CheckInPress)).assignment_id)})

    async def _sos(self, request: Request) -> Response:
        press = await body_of(request, SosPress)
        return as_json({"seq": self._car.sos(press.active, press.note)})

    async def _notice_read(self, request: Request) -> Response:
        if not self._car.state.notices.mark_read((await body_of(request, NoticeRead)).notice_id):
            raise Problem(404, "no_such_notice", "there is no such notice any more", "notice_id")
        return as_json({})

    async def _enrol_car(self, request: Request) -> Response:
        press = await body_of(request, EnrolPress)
        if self._enrol is None:
            raise Problem(404, "no_enrolment", "this agent takes no code; give it a token file")
        try:
            await self._enrol(press.code)
        except EnrolError as error:
            raise Problem(error.status, error.code, str(error), "code") from error
        return as_json({})

    async def _streets(self, request: Request) -> Response:
        kept = self._base_map.read() if self._base_map is not None else None
        if kept is None:
            raise Problem(404, "no_streets", "this car has not fetched the streets yet")
        tag, content = kept
        headers = HEADERS | {"ETag": tag, "Cache-Control": "private, no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(content, 200, headers | {"Content-Encoding": "gzip"}, "application/geo+json")
        return Response(await asyncio.to_thread(gzip.decompress, content), 200, headers, "application/geo+json")

    async def _page(self, request: Request) -> Response:
        file = self._files.find(request.path_params["path"])
        if file is None:
            raise Problem(404, "not_found", "there is nothing at this address of the car's page")
        headers = HEADERS | (_LASTING if file.lasting else {})
        if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.packed, 200, headers | {"Content-Encoding": "gzip"}, file.media_type)
        return Response(file.content, 200, headers, file.media_type)


class _Server(uvicorn.Server):
    """uvicorn, but signals stay with the agent."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(listener: socket.socket, app: Any, closing: Callable[[], None]) -> None:
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
        closing()
        if server.started:
            await server.shutdown(sockets=[listener])


async def open_screen(car: Car, port: int, base_map: BaseMap | None = None, enrol: Enrol | None = None) -> None:
    """Serve the page on 127.0.0.1 until cancelled. Raises `SettingsError` where the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise SettingsError(f"cannot open the screen on port {port}: {error.strerror}") from error
    _log.info("screen_ready", url=f"http://127.0.0.1:{listener.getsockname()[1]}/")
    screen = Screen(car, base_map, enrol)
    try:
        await _serve(listener, screen.app(), screen.events.close)
    except asyncio.CancelledError:
        _log.info("screen_closed")
        raise
    finally:
        car.let_go_held()
