"""`patrol up`, `serve`, `gateway`, `agent`: processes that stay."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from dispatch.commands.access import DataOption, data_folder, given_engines
from dispatch.running.agent import become_agent
from dispatch.running.listen import Listen
from dispatch.settings import read_settings
from dispatch.up import run_one, run_up

Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port of the API and the screens; 0: any free one.")]
GatewayPort = Annotated[int | None, typer.Option(min=0, max=65535, help="Port of the vehicle link; 0: any free one.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network.")]


def up(
    *,
    data: DataOption = None,
    port: Port = None,
    gateway_port: GatewayPort = None,
    host: Host = None,
    demo: Annotated[bool, typer.Option("--demo", help="A demo bureau with simulated cars and calls.")] = False,
) -> None:
    """Run the whole system on this machine; Ctrl-C stops it."""
    folder, given = data_folder(data), given_engines()
    settings = read_settings(
        database_url=given.database_url or "postgresql://not-yet-known",
        nats_url=given.nats_url or "nats://not-yet-known",
    )
    listen = Listen(
        host=host or settings.host,
        port=settings.port if port is None else port,
        gateway_host=host or os.environ.get("PATROL_GATEWAY_HOST", "0.0.0.0"),  # noqa: S104 - the cars are outside
        gateway_port=settings.gateway_port if gateway_port is None else gateway_port,
        phone_port=settings.phone_port,
        demo=demo,
    )
    run_up(folder, listen, given, demo=demo)


def serve(*, data: DataOption = None, port: Port = None, host: Host = None) -> None:
    """Run one dispatch server."""
    run_one("dispatch", data_folder(data), given_engines(), _environment(PATROL_PORT=port, PATROL_HOST=host))


def gateway(*, data: DataOption = None, port: GatewayPort = None, host: Host = None) -> None:
    """Run one gateway."""
    environment = _environment(PATROL_GATEWAY_PORT=port, PATROL_GATEWAY_HOST=host)
    run_one("gateway", data_folder(data), given_engines(), environment)


def agent(context: typer.Context) -> None:
    """Run the in-car agent; `patrol agent --help` is the agent's own."""
    become_agent(context.args)


def _environment(**options: str | int | None) -> dict[str, str]:
    return {**os.environ, **{name: str(value) for name, value in options.items() if value is not None}}
