"""For whoever runs it: alive, able to serve, figures."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from dispatch.api import present
from dispatch.api.problems import described, problem
from dispatch.api.routing import api_router
from dispatch.api.signed_in import TheDesk
from dispatch.domain.unit import UnitStatus
from dispatch.service.desk import Desk
from dispatch.store.database import one_moment
from dispatch.store.tables import alarms, incidents
from gateway.store import car_messages

router = api_router("operation", prefix="")


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz", responses=described(503))
async def ready(desk: TheDesk) -> Response:
    """Database and bus are within reach."""
    missing = []
    try:
        async with asyncio.timeout(2), desk.engine.connect() as connection:
            await connection.execute(select(1))
    except (SQLAlchemyError, OSError, TimeoutError):
        missing.append("database")
    if not desk.bus.connected:
        missing.append("bus")
    if missing:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", f"out of reach: {', '.join(missing)}")
    return Response('{"status":"ready"}', media_type="application/json")


@router.get(
    "/metrics",
    response_class=Response,
    responses=described(503) | {200: {"content": {"text/plain": {}}, "description": "Prometheus text format"}},
)
async def metrics(request: Request, desk: TheDesk) -> Response:
    """Figures without persons: counts alone."""
    registry = CollectorRegistry()
    await _fill(registry, request, desk)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


async def _fill(registry: CollectorRegistry, request: Request, desk: Desk) -> None:
    def gauge(name: str, text: str, value: float) -> None:
        Gauge(f"patrol_{name}", text, registry=registry).set(value)

    gauge("bus_connected", "1 while the bus is within reach", desk.bus.connected)
    gauge("dispatcher_leads", "1 in the server that runs the dispatcher loop", request.app.state.loop.leading)
    request.app.state.loop.deciding.figures.register(registry)
    gauge("feed_listeners", "browsers on the feed", request.app.state.hub.listeners)
    async with one_moment(desk.engine) as connection:
        opened = await connection.scalar(select(func.count()).where(incidents.c.state == "open"))
        unresolved = await connection.scalar(select(func.count()).where(alarms.c.resolved_at.is_(None)))
        unread = await connection.scalar(select(func.count()).where(car_messages.c.handled_at.is_(None)))
        units = await present.unit_views(connection)
    gauge("incidents_open", "incidents that are not ended", opened or 0)
    gauge("alarms_unresolved", "alarms that nobody has resolved", unresolved or 0)
    gauge("inbox_unread", "car messages that dispatch has not handled yet", unread or 0)
    gauge("units_connected", "cars whose link is up", sum(unit.connected for unit in units))
    by_status = Gauge("patrol_units", "units by status", ["status"], registry=registry)
    for status in UnitStatus:
        by_status.labels(str(status)).set(sum(unit.status == status.value for unit in units))
