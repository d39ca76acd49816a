"""Where `patrol up` lets the gateway listen for phones."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from dispatch.embedded import EngineUrls
from dispatch.engines.process import reserve_port
from dispatch.running import listen as listening
from dispatch.running.listen import Listen, PortTaken

URLS = EngineUrls("postgresql://", "nats://")


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The usual port of phones, which another program holds."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port: int = other.getsockname()[1]
        monkeypatch.setattr(listening, "PHONE_PORT", port)
        monkeypatch.setattr(listening, "PATIENCE_S", 0.2)
        yield port


def told(listen: Listen) -> str:
    """The port, as the gateway is told; there is no other word about it."""
    environment = listen.environment(URLS)
    assert [name for name in environment if name.startswith("PATROL_PHONE_PORT")] == ["PATROL_PHONE_PORT"]
    return environment["PATROL_PHONE_PORT"]


def test_the_usual_port_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set: the port where tracker apps look, as long as it is free."""
    free = reserve_port()
    monkeypatch.setattr(listening, "PHONE_PORT", free)
    for demo in (False, True):
        assert told(Listen("127.0.0.1", 0, "127.0.0.1", reserve_port(), demo=demo).settled()) == str(free)


def test_the_usual_port_does_not_move_under_the_phones(taken: int) -> None:
    """Every phone is set to it: where it is taken nothing starts, and the line names port and setting."""
    with pytest.raises(PortTaken, match=f"port {taken} .*PATROL_PHONE_PORT"):
        Listen("127.0.0.1", 0, "127.0.0.1", reserve_port()).settled()


def test_a_demo_gives_way(taken: int) -> None:
    """No phone is told to look for it."""
    port = told(Listen("127.0.0.1", 0, "127.0.0.1", reserve_port(), demo=True).settled())
    assert int(port) not in {0, taken}


def test_any_free_port_where_the_gateway_has_any(taken: int) -> None:
    """Two systems on free ports never meet."""
    listen = Listen("127.0.0.1", 0, "127.0.0.1", 0).settled()
    assert int(told(listen)) not in {0, taken, listen.port, listen.gateway_port}


def test_a_port_that_is_set_must_be_had(taken: int) -> None:
    """Else nothing starts, a demo neither, and the line names the setting."""
    for demo in (False, True):
        listen = Listen("127.0.0.1", 0, "127.0.0.1", 0, phone_port=taken, demo=demo)
        with pytest.raises(PortTaken, match="PATROL_PHONE_PORT"):
            listen.settled()
    assert told(replace(listen, phone_port=7777)) == "7777"
