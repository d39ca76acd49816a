"""Ended incidents with what each witness said of them, and rulings on them over the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import insert, text

from dispatch.store.tables import assignments, events, incidents
from tests.support.server import Server
from tests.support.witness import ALL_LOOKED_AT

CALLED = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
_numbers = count(1)


@dataclass
class Past:
    """An ended incident and its units' assignments."""

    incident_id: UUID
    received_at: datetime
    sent: list[UUID]

    def at(self, seconds: float) -> datetime:
        """So long after the call."""
        return self.received_at + timedelta(seconds=seconds)


async def past(
    server: Server,
    unit_id: UUID,
    *witnessed: Mapping[str, float | None],
    review: tuple[str, ...] = (),
    **members: Any,
) -> Past:
    """An ended incident; for each unit the seconds after the call at which each witness saw it arrive (None: inferred).

    `review`: the marks of the first of them. Each call is a day older than the one before.
    """
    number = next(_numbers)
    received_at = CALLED - timedelta(days=number)
    made = Past(uuid4(), received_at, [])
    row = {
        "incident_id": made.incident_id,
        "number": f"past-{number}",
        "category": "service",
        "priority": 3,
        "lat": 23.48,
        "lon": 120.45,
        "received_at": received_at,
        "created_at": received_at,
        "state": "closed",
        "ended_at": made.at(3000),
    }
    async with server.engine.begin() as connection:
        await connection.execute(insert(incidents).values(row | members))
        for told in witnessed:
            assignment_id = uuid4()
            times = [made.at(seconds) for seconds in told.values() if seconds is not None]
            await connection.execute(
                insert(assignments).values(
                    assignment_id=assignment_id,
                    incident_id=made.incident_id,
                    unit_id=unit_id,
                    state="cleared",
                    dispatched_at=made.at(20 + len(made.sent)),
                    on_scene_at=min(times, default=None),
                    ended_at=made.at(3000),
                    review=[] if made.sent else list(review),
                )
            )
            for said_by, seconds in told.items():
                await witness(connection, made, assignment_id, said_by, seconds)
            made.sent.append(assignment_id)
        await connection.execute(text(ALL_LOOKED_AT))
    return made


async def witness(connection: Any, of: Past, assignment_id: UUID, said_by: str, seconds: float | None) -> None:
    """A word on the arrival, in the log at the end of the incident."""
    await connection.execute(
        insert(events).values(
            recorded_at=of.at(3000),
            kind="unit_on_scene",
            incident_id=of.incident_id,
            assignment_id=assignment_id,
            happened_at=None if seconds is None else of.at(seconds),
            said_by=said_by,
        )
    )


async def states(client: httpx.AsyncClient, of: Past) -> list[str]:
    """In which lists it stands."""
    period = {"from": of.received_at.isoformat(), "to": of.at(1).isoformat()}
    found = []
    for state in ("open", "done"):
        answer = await client.get("/kpi/reviews", params={"state": state, **period})
        assert answer.status_code == 200, answer.text
        found += [state for item in answer.json()["items"] if item["incident_id"] == str(of.incident_id)]
    return found


async def rule(client: httpx.AsyncClient, of: Past, ruling: str, **members: Any) -> httpx.Response:
    """A ruling, with the newest review as what was seen, unless `after` is given."""
    seen = (await client.get(f"/incidents/{of.incident_id}/reviews")).json()["reviews"]
    body = {"ruling": ruling, "reason": "looked at", "after": seen[-1]["id"] if seen else None} | members
    if ruling not in {"excluded", "counted"}:
        body = ({"assignment_id": str(of.sent[0])} if of.sent else {}) | body
    return await client.post(f"/incidents/{of.incident_id}/reviews", json=body)


async def ruled(client: httpx.AsyncClient, of: Past, ruling: str, **members: Any) -> dict[str, Any]:
    """The case after a ruling that is taken."""
    answer = await rule(client, of, ruling, **members)
    assert answer.status_code == 201, answer.text
    case: dict[str, Any] = answer.json()
    return case
