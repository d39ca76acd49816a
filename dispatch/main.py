"""One dispatch server: the API, the browser feed, the web bundle, and the dispatcher loop where it leads."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from dispatch.allocator import keep_freed_memory
from dispatch.api import (
    alarms,
    bureau,
    coverage,
    exports,
    feed,
    health,
    incidents,
    jams,
    kpi,
    kpi_etas,
    kpi_ledger,
    kpi_targets,
    lateness,
    notes,
    officer,
    places,
    policy,
    problems,
    recordings,
    replay,
    reports,
    reviews,
    session,
    standby,
    stations,
    steps,
    under_way,
    units,
    uploads,
    waiting,
    what_if,
)
from dispatch.api.feed_hub import FeedHub
from dispatch.api.guard import Guard
from dispatch.domain.refusals import Invalid
from dispatch.logs import configure_logging
from dispatch.service.bus import Bus
from dispatch.service.car_streets import CarStreets
from dispatch.service.coverage_keeper import CoverageKeeper
from dispatch.service.desk import Desk
from dispatch.service.jam_lines import JamsKeeper
from dispatch.service.kpi_keeper import KpiKeeper
from dispatch.service.lateness import LatenessKeeper
from dispatch.service.loop import DispatcherLoop, moved_units
from dispatch.service.place_search import PlaceSearch
from dispatch.service.recording_keeper import RecordingKeeper
from dispatch.service.reporting import ReportKeeper
from dispatch.service.sessions import SignIns
from dispatch.service.standby_rounds import StandbyRounds
from dispatch.service.streets import Streets
from dispatch.service.under_way import UnderWayKeeper
from dispatch.service.waking import hinted
from dispatch.service.what_if_runner import WhatIfRunner
from dispatch.settings import Settings, read_settings
from dispatch.store.away import is_away
from dispatch.store.database import create_engine

_log = structlog.get_logger()
VERSION: Final = "1.0.0"
WEB: Final = Path(__file__).resolve().parents[1] / "web" / "dist"
MAP_CHECK_S: Final = 10.0
KEEP_ALIVE_S: Final = 75
"""Longer than proxies (60 s) and programs keep a connection that they don't use: who asks over one that is just being
closed gets no answer, and can't know whether it was heard."""
SWITCH_S: Final = 0.0005
"""After so long a thread that counts, or writes a report, lets the server's loop on. Python's own is ten times that, at
each answer, and a question that counts with numpy comes back to the interpreter a thousand times."""
PARTS: Final = (
    alarms,
    bureau,
    coverage,
    exports,
    feed,
    health,
    incidents,
    jams,
    kpi,
    kpi_etas,
    kpi_ledger,
    kpi_targets,
    lateness,
    notes,
    officer,
    places,
    policy,
    recordings,
    replay,
    reports,
    reviews,
    session,
    standby,
    stations,
    steps,
    under_way,
    units,
    uploads,
    waiting,
    what_if,
)


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application. Engine, bus and tasks begin with its lifespan."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        desk = Desk(
            settings=settings,
            engine=create_engine(settings.database_url, pool_size=settings.pool_size),
            bus=Bus(settings.nats_url, settings.bureau),
            streets=Streets(),
        )
        hub, loop = FeedHub(desk), DispatcherLoop(desk)
        app.state.desk, app.state.hub, app.state.loop = desk, hub, loop
        app.state.sign_ins = SignIns(settings.login_failures, settings.login_window_s)
        app.state.waiting = waiting.Counts()
        app.state.what_ifs = WhatIfRunner(desk)
        app.state.replaying = asyncio.Lock()
        app.state.coverage = CoverageKeeper(desk)
        app.state.kpi = KpiKeeper(desk)
        app.state.lateness = LatenessKeeper(desk)
        app.state.places = PlaceSearch(desk)
        app.state.recordings = RecordingKeeper(desk, settings.recordings_folder)
        app.state.under_way, app.state.jams = UnderWayKeeper(desk), JamsKeeper(desk, lambda: loop.leading)
        rounds = app.state.standby = StandbyRounds(desk, app.state.coverage, lambda: loop.leading)
        map_changed = _listen(desk, hub, loop, rounds)
        await desk.streets.refresh(desk.engine)
        await hub.begin()
        await desk.bus.start()
        tasks = [
            asyncio.create_task(part, name=name)
            for name, part in (
                ("dispatcher-loop", loop.run()),
                ("feed", hub.run()),
                ("streets", _keep_streets(desk, map_changed, CarStreets(desk))),
                ("standby", rounds.run()),
                ("places", app.state.places.run()),
                ("figures", app.state.kpi.run()),
                ("recordings", app.state.recordings.run()),
                ("reports", ReportKeeper(desk, app.state.kpi, lambda: loop.leading).run()),
                *((("what-ifs", app.state.what_ifs.run()),) if settings.what_if_worker else ()),
            )
        ]
        for task in tasks:
            task.add_done_callback(_end_with)
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        loop.deciding.solver.close()
        await desk.bus.stop()
        await desk.engine.dispose()

    app = FastAPI(
        title="Patrol dispatch",
        version=VERSION,
        description="From the 110 call to the officer at the door. Errors are RFC 9457 problem details.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        routes=[route for part in PARTS for route in part.router.routes],
    )
    problems.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(Guard, tile_url=settings.tile_url)
    if WEB.is_dir():
        # Not mounted at "/": a mount there takes every address, and a wrong method would no longer get its 405.
        app.router.default = _Pages(directory=WEB, html=True)
    return app


