"""Waiting where nobody has to drive: closed forms for queues, and the same calls through units without streets.

The closed forms verify the simulator; the limit says how much of a response time is queueing alone.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dispatch.simulator.stream import CallStream, Floats

LIMIT_CLASS: Final = (
    "no travel; on average over streams whose service times are drawn alike for all calls; nobody is left idle while a "
    "call waits, no service is broken off, service times are unknown until they end"
)


def erlang_b(servers: int, offered: float) -> float:
    """Probability that all of `servers` are busy where calls that find them so are lost (A. K. Erlang 1917).

    `offered`: calls per second times seconds of service. Raises ValueError for no servers or a negative load.
    """
    if servers < 1 or offered < 0:
        raise ValueError("Erlang's formulas need a server and a load of at least 0")
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    return blocked


def erlang_c(servers: int, offered: float) -> float:
    """Probability that a call waits where calls queue (A. K. Erlang 1917); 1 where the load is more than can be served.

    Raises ValueError as `erlang_b`.
    """
    blocked = erlang_b(servers, offered)
    if offered >= servers:
        return 1.0
    use = offered / servers
    return blocked / (1 - use * (1 - blocked))


def mean_wait_s(servers: int, calls_per_s: float, service_s: float) -> float:
    """Mean wait of M/M/c over all calls, in any order that doesn't look at service times; inf where overloaded."""
    return priority_waits_s(servers, [calls_per_s], service_s)[0]


def priority_waits_s(servers: int, calls_per_s: Sequence[float], service_s: float) -> list[float]:
    """Mean wait of each class of M/M/c, most urgent first, where no service is broken off.

    All classes have the same mean service. inf for classes that the load leaves nothing for. Source: A. Cobham,
    "Priority assignment in waiting line problems", Operations Research 2 (1954).
    """
    offered = [rate * service_s for rate in calls_per_s]
    waits_s: list[float] = []
    if sum(offered) >= servers:
        # All servers are always busy: one falls free every service_s / servers.
        until_free_s = service_s / servers
    else:
        until_free_s = erlang_c(servers, sum(offered)) * service_s / servers
    before = 0.0
    for load in offered:
        upto = before + load / servers
        waits_s.append(until_free_s / ((1 - before) * (1 - upto)) if upto < 1 else float("inf"))
        before = upto
    return waits_s


@dataclass(frozen=True, slots=True)
class QueueingLimit:
    """Response times of the same calls if no unit had to drive. Seconds."""

    weighted_mean_s: float
    mean_s: Mapping[int, float]
    """By priority."""
    waited: float
    """Share of the counted calls that found everybody busy."""
    class_: str = LIMIT_CLASS


def waits_s(calls: CallStream, units: int, call_taking_s: float) -> Floats:
    """How long each call waits after call taking, most urgent and then oldest first, if nobody has to drive."""
    if units < 1:
        raise ValueError("no unit, no service")
    ready_s = calls.at_s + call_taking_s
    priority, service_s = calls.priority.tolist(), calls.service_s.tolist()
    free_at_s = [0.0] * units
    waiting: list[tuple[int, int]] = []
    started_s = np.empty(len(calls))
    for call, at_s in enumerate(ready_s.tolist()):
        # Whoever falls free before this call is ready takes from those who wait.
        while waiting and free_at_s[0] <= at_s:
            _start(waiting, free_at_s, service_s, started_s)
        if free_at_s[0] <= at_s:
            started_s[call] = at_s
            heapq.heapreplace(free_at_s, at_s + service_s[call])
        else:
            heapq.heappush(waiting, (priority[call], call))
    while waiting:
        _start(waiting, free_at_s, service_s, started_s)
    return np.asarray(started_s - ready_s)


def _start(waiting: list[tuple[int, int]], free_at_s: list[float], service_s: list[float], started_s: Floats) -> None:
    _, call = heapq.heappop(waiting)
    started_s[call] = free_at_s[0]
    heapq.heapreplace(free_at_s, free_at_s[0] + service_s[call])


def queueing_limit(
    calls: CallStream, units: int, weights: Mapping[int, float], call_taking_s: float, count_from_s: float
) -> QueueingLimit:
    """The stream through so many units without streets; `weights` by priority, calls before `count_from_s` not counted.

    Raises ValueError where no call is counted, or without units.
    """
    wait = waits_s(calls, units, call_taking_s)
    counted = calls.at_s >= count_from_s
    if not counted.any():
        raise ValueError("no call is counted")
    priority, response = calls.priority[counted], wait[counted] + call_taking_s
    weight = np.array([weights[int(p)] for p in priority])
    return QueueingLimit(
        weighted_mean_s=float(np.average(response, weights=weight)),
        mean_s={int(p): float(response[priority == p].mean()) for p in np.unique(priority)},
        waited=float((wait[counted] > 0).mean()),
    )
