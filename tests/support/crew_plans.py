"""What crews do with an order, by the plan of its call; each arrival goes into the call's record as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

from tests.support.athens import STAND_FIXES, Drive
from tests.support.crew import Crew
from tests.support.nmea_writer import Epoch
from tests.support.plane import Place, along, metres
from tests.support.truth import Call, Moment

DRIVE_S = 10.0
LEAST_MPS = 12.0
MOST_MPS = 100.0
"""Faster, and the agent takes a fix for a leap of the receiver (vehicle_agent/leaps.py)."""
STAND_S = 18
"""Longer than the 15 s by which GPS knows an arrival."""
GPS_WITHIN_MS = 1_000
"""One fix: where a car stops is known to the second, and noise may lose the first fix of a stand."""


async def button(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """Every step by button, from wherever the car is."""
    await crew.step(order["assignment_id"], "acknowledged")
    await crew.step(order["assignment_id"], "en_route")
    await _arrive_by_button(crew, order, call)
    await crew.step(order["assignment_id"], "cleared", disposition="done")


async def skip(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """Arrives and clears; what lies before is inferred."""
    await _arrive_by_button(crew, order, call)
    await crew.step(order["assignment_id"], "cleared", disposition="done")


async def gps(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """Drives the way that came with the order and never presses "on scene"."""
    await crew.step(order["assignment_id"], "acknowledged")
    await crew.step(order["assignment_id"], "en_route")
    await _drive(crew, order, call)
    await crew.step(order["assignment_id"], "cleared", disposition="done")


async def gps_alone(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """As a crew with its hands full: not one press before the work is done."""
    await _drive(crew, order, call)
    await crew.step(order["assignment_id"], "cleared", disposition="done")


async def gps_before_button(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """Presses "on scene" a while after the car stopped: the earlier witness counts."""
    await crew.step(order["assignment_id"], "acknowledged")
    await _drive(crew, order, call)
    await crew.step(order["assignment_id"], "on_scene")
    await crew.step(order["assignment_id"], "cleared", disposition="done")


async def button_before_gps(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """Presses "on scene" as the car sets out: the earlier witness counts, here as well."""
    await crew.step(order["assignment_id"], "acknowledged")
    await _arrive_by_button(crew, order, call)
    await _drive(crew, order, call)
    await crew.step(order["assignment_id"], "cleared", disposition="done")


def athens(drive: Drive) -> Callable[[Crew, dict[str, Any], Call], Awaitable[None]]:
    """Arrives as a real vehicle in Athens came to its stop, shifted to the scene."""

    async def arrive(crew: Crew, order: dict[str, Any], call: Call) -> None:
        assert crew.receiver is not None
        await crew.step(order["assignment_id"], "acknowledged")
        here = drive.shifted_to(_scene(order))
        await crew.receiver.replay(here.points)
        call.arrivals.append(_first_standing(crew.receiver.epochs[-STAND_FIXES]))
        await crew.step(order["assignment_id"], "cleared", disposition="done")

    return arrive


async def unreached(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """Clears without ever having been there."""
    await crew.step(order["assignment_id"], "acknowledged")
    await crew.step(order["assignment_id"], "cleared", disposition="nobody found on the way")


async def on_the_way(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """Says that it comes, and has not come when the test ends."""
    await crew.step(order["assignment_id"], "acknowledged")
    await crew.step(order["assignment_id"], "en_route")


async def until_told(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """Comes, until the desk tells it to stand down."""
    await crew.step(order["assignment_id"], "acknowledged")
    await crew.stood_down(order["assignment_id"])


async def there_until_told(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """Arrives, and stays until the desk tells it to stand down."""
    await _arrive_by_button(crew, order, call)
    await crew.stood_down(order["assignment_id"])


async def after_go(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """Comes, and arrives when the desk has done its part."""
    await crew.step(order["assignment_id"], "acknowledged")
    await call.go.wait()
    await _arrive_by_button(crew, order, call)
    await crew.step(order["assignment_id"], "cleared", disposition="done")


async def silent_at_first(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """The first crew does not answer; who is sent next does."""
    if len(call.orders) == 1:
        await crew.stood_down(order["assignment_id"])
    else:
        await button(crew, order, call)


async def declined_at_first(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """The first crew declines; who is sent next comes."""
    if len(call.orders) == 1:
        await crew.step(order["assignment_id"], "declined", reason="engine trouble")
    else:
        await button(crew, order, call)


async def _arrive_by_button(crew: Crew, order: dict[str, Any], call: Call) -> None:
    call.arrivals.append(await crew.step(order["assignment_id"], "on_scene"))


async def _drive(crew: Crew, order: dict[str, Any], call: Call) -> None:
    """Along the route in the order, to the scene, and stands there long enough to be seen."""
    assert crew.receiver is not None
    scene = _scene(order)
    line: list[Place] = [crew.receiver.place]
    if order.get("route"):
        line += [(lat, lon) for lon, lat in order["route"]["coordinates"]]
    line.append(scene)
    length_m = sum(metres(a, b) for a, b in pairwise(line))
    speed_mps = min(max(LEAST_MPS, length_m / DRIVE_S), MOST_MPS)
    stopped_ms = await crew.receiver.drive(list(along(line, speed_mps)), speed_mps)
    call.arrivals.append(Moment(stopped_ms, GPS_WITHIN_MS))
    await asyncio.sleep(STAND_S)


def _scene(order: dict[str, Any]) -> Place:
    return order["incident"]["lat"], order["incident"]["lon"]


def _first_standing(epoch: Epoch) -> Moment:
    return Moment(epoch.time_ms, GPS_WITHIN_MS)
