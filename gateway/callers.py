"""Who calls, for the limits that are counted by address: behind a trusted proxy, whom that one names. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
PROXIES_HERE = "127.0.0.1,::1"


class Proxies:
    """Those that are believed: addresses and networks by commas, `*` for all. Raises ValueError for anything else."""

    def __init__(self, told: str = PROXIES_HERE) -> None:
        words = [word.strip() for word in told.split(",") if word.strip()]
        self._all = "*" in words
        self._networks: list[Network] = [ipaddress.ip_network(word, strict=False) for word in words if word != "*"]

    def caller(self, remote: str, forwarded: Iterable[str] = ()) -> str:
        """`remote`, or where that is a proxy's, the last that it forwards for and is none. IPv6 by the /64.

        `forwarded`: the values of `X-Forwarded-For`, in order. What cannot be read in them ends the belief.
        """
        host = remote
        chain = [word.strip() for value in forwarded for word in value.split(",")]
        while chain and self._believed(host):
            address = _read(chain.pop())
            if address is None:
                break
            host = str(address)
        return _household(host)

    def _believed(self, host: str) -> bool:
        address = _read(host)
        if address is None:
            return self._all
        return self._all or any(address in network for network in self._networks)


def _read(text: str) -> Address | None:
    host = text.partition("%")[0].strip('"')
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _household(host: str) -> str:
    """A household or a carrier hands out IPv6 by the /64."""
    address = _read(host)
    if address is None:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
