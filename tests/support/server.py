"""A dispatch server in the test's own process, on a real port, with the real engines; clients and cars for it.

A car here is rows: its messages enter the inbox and its fixes the tables as the gateway would write them.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.domain.fix import Fix
from dispatch.domain.geometry import Position
from dispatch.engines.process import reserve_port
from dispatch.main import config_of
from dispatch.roads.places import Place
from dispatch.roads.street_map import StreetMap
from dispatch.service.accounts import hash_password
from dispatch.service.desk import Desk, utc_now
from dispatch.service.sessions import hash_token
from dispatch.service.street_maps import load_map
from dispatch.settings import read_settings
from dispatch.store.database import create_engine
from dispatch.store.rows import AnyRow
from dispatch.store.tables import sessions, stations, units, users, vehicles
from gateway.late import Came, LateStretch, late_stretches
from gateway.store import car_messages, car_orders, devices, fixes, late_fixes, unit_positions

PASSWORD = "correct horse 110"
WAIT_S = 60.0
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here speaks TLS; to read the system's certificates anew for each client takes long."""
T = TypeVar("T")


@cache
def password_hash() -> str:
    """Of PASSWORD; made once, since that takes a while on purpose."""
    return hash_password(PASSWORD)


async def eventually(look: Callable[[], Awaitable[T]], wanted: Callable[[T], bool] = bool) -> T:
    """What `look` gives as soon as it is what is wanted; fails after a time that nothing here needs."""
    seen: T | None = None
    pause_s = 0.02
    try:
        async with asyncio.timeout(WAIT_S):
            while True:
                seen = await look()
                if wanted(seen):
                    return seen
                await asyncio.sleep(pause_s)
                pause_s = min(1.3 * pause_s, 0.25)  # to look is work as well
    except TimeoutError:
        raise AssertionError(f"it never came; last seen: {seen}") from None


