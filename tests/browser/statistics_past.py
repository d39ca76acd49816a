"""A past for the page of figures: two years of calls of three stations, with late ones and marks, always the same."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg

from tests.browser.stage import SOUTH, STEP_DEG, WEST, corner
from tests.support.witness import ALL_LOOKED_AT

TAIPEI: Final = ZoneInfo("Asia/Taipei")
PRECINCTS: Final = {"北興": "第一分局", "南門": "第一分局", "後湖": "第二分局"}
STATIONS: Final = {"北興": (3, 3), "南門": (12, 4), "後湖": (8, 12)}
RECENT_DAYS: Final = 30
CALLS_A_DAY: Final = 26
MONTHS: Final = 25
CATEGORIES: Final = ("criminal", "public_order", "traffic", "traffic_accident", "service", "other")
MARKS: Final = ("far_from_scene", "before_gps_arrival", "gps_gap")
INCIDENT: Final = (
    *("incident_id", "number", "category", "priority", "lat", "lon", "received_at", "created_at", "ended_at", "state"),
    *("exclusion", "station_id"),
)
ASSIGNMENT: Final = (
    *("assignment_id", "incident_id", "unit_id", "state", "eta_s", "dispatched_at", "acknowledged_at", "en_route_at"),
    *("on_scene_at", "cleared_at", "ended_at", "review"),
)

EVENT: Final = (
    *("recorded_at", "kind", "incident_id", "assignment_id", "unit_id", "happened_at", "car_time", "said_by"),
)

DECISION: Final = (
    *("decision_id", "incident_id", "assignment_id", "decided_at", "decided_by", "policy", "candidates"),
)


@dataclass
class Past:
    """What is written, and what a test knows of it: nobody counted it but this."""

    chance: random.Random
    stations: dict[str, UUID]
    units: list[UUID]
    incidents: list[tuple[Any, ...]] = field(default_factory=list)
    assignments: list[tuple[Any, ...]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    decisions: list[tuple[Any, ...]] = field(default_factory=list)

    def call(self, at: datetime, slow: float) -> None:
        """One call and who went; `slow` 0 to 1 says how often it took long."""
        chance = self.chance
        station = chance.choices(list(STATIONS), (5, 4, 3))[0]
        row, column = STATIONS[station]
        spread = chance.gauss(0, 2.2), chance.gauss(0, 2.2)
        lat = min(max(SOUTH + STEP_DEG * (row + spread[0]), SOUTH), SOUTH + 15 * STEP_DEG)
        lon = min(max(WEST + STEP_DEG * (column + spread[1]), WEST), WEST + 15 * STEP_DEG)
        hard = slow + (0.2 if station == "後湖" else 0) + (0.12 if at.astimezone(TAIPEI).hour < 6 else 0)
        handling, dispatch, turnout = chance.uniform(20, 70), chance.uniform(3, 40), chance.uniform(20, 80)
        travel = chance.lognormvariate(5.25, 0.4) * ((2.4 if slow > 0.5 else 1.6) if chance.random() < hard else 1)
        kind = chance.random()
        exclusion = "test" if kind < 0.01 else "officer_initiated" if kind < 0.04 else None
        state = "cancelled" if 0.04 <= kind < 0.07 else "closed"
        reached = state == "closed" and chance.random() > 0.015
        created = at + timedelta(seconds=handling)
        ordered = created + timedelta(seconds=dispatch)
        left = ordered + timedelta(seconds=turnout)
        there = left + timedelta(seconds=travel) if reached else None
        # Nearly all who take their call back do so soon; a few when they had waited too long.
        over = at + timedelta(minutes=4 if state == "cancelled" and kind > 0.043 else 40)
        incident_id = uuid4()
        number = f"{at.astimezone(TAIPEI):%Y%m%d}-{9000 - len(self.incidents) % 9000:04d}"
        self.incidents.append(
            (
                *(incident_id, number, chance.choice(CATEGORIES), chance.choices((1, 2, 3, 4), (2, 4, 5, 1))[0]),
                *(lat, lon, at, created, over, state, exclusion, self.stations[station]),
            )
        )
        review = [chance.choice(MARKS)] if there is not None and chance.random() < 0.012 else []
        assignment_id, unit_id = uuid4(), chance.choice(self.units)
        self.assignments.append(
            (
                *(assignment_id, incident_id, unit_id, "cleared", travel * chance.uniform(0.7, 1.1)),
                *(ordered, ordered + timedelta(seconds=turnout / 2), left, there, over, over, review),
            )
        )
        nearest = {"unit_id": str(unit_id), "name": "", "status": "AVAILABLE", "reasons": [], "recommended": True}
        nearest |= {"eta_s": travel * chance.uniform(0.4, 1.1), "distance_m": 2000.0}
        self.decisions.append(
            (uuid4(), incident_id, assignment_id, ordered, "automatic", "test", json.dumps([nearest]))
        )
        if review and there is not None:
            for said_by, at_s in (("button", 0), ("gps", 95)):
                told = there + timedelta(seconds=at_s)
                self.events.append((told, "unit_on_scene", incident_id, assignment_id, unit_id, told, told, said_by))


async def fill(database_url: str, now: datetime) -> None:
    """Dense in the last month; two days of each of the two years before, one month of which went badly."""
    connection = await asyncpg.connect(database_url)
    try:
        for name in sorted(set(PRECINCTS.values())):
            await connection.execute("INSERT INTO precincts (precinct_id, name) VALUES ($1, $2)", uuid4(), name)
        for name, place in STATIONS.items():
            await connection.execute(
                "UPDATE stations SET lat = $2, lon = $3, precinct_id = (SELECT precinct_id FROM precincts "
                "WHERE name = $4) WHERE name = $1",
                *(name, *corner(*place), PRECINCTS[name]),
            )
        stations = {row["name"]: row["station_id"] for row in await connection.fetch("SELECT * FROM stations")}
        units = [row["unit_id"] for row in await connection.fetch("SELECT unit_id FROM units ORDER BY name")]
        past = Past(random.Random(110), stations, units)
        for day in range(RECENT_DAYS):
            for _ in range(CALLS_A_DAY):
                past.call(now - timedelta(days=day, minutes=45 + past.chance.uniform(0, 24 * 60)), 0.1)
        for month in range(2, MONTHS + 1):
            middle = now.replace(day=15, hour=0, minute=0) - timedelta(days=30.44 * (month - 1))
            first = middle.replace(day=8)
            for number in range(60):
                at = first + timedelta(days=number % 2, minutes=past.chance.uniform(0, 24 * 60))
                past.call(at, 0.75 if month == 9 else 0.12)
        await connection.copy_records_to_table("incidents", records=past.incidents, columns=INCIDENT)
        await connection.copy_records_to_table("assignments", records=past.assignments, columns=ASSIGNMENT)
        await connection.copy_records_to_table("decisions", records=past.decisions, columns=DECISION)
        async with connection.transaction():
            await connection.copy_records_to_table("events", records=past.events, columns=EVENT)
            await connection.execute(ALL_LOOKED_AT)
        await connection.execute(
            "INSERT INTO kpi_stale_days SELECT DISTINCT (received_at AT TIME ZONE 'Asia/Taipei')::date FROM incidents "
            "ON CONFLICT DO NOTHING"
        )
    finally:
        await connection.close()
