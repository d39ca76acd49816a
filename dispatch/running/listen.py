"""Where the servers listen: free ports made sure of before anything starts, and the addresses to tell."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from typing import Final

from dispatch.embedded import EngineUrls
from dispatch.engines.process import reserve_port

PATIENCE_S: Final = 3.0  # a predecessor that was killed may hold its port for a moment
PHONE_PORT: Final = 5055  # where tracker apps look by default
ANYWHERE: Final = {"0.0.0.0", "::", ""}  # noqa: S104


class PortTaken(Exception):
    """Another program listens there; the text names port and option."""


@dataclass(frozen=True)
class Listen:
    """Where the two servers listen. Port 0 is any free one."""

    host: str
    port: int
    gateway_host: str
    gateway_port: int
    phone_port: int | None = None
    """None: 5055, or any free one where the gateway has any free one as well."""
    demo: bool = False
    """A demo takes another port for phones where nobody set one and 5055 is taken: no phone is told to look there."""

    def settled(self) -> Listen:
        """With real ports. Raises PortTaken."""
        return Listen(
            self.host,
            _settle(self.host, self.port, "--port"),
            self.gateway_host,
            _settle(self.gateway_host, self.gateway_port, "--gateway-port"),
            self._settled_phone_port(),
            self.demo,
        )

    def _settled_phone_port(self) -> int:
        if self.phone_port is not None:
            return _settle(self.gateway_host, self.phone_port, "PATROL_PHONE_PORT")
        if self.gateway_port == 0 or (self.demo and _why_not(self.gateway_host, PHONE_PORT) is not None):
            return reserve_port()
        return _settle(self.gateway_host, PHONE_PORT, "PATROL_PHONE_PORT")

    @property
    def api_url(self) -> str:
        """As this machine reaches it."""
        return f"http://{_reachable(self.host)}:{self.port}"

    @property
    def gateway_url(self) -> str:
        """As this machine reaches it, over plain HTTP."""
        return f"http://{_reachable(self.gateway_host)}:{self.gateway_port}"

    def environment(self, urls: EngineUrls) -> dict[str, str]:
        """What every process that `up` starts is told."""
        return {
            **os.environ,
            "DATABASE_URL": urls.database_url,
            "NATS_URL": urls.nats_url,
            "PATROL_HOST": self.host,
            "PATROL_PORT": str(self.port),
            "PATROL_GATEWAY_HOST": self.gateway_host,
            "PATROL_GATEWAY_PORT": str(self.gateway_port),
            "PATROL_PHONE_PORT": str(PHONE_PORT if self.phone_port is None else self.phone_port),
        }


def _settle(host: str, port: int, option: str) -> int:
    if port == 0:
        return reserve_port()
    deadline = time.monotonic() + PATIENCE_S
    while (reason := _why_not(host, port)) is not None:
        if time.monotonic() > deadline:
            raise PortTaken(
                f"port {port} of {host or 'this machine'} cannot be had ({reason}): "
                f"stop the program that holds it, or choose another with {option}"
            )
        time.sleep(0.1)
    return port


def _why_not(host: str, port: int) -> str | None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def _reachable(host: str) -> str:
    if host in ANYWHERE:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