@dataclass
class Server:
    """A running server. `engine` is a second way to its database, for what no client can see."""

    url: str
    app: FastAPI
    engine: AsyncEngine
    bureau: str
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _seq: int = 0

    @property
    def desk(self) -> Desk:
        """What the server's own commands work with."""
        desk: Desk = self.app.state.desk
        return desk

    def clock_ahead_by(self, offset: timedelta) -> None:
        """From now on the server believes that it is so much later."""
        self.desk.clock = lambda: utc_now() + offset
        self.desk.wake.set()

    # ---- people

    async def add_account(self, username: str, role: str) -> UUID:
        """An account with PASSWORD; the existing one's id where there is one."""
        async with self.engine.begin() as connection:
            statement = upsert(users).values(
                user_id=uuid4(), username=username, password_hash=password_hash(), role=role
            )
            await connection.execute(statement.on_conflict_do_nothing())
            user_id = await connection.scalar(select(users.c.user_id).where(users.c.username == username))
        return UUID(str(user_id))

    async def token(self, username: str = "dora", role: str = "dispatcher") -> str:
        """A session's token, without the slow check of the password."""
        user_id, token = await self.add_account(username, role), secrets.token_urlsafe(32)
        async with self.engine.begin() as connection:
            await connection.execute(
                insert(sessions).values(
                    token_sha256=hash_token(token),
                    user_id=user_id,
                    csrf_token=secrets.token_urlsafe(8),
                    expires_at=utc_now() + timedelta(days=400),
                )
            )
        return token

    async def client(self, username: str = "dora", role: str = "dispatcher") -> httpx.AsyncClient:
        """A program's client, signed in; closed with the server."""
        client = await self.stranger()
        client.headers["Authorization"] = f"Bearer {await self.token(username, role)}"
        return client

    async def stranger(self) -> httpx.AsyncClient:
        """A client that has not signed in; closed with the server."""
        client = httpx.AsyncClient(
            base_url=f"{self.url}/api/v1", timeout=WAIT_S, trust_env=False, verify=NO_AUTHORITIES
        )
        return await self.stack.enter_async_context(client)

    # ---- cars

    async def add_unit(
        self,
        name: str,
        *,
        vehicle_type: str = "car",
        at: tuple[float, float] | None = None,
        crew: int = 2,
        capabilities: Sequence[str] = (),
        station: UUID | None = None,
    ) -> UUID:
        """A unit with a vehicle and a device that has no token; `at`: its position, lat and lon, fixed this moment."""
        unit_id, device_id = uuid4(), uuid4()
        async with self.engine.begin() as connection:
            await connection.execute(insert(units).values(unit_id=unit_id, name=name, station_id=station))
            await connection.execute(insert(devices).values(device_id=device_id, unit_id=unit_id, unit_name=name))
            await connection.execute(
                insert(vehicles).values(
                    vehicle_id=uuid4(),
                    plate=f"P-{name}",
                    type=vehicle_type,
                    crew=crew,
                    capabilities=list(capabilities),
                    unit_id=unit_id,
                    device_id=device_id,
                )
            )
        if at is not None:
            await self.stands(unit_id, *at)
        return unit_id

    async def add_station(self, name: str, lat: float, lon: float) -> UUID:
        """A station at a place."""
        station_id = uuid4()
        async with self.engine.begin() as connection:
            values = {"station_id": station_id, "name": name, "lat": lat, "lon": lon}
            await connection.execute(insert(stations).values(**values))
        return station_id

    async def stands(self, unit_id: UUID, lat: float, lon: float, *, age: timedelta = timedelta(0)) -> None:
        """The unit's live position alone, without a track."""
        fixed_at = self.desk.clock() - age
        values = {"fixed_at": fixed_at, "received_at": fixed_at, "lat": lat, "lon": lon}
        async with self.engine.begin() as connection:
            statement = upsert(unit_positions).values(unit_id=unit_id, **values)
            await connection.execute(
                statement.on_conflict_do_update(index_elements=[unit_positions.c.unit_id], set_=values)
            )
        self.desk.wake.set()

    async def drives(self, unit_id: UUID, track: Sequence[Fix], *, hint: bool = True) -> None:
        """Fixes as the gateway stores and announces them; the newest is the live position."""
        rows, now = [], self.desk.clock()
        for fix in track:
            self._seq += 1
            measured = {"speed_mps": fix.speed_mps, "accuracy_m": fix.accuracy_m, "course_deg": fix.course_deg}
            place = {"lat": fix.position.lat, "lon": fix.position.lon, "fixed_at": fix.fixed_at}
            rows.append({"unit_id": unit_id, "boot": uuid4(), "seq": self._seq, "received_at": now})
            rows[-1] |= place | measured
        newest = {name: value for name, value in rows[-1].items() if name not in {"unit_id", "boot", "seq"}}
        async with self.engine.begin() as connection:
            await connection.execute(insert(fixes), rows)
            if late := late_stretches([_came(row) for row in rows], _ms(now)):
                await connection.execute(insert(late_fixes), [_note(one) for one in late])
            statement = upsert(unit_positions).values(unit_id=unit_id, **newest)
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[unit_positions.c.unit_id],
                    set_=newest,
                    where=unit_positions.c.fixed_at < statement.excluded.fixed_at,
                )
            )
        if hint:
            await self.desk.bus.publish("fixes", [_hint(row) for row in rows])
            self.desk.wake.set()

    async def says(
        self, unit_id: UUID, kind: str, *, at: datetime | None = None, hint: bool = True, **members: Any
    ) -> int:
        """A message of the unit's car, as the gateway puts it into the inbox; its seq. `at`: the car's time."""
        self._seq += 1
        now = self.desk.clock()
        sent_at = at or now
        body = {"type": kind, "seq": self._seq, "time_ms": round(sent_at.timestamp() * 1000), **members}
        async with self.engine.begin() as connection:
            device = select(devices.c.device_id).where(devices.c.unit_id == unit_id).scalar_subquery()
            await connection.execute(
                insert(car_messages).values(
                    device_id=device,
                    unit_id=unit_id,
                    boot=uuid4(),
                    seq=self._seq,
                    type=kind,
                    sent_at=sent_at,
                    received_at=now,
                    body=body,
                )
            )
        if hint:
            await self.desk.bus.publish("inbox", {})
            self.desk.wake.set()
        return self._seq

    async def steps(self, unit_id: UUID, assignment_id: str, status: str, **members: Any) -> int:
        """A status message; `at` and whatever else the message carries may be given."""
        return await self.says(unit_id, "status", assignment_id=assignment_id, status=status, **members)

    async def told(self, unit_id: UUID, kind: str | None = None) -> Sequence[AnyRow]:
        """What the outbox holds for the unit's car, in order."""
        query = select(car_orders).where(car_orders.c.unit_id == unit_id).order_by(car_orders.c.order_id)
        if kind is not None:
            query = query.where(car_orders.c.type == kind)
        async with self.engine.connect() as connection:
            return (await connection.execute(query)).all()

    async def inbox_read(self) -> None:
        """Waits until dispatch has handled every message."""

        async def unread() -> int:
            async with self.engine.connect() as connection:
                query = select(func.count()).where(car_messages.c.handled_at.is_(None))
                return await connection.scalar(query) or 0

        await eventually(unread, lambda count: count == 0)

    # ---- streets

    async def load(self, street_map: StreetMap, places: Sequence[Place] = ()) -> None:
        """Loads these streets and places, as `patrol map import` does."""
        async with self.engine.begin() as connection:
            await load_map(connection, street_map, places)
        await self.desk.streets.refresh(self.desk.engine)


