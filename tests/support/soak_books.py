"""Opens the books of a soak: what the database holds of each car beside the car's own log; and its figures."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from tests.support.soak_cars import SoakCar
from tests.support.soak_checker import TAKEN, TIME_OFF_MS, Arrived, Books, Fixed, Outcome, Step

HANDLED_S = 120.0
CORRECTED_OFF_MS = 2_500.0
"""A wrong clock is put right by the receiver's or the server's, as exactly as the way from there is short."""
STEP_KINDS = {f"unit_{step}": step for step in TAKEN}


async def all_handled(connection: asyncpg.Connection) -> None:
    """Until the gateways have heard the last of every car, and dispatch has read its inbox to the end."""
    for left in ("car_links WHERE disconnected_at IS NULL", "car_messages WHERE handled_at IS NULL"):
        async with asyncio.timeout(HANDLED_S):
            while await connection.fetchval(f"SELECT count(*) FROM {left}"):  # noqa: ASYNC110
                await asyncio.sleep(0.2)


async def open_books(connection: asyncpg.Connection, car: SoakCar) -> Books:
    """Of a car whose agent has ended."""
    journal = car.agent.journal()
    unit_id = await connection.fetchval("SELECT unit_id FROM units WHERE name = $1", car.unit)
    messages = await connection.fetch("SELECT * FROM car_messages WHERE unit_id = $1 ORDER BY message_id", unit_id)
    fixes = await connection.fetch("SELECT * FROM fixes WHERE unit_id = $1", unit_id)
    steps = await connection.fetch(
        "SELECT * FROM events WHERE unit_id = $1 AND kind = ANY($2) AND said_by = 'button'", unit_id, list(STEP_KINDS)
    )
    rows = await connection.fetch("SELECT * FROM assignments WHERE unit_id = $1", unit_id)
    return Books(
        boot=journal.boot,
        time_off_ms=CORRECTED_OFF_MS if any(car.agent.clocks_off_ms) else TIME_OFF_MS,
        last_seq=journal.last_seq,
        waiting={message["seq"]: message["type"] for message in journal.waiting},
        intended=car.log.read(),
        said=car.said(),
        arrived=[
            Arrived(
                place=row["message_id"],
                boot=str(row["boot"]),
                seq=row["seq"],
                kind=row["type"],
                body=json.loads(row["body"]),
                sent_ms=_ms(row["sent_at"]),
                rejected=row["rejected_reason"] if row["rejected_code"] else None,
                handled=row["handled_at"] is not None,
            )
            for row in messages
        ],
        fixes=[Fixed(round(_ms(row["fixed_at"])), row["lat"], row["lon"], row["seq"]) for row in fixes],
        steps=[Step(str(row["assignment_id"]), STEP_KINDS[row["kind"]], _ms(row["car_time"])) for row in steps],
        milestones={
            str(row["assignment_id"]): {name: _ms(row[name]) for name in TAKEN.values() if row[name] is not None}
            for row in rows
        },
    )


@dataclass(frozen=True)
class Figures:
    """What went on: to be printed, and to be asked whether it was a soak at all."""

    taken: int
    unsure: int
    refused: int
    arrived: int
    positions: int
    cleared: int
    late_s: list[float]

    @classmethod
    async def of(cls, connection: asyncpg.Connection, books: Sequence[Books]) -> Figures:
        """Of all cars."""
        presses = Counter(meant.outcome for it in books for meant in it.intended)
        return cls(
            presses[Outcome.TAKEN],
            presses[Outcome.UNSURE],
            presses[Outcome.REFUSED],
            sum(len(it.arrived) for it in books),
            sum(len(it.fixes) for it in books),
            sum("cleared_at" in times for it in books for times in it.milestones.values()),
            await _delays_s(connection),
        )

    def __str__(self) -> str:
        late = ", ".join(f"p{round(100 * part)} {_share(self.late_s, part):.2f} s" for part in (0.5, 0.9, 0.99))
        return (
            f"{len(self.late_s)} messages: {self.positions} positions and {self.arrived} others; "
            f"{self.taken} presses taken, {self.unsure} with no answer, {self.refused} refused by the screen; "
            f"{self.cleared} assignments cleared; delay {late}, longest {self.late_s[-1]:.2f} s"
        )


async def _delays_s(connection: asyncpg.Connection) -> list[float]:
    """Of every message and position: from its own time until it was received, sorted."""
    rows = await connection.fetch(
        "SELECT received_at - sent_at AS late FROM car_messages UNION ALL SELECT received_at - fixed_at FROM fixes"
    )
    return sorted(row["late"].total_seconds() for row in rows)


def _share(values: Sequence[float], part: float) -> float:
    """The value below which this part of them lies."""
    return values[min(len(values) - 1, int(part * len(values)))]


def _ms(moment: datetime) -> float:
    return moment.timestamp() * 1000
