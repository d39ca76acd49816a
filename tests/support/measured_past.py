"""A year and more of calls beside which the figures are counted a second time, and how a test asks for them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.support.server import eventually

BEGIN = datetime.fromisoformat("2025-09-15T00:00:00+08:00")
DAYS = 430
COUNT = 700


@dataclass(frozen=True)
class Past:
    """One incident as the test made it. `created_s` and the others: seconds after the receipt."""

    incident_id: UUID
    number: str
    received_at: datetime
    priority: int
    place: tuple[float, float]
    station: str | None
    created_s: float
    dispatched_s: float | None
    en_route_s: float | None
    on_scene_s: float | None
    state: str
    exclusion: str | None

    @property
    def outcome(self) -> tuple[str, str | None]:
        """In plain words, written a second time."""
        if self.exclusion:
            return "excluded", self.exclusion
        if self.state == "cancelled" and self.on_scene_s is None:
            return "excluded", "cancelled"
        if self.on_scene_s is None:
            return "late", None
        return ("within" if self.on_scene_s <= 600 else "late"), None


def a_past(rng: random.Random, number: int) -> Past:
    """One of them, at random."""
    received_at = BEGIN + timedelta(seconds=rng.randrange(DAYS * 86_400))
    created_s = rng.uniform(10, 90)
    sent = rng.random() < 0.95
    dispatched_s = created_s + rng.uniform(1, 60) if sent else None
    en_route_s = dispatched_s + rng.uniform(10, 90) if dispatched_s is not None and rng.random() < 0.9 else None
    there = dispatched_s is not None and rng.random() < 0.93
    on_scene_s = round((en_route_s or dispatched_s or 0) + rng.lognormvariate(5.6, 0.5), 3) if there else None
    return Past(
        incident_id=uuid4(),
        number=f"F-{number:04}",
        received_at=received_at,
        priority=rng.randint(1, 4),
        place=(23.46 + rng.random() / 20, 120.42 + rng.random() / 20),
        station=rng.choice(["北興", "後湖", None]),
        created_s=created_s,
        dispatched_s=dispatched_s,
        en_route_s=en_route_s,
        on_scene_s=on_scene_s,
        state=rng.choice(["closed"] * 9 + ["cancelled"]),
        exclusion=rng.choice([None] * 12 + ["test", "scheduled", "officer_initiated"]),
    )


async def got(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    """The answer; as the page does, it asks again while the figures of many days are being made."""

    def is_ready(answer: httpx.Response) -> bool:
        return answer.status_code != 503 or answer.json()["code"] != "figures_in_preparation"

    answer = await eventually(lambda: client.get(path, params=params), is_ready)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def whole_ledger(client: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    """All pages."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await got(client, "/kpi/ledger", limit=97, **params, **({"cursor": cursor} if cursor else {}))
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows
        assert len(page["items"]) == 97