def _came(row: dict[str, Any]) -> Came:
    return Came(row["unit_id"], _ms(row["fixed_at"]), _ms(row["received_at"]))


def _note(late: LateStretch) -> dict[str, Any]:
    first, last = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (late.first_ms, late.last_ms + 1))
    return {"unit_id": late.unit_id, "first_fixed_at": first, "last_fixed_at": last}


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _hint(row: dict[str, Any]) -> dict[str, Any]:
    measured = {name: row[name] for name in ("lat", "lon", "accuracy_m", "speed_mps", "course_deg")}
    times = {f"{to}_ms": round(row[name].timestamp() * 1000) for name, to in _TIMES}
    return {"unit_id": str(row["unit_id"]), "live": True, **times, **measured}


_TIMES = (("fixed_at", "time"), ("received_at", "received"))


def fix_at(moment: datetime, place: Position, speed_mps: float | None = None) -> Fix:
    """A good fix."""
    return Fix(moment, place, accuracy_m=4.0, speed_mps=speed_mps)


async def enter(client: httpx.AsyncClient, lat: float = 23.48, lon: float = 120.45, **members: Any) -> dict[str, Any]:
    """Enters a 110 call and returns the incident."""
    body = {"category": "criminal", "priority": 2, "lat": lat, "lon": lon, **members}
    answer = await client.post("/incidents", json=body)
    assert answer.status_code == 201, answer.text
    incident: dict[str, Any] = answer.json()
    return incident


async def incident_when(
    client: httpx.AsyncClient, incident_id: str, wanted: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The incident as soon as it is what is wanted."""

    async def look() -> dict[str, Any]:
        incident: dict[str, Any] = (await client.get(f"/incidents/{incident_id}")).json()
        return incident

    return await eventually(look, wanted)


async def assigned(client: httpx.AsyncClient, incident_id: str, unit_id: UUID | None = None) -> dict[str, Any]:
    """The incident's active assignment, of that unit if one is named, as soon as there is one."""

    def active(incident: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            a
            for a in incident["assignments"]
            if a["ended_at"] is None and (unit_id is None or a["unit_id"] == str(unit_id))
        ]

    return active(await incident_when(client, incident_id, lambda incident: bool(active(incident))))[0]


def kinds(incident: dict[str, Any]) -> list[str]:
    """The timeline's kinds of events, in order."""
    return [event["kind"] for event in incident["timeline"]]


@asynccontextmanager
async def running_server(
    database_url: str, nats_url: str, *, bureau: str | None = None, **given: Any
) -> AsyncIterator[Server]:
    """Started and ready; stopped at the end of the block."""
    bureau = bureau or f"test{uuid4().hex[:8]}"
    links = {"dead_links_s": 3600.0}  # tests write rows of links that no gateway holds
    settings = read_settings(
        DATABASE_URL=database_url, NATS_URL=nats_url, bureau=bureau, port=reserve_port(), pool_size=5, **links | given
    )
    config = config_of(settings)
    server = uvicorn.Server(config)
    app = cast("FastAPI", config.app)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        if task.done():
            await task
            raise RuntimeError("the server ended before it was ready")
    engine = create_engine(database_url, pool_size=2)
    running = Server(f"http://127.0.0.1:{settings.port}", app, engine, bureau)
    try:
        async with running.stack:
            yield running
    finally:
        await engine.dispose()
        server.should_exit = True
        await task


@pytest.fixture
async def server(database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server on a database of its own."""
    async with running_server(database_url, nats_url) as running:
        yield running


@pytest.fixture(scope="module")
async def module_server(module_database_url: str, nats_url: str) -> AsyncIterator[Server]:
    """A server for all tests of a module that leave no unit or incident behind which another would trip over."""
    async with running_server(module_database_url, nats_url, dispatch_mode="recommend") as running:
        yield running
