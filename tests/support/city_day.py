"""The calls of the great system test: what they are, where, since when, and what is to happen to each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from tests.support.crew import now_ms
from tests.support.plane import Place
from tests.support.truth import Call, Moment

SEED: Final = 110
CATEGORIES: Final = ("criminal", "public_order", "traffic", "traffic_accident", "disaster", "service", "other")
EXCLUSIONS: Final = ("test", "scheduled", "officer_initiated")
OUTSIDE: Final[Place] = (42.2, 1.5)
"""Twenty kilometres from the nearest street of the map."""
CALLER: Final = {"caller_name": "Perdiguer Casamitjana", "caller_phone": "+376 731 846"}
PLANS: Final = {
    "button": 18, "skip": 3, "outside": 3, "late": 2, "gps": 4, "gps_alone": 1, "gps_before_button": 1,
    "button_before_gps": 1, "athens": 2, "unreached": 2, "cancelled": 1, "cancelled_there": 1, "closed_unreached": 1,
    "merged": 1, "merged_into": 1, "declined": 1, "test": 1, "scheduled": 1, "officer_initiated": 1,
}  # fmt: skip
LONG: Final = frozenset({"gps", "gps_before_button", "button_before_gps", "athens"})
FIRST: Final = ("silent", "gps", "button", "gps_alone", "power_cut", "merged", "merged_into")
LAST: Final = ("on_the_way", "on_the_way_late")
"""These hold their units until the end."""


def plans() -> list[str]:
    """Fifty, the same ones in the same order every time; those that take long come early, with others between."""
    rest = [plan for plan, count in PLANS.items() for _ in range(count - FIRST.count(plan))]
    random.Random(SEED).shuffle(rest)
    long = [plan for plan in rest if plan in LONG]
    short = [plan for plan in rest if plan not in LONG]
    mixed = [plan for pair in zip(long, short, strict=False) for plan in pair]
    return [*FIRST, *mixed, *short[len(long) :], *LAST]


def calls(places: Sequence[Place]) -> list[Call]:
    """One for each plan. About a third came in a while before they are entered, some so long that they are late."""
    made = []
    for number, plan in enumerate(plans()):
        lat, lon = OUTSIDE if plan == "outside" else places[number]
        category = CATEGORIES[number % len(CATEGORIES)]
        body: dict[str, Any] = {"category": category, "priority": 1 + number % 4, "lat": lat, "lon": lon, **CALLER}
        if category == "traffic_accident":
            body["accident_class"] = "A2"
        if plan in EXCLUSIONS:
            body["exclusion"] = plan
        if plan == "on_the_way":
            body["priority"] = 1
        made.append(Call(number, plan, body, excluded=plan if plan in EXCLUSIONS else None))
    return made


def ago_s(call: Call) -> float | None:
    """How long before its entry the call came in; None: just now."""
    if call.plan in {"late", "on_the_way_late"}:
        return 700 + 40 * (call.number % 10)
    if call.plan == "merged":
        return 250
    return 30 + 4 * call.number if call.number % 3 == 1 and call.plan != "on_the_way" else None


def came_in(call: Call) -> None:
    """Dates the call, right before it is entered."""
    ago = ago_s(call)
    if ago is not None:
        received_ms = round(now_ms() - ago * 1000)
        call.received = Moment(received_ms, 1)
        call.body["received_at"] = datetime.fromtimestamp(received_ms / 1000, UTC).isoformat()
