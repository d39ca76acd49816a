"""Who may hold a connection to the phones' port, and for how long without asking anything.

The port shares its process, and so its file descriptors, with the vehicle link: sockets that are opened and left, or
fed a byte now and then, must not use them up.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.phones_limits import origin


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many connections are held, and how long one that asks nothing. `per_address`: an operator puts many phones
    behind one address, but not all ask at once; a proxy of ours has no such limit."""

    most: int = 2_000
    per_address: int = 200
    head_within_s: float = 10.0


DEFAULT_CROWD: Final = Crowd()


class Doorkeeper:
    """Counts the connections of one port. `proxies`: addresses and networks of ours, comma-separated or a list."""

    def __init__(self, proxies: Sequence[str] | str, crowd: Crowd = DEFAULT_CROWD) -> None:
        self.crowd = crowd
        self._proxies = [name.strip() for name in (proxies.split(",") if isinstance(proxies, str) else proxies)]
        self._held: Counter[str] = Counter()

    def admits(self, address: str) -> str | None:
        """The name under which the connection counts until `leaves`; None where it may not come in."""
        name = origin(address)
        if self._held.total() >= self.crowd.most:
            return None
        if self._held[name] >= self.crowd.per_address and not self._is_proxy(address):
            return None
        self._held[name] += 1
        return name

    def leaves(self, name: str) -> None:
        """A connection that was admitted under this name is gone."""
        self._held[name] -= 1
        if not self._held[name]:
            del self._held[name]

    def _is_proxy(self, address: str) -> bool:
        for proxy in self._proxies:
            try:
                if proxy == "*" or ip_address(address) in ip_network(proxy, strict=False):
                    return True
            except ValueError:
                continue
        return False


class PhoneConnection(H11Protocol):
    """uvicorn's, but it is closed where no complete head of a request has come in time."""

    def __init__(self, doorkeeper: Doorkeeper, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._doorkeeper = doorkeeper
        self._name: str | None = None
        self._overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection is there; it may be one too many."""
        peer = transport.get_extra_info("peername")
        self._name = self._doorkeeper.admits(str(peer[0]) if peer else "")
        if self._name is None:
            transport.abort()
            return
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Something came: the rest of a head, or only a byte of one."""
        if self._name is None:
            return
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._overdue is None:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._stop_waiting()
        if self._name is not None:
            self._doorkeeper.leaves(self._name)
            super().connection_lost(exc)

    def _await_head(self) -> None:
        self._overdue = self.loop.call_later(self._doorkeeper.crowd.head_within_s, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