class _Pages(StaticFiles):
    """The web bundle; an unknown path below no API is a place inside the page."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path == "api" or path.startswith("api/"):
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is nothing at this address of the API.")
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != HTTPStatus.NOT_FOUND or "." in path.rpartition("/")[2]:
                raise
            response = FileResponse(WEB / ("officer.html" if path == "car" else "index.html"))
        hashed = path.startswith("assets/")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return response


def _listen(desk: Desk, hub: FeedHub, loop: DispatcherLoop, rounds: StandbyRounds) -> asyncio.Event:
    """What the bus wakes; every one of these is found by rereading as well."""
    map_changed = asyncio.Event()

    async def events(_: Any) -> None:
        hub.log_grew()
        rounds.hint()
        desk.wake.set()

    async def inbox(_: Any) -> None:
        desk.wake.set()

    async def fixes(payload: Any) -> None:
        hub.fixes_came(payload)
        for unit_id in moved_units(payload):
            loop.unit_moved(unit_id)

    async def new_map(_: Any) -> None:
        map_changed.set()

    for subject, handler in (("events", events), ("inbox", inbox), ("link", inbox), ("fixes", fixes), ("map", new_map)):
        desk.bus.on(subject, handler)
    return map_changed


async def _keep_streets(desk: Desk, map_changed: asyncio.Event, car_streets: CarStreets) -> None:
    while True:
        try:
            await desk.streets.refresh(desk.engine)
            await car_streets.offer()
        except Exception as error:
            if not is_away(error):
                raise
            _log.warning("streets_wait_for_database", error=type(error).__name__)
        await hinted(map_changed, MAP_CHECK_S)
        map_changed.clear()


def _end_with(task: asyncio.Task[None]) -> None:
    """A part that ended by itself must not leave a server behind that only looks alive."""
    if not task.cancelled() and task.exception() is not None:
        _log.critical("server_part_failed", part=task.get_name(), exc_info=task.exception())
        raise SystemExit(1)


def config_of(settings: Settings) -> uvicorn.Config:
    """How the application is served; `app` is it."""
    return uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=64 * 1024,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=3,
    )


def serve(settings: Settings) -> int:
    """Until SIGTERM or Ctrl-C; the exit status."""
    configure_logging(as_json=settings.log_json)
    sys.setswitchinterval(SWITCH_S)
    server = uvicorn.Server(config_of(settings))
    server.run()
    return 0 if server.started else 1


def main() -> int:
    """`python -m dispatch`: settings from the environment."""
    try:
        settings = read_settings()
    except Invalid as error:
        sys.stderr.write(f"patrol serve: {error.detail}\n")
        return 1
    keep_freed_memory()
    return serve(settings)
