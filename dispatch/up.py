"""`patrol up`: the whole system on one machine, from engines to servers, and down again in the reverse order.

Also one server alone (`patrol serve`, `patrol gateway`), for running many.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import asyncpg
import structlog

from dispatch.embedded import Announcement, DataFolder, EmbeddedEngines, EngineUrls, engines_of_holder
from dispatch.migrations import revisions, upgrade
from dispatch.running.child import ONE_THREAD, Child
from dispatch.running.listen import Listen, PortTaken
from dispatch.running.log import logging_to
from dispatch.running.supervisor import StartFailed, Supervisor
from dispatch.settings import Settings, read_settings
from dispatch.store.database import create_engine
from gateway.partitions import ensure_partitions

_log = structlog.get_logger()


def run_up(folder: Path, listen: Listen, given: EngineUrls, *, demo: bool) -> None:
    """Start everything, say so on one line of standard output, keep it running until a signal, stop everything.

    An address in `given` that is not empty replaces that engine.
    Raises PortTaken, FolderBusy, EngineError, StartFailed, Refused: then nothing is left running.
    """
    settings = _settings_before_engines(given)
    demo_city = _load_demo() if demo else None
    data = DataFolder(folder)
    data.hold()
    try:
        listen = listen.settled()
    except PortTaken:
        data.release()
        raise
    with _held(data, given, settings) as (supervisor, urls):
        environment = _with_recordings(listen.environment(urls), data.path)
        accounts: Sequence[str] = ()
        if demo_city is not None:
            environment["PATROL_DEMO_FOLDER"] = str(data.path / "demo")
            accounts = asyncio.run(demo_city.prepare(urls.database_url, data.path / "demo"))
        servers = [
            Child("dispatch", "dispatch", environment, data.logs, f"{listen.api_url}/readyz"),
            Child("gateway", "gateway", environment, data.logs, f"{listen.gateway_url}/healthz"),
        ]
        _come_up(supervisor, servers)
        if supervisor.stopping:
            return
        data.announce(Announcement(urls.database_url, urls.nats_url, listen.api_url, listen.gateway_url))
        if demo_city is not None:
            supervisor.start([Child("demo", "dispatch.demo", environment, data.logs)])
        _log.info("ready", api=listen.api_url, gateway=listen.gateway_url, phone_port=listen.phone_port)
        ports = f"cars: port {listen.gateway_port}, phones: port {listen.phone_port}"
        print(f"Patrol is ready: {listen.api_url} ({ports})", *accounts, sep="\n", flush=True)  # noqa: T201
        supervisor.run()


def run_one(module: str, folder: Path, given: EngineUrls, environment: Mapping[str, str]) -> None:
    """One server: on engines that are given or that the folder's holder runs, this process becomes the server itself;
    otherwise it holds the folder, runs the engines and supervises the server."""
    settings = _settings_before_engines(given)
    environment = _with_recordings(environment, folder)
    if given.database_url and given.nats_url:
        _become(module, given, environment)
    data = DataFolder(folder)
    holder = engines_of_holder(data)
    if holder is not None:
        _become(module, _or_else(given, holder), environment)
    with _held(data, given, settings) as (supervisor, urls):
        _come_up(supervisor, [Child(module, module, {**environment, **_addresses(urls)}, data.logs)])
        data.announce(Announcement(urls.database_url, urls.nats_url))
        supervisor.run()


async def bring_up_to_date(database_url: str) -> None:
    """The schema at its newest state, and a partition of `fixes` for each of the next days."""
    engine = create_engine(database_url, application="patrol-migrate")
    try:
        current, newest = await revisions(engine)
        if current != newest:
            await upgrade(engine)
    finally:
        await engine.dispose()
    connection = await asyncpg.connect(database_url)
    try:
        await ensure_partitions(connection, datetime.now(UTC).date())
    finally:
        await connection.close()


@contextlib.contextmanager
def _held(data: DataFolder, given: EngineUrls, settings: Settings) -> Iterator[tuple[Supervisor, EngineUrls]]:
    """Engines and schema ready on a folder whose lock is ours; at the end all processes are gone and the lock free."""
    with contextlib.ExitStack() as stack:
        stack.callback(data.release)
        stack.enter_context(logging_to(data.logs / "up.log", as_json=settings.log_json))
        engines = EmbeddedEngines(data.path, database_url=given.database_url, nats_url=given.nats_url)
        supervisor = Supervisor(engines)
        supervisor.listen_to_signals()
        stack.callback(supervisor.stop)
        urls = engines.start()
        _log.info("engines_ready", folder=str(data.path))
        asyncio.run(bring_up_to_date(urls.database_url))
        stack.callback(data.withdraw)
        yield supervisor, urls


def _come_up(supervisor: Supervisor, children: Sequence[Child]) -> None:
    if not supervisor.stopping:
        supervisor.start(children)
        supervisor.wait_ready()


def _become(module: str, urls: EngineUrls, environment: Mapping[str, str]) -> NoReturn:
    """Does not return."""
    asyncio.run(bring_up_to_date(urls.database_url))
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-P", "-m", module], {**ONE_THREAD, **environment, **_addresses(urls)})  # noqa: S606


def _addresses(urls: EngineUrls) -> dict[str, str]:
    return {"DATABASE_URL": urls.database_url, "NATS_URL": urls.nats_url}


def _with_recordings(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    return {"PATROL_RECORDINGS_FOLDER": str(folder / "recordings"), **environment}


def _or_else(given: EngineUrls, other: EngineUrls) -> EngineUrls:
    return EngineUrls(given.database_url or other.database_url, given.nats_url or other.nats_url)


def _settings_before_engines(given: EngineUrls) -> Settings:
    """Refuse wrong settings before anything starts, though the engines' addresses may not be known yet."""
    return read_settings(
        database_url=given.database_url or "postgresql://not-yet-known",
        nats_url=given.nats_url or "nats://not-yet-known",
    )


def _load_demo() -> Any:
    """`dispatch.demo`, which has `async prepare(database_url, folder) -> list of lines about its accounts` and, as a
    process of its own (`python -m dispatch.demo`), the simulated cars and calls. Raises StartFailed without one."""
    if importlib.util.find_spec("dispatch.demo") is None:
        raise StartFailed("this installation has no demo city; leave out --demo")
    return importlib.import_module("dispatch.demo")
