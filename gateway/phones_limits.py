"""How often a phone may ask, and an address guess: token buckets, as many as fit. Pure; the clock comes along."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

KEPT: Final = 20_000
NETWORK_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, then so many a second."""

    burst: float
    per_s: float


class Buckets:
    """One bucket a name. A full bucket is no bucket, so those that have refilled are forgotten when room is short."""

    def __init__(self, rate: Rate, kept: int = KEPT) -> None:
        self._rate = rate
        self._kept = kept
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_s(self, name: str, now_s: float, cost: float = 1) -> float:
        """Takes `cost`, at most a full bucket; 0 where it was there, else for how many seconds to wait, and nothing is
        taken."""
        cost = min(cost, self._rate.burst)
        left = self._left(name, now_s)
        if left < cost:
            return (cost - left) / self._rate.per_s
        self._put(name, left - cost, now_s)
        return 0.0

    def is_empty(self, name: str, now_s: float) -> bool:
        """Would the next one have to wait?"""
        return self._left(name, now_s) < 1

    def _left(self, name: str, now_s: float) -> float:
        left, at_s = self._buckets.get(name, (self._rate.burst, now_s))
        return min(self._rate.burst, left + (now_s - at_s) * self._rate.per_s)

    def _put(self, name: str, left: float, now_s: float) -> None:
        if name not in self._buckets and len(self._buckets) >= self._kept:
            self._make_room(now_s)
        self._buckets[name] = (left, now_s)

    def _make_room(self, now_s: float) -> None:
        for name in [name for name in self._buckets if self._left(name, now_s) >= self._rate.burst]:
            del self._buckets[name]
        if len(self._buckets) >= self._kept:  # a flood of names: the oldest goes
            del self._buckets[min(self._buckets, key=lambda name: self._buckets[name][1])]


def origin(address: str) -> str:
    """What of an address counts as one: of IPv6 the network, since a host has all of its addresses to itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), NETWORK_BITS), strict=False))
