"""Where `patrol up` lets the gateway listen for phones."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from dispatch.embedded import EngineUrls
from dispatch.engines.process import reserve_port
from dispatch.running.listen import Listen, PortTaken

URLS = EngineUrls("postgresql://", "nats://")


def told(listen: Listen) -> tuple[str, str]:
    """Port and fallback, as the gateway is told."""
    environment = listen.environment(URLS)
    return environment["PATROL_PHONE_PORT"], environment["PATROL_PHONE_PORT_FALLBACK"]


def test_the_usual_port_gives_way() -> None:
    """Nothing is set: 5055, and a second system on the machine starts all the same."""
    listen = Listen("127.0.0.1", 0, "127.0.0.1", reserve_port()).settled()
    assert told(listen) == ("5055", "true")


def test_any_free_port_where_the_gateway_has_any() -> None:
    """Two systems on free ports never meet."""
    listen = Listen("127.0.0.1", 0, "127.0.0.1", 0).settled()
    port, fallback = told(listen)
    assert fallback == "false"
    assert int(port) not in {0, 5055, listen.port, listen.gateway_port}


def test_a_port_that_is_set_must_be_had() -> None:
    """Else nothing starts, and the line names the setting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = Listen("127.0.0.1", 0, "127.0.0.1", 0, phone_port=taken.getsockname()[1])
        with pytest.raises(PortTaken, match="PATROL_PHONE_PORT"):
            listen.settled()
    assert told(replace(listen, phone_port=7777)) == ("7777", "false")
