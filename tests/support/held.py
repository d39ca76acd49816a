"""Compares what the database holds of a car with what the car journalled: all of it, once each, unchanged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import asyncpg

from tests.support.agent_process import JournalState
from tests.support.crew import Press
from tests.support.nmea_writer import Epoch

DEGREES_OFF = 1e-7


async def held(connection: asyncpg.Connection, journal: JournalState, presses: Sequence[Press]) -> list[asyncpg.Record]:
    """The car's fixes in order of `seq`, once it is shown that with the presses they make up the whole journal.

    Of the run that the journal names, the database holds 1..n without a gap and none twice, n being the last number
    that the journal gave; the presses stand under their own numbers with what was pressed; nothing is refused. What the
    agent says of itself it may say at any moment, the one before it stops included: that alone may still wait in it.
    """
    last_words = {message["seq"] for message in journal.waiting}
    assert {message["type"] for message in journal.waiting} <= {"health"}, "the car still waits for acknowledgements"
    fixes: list[asyncpg.Record] = await connection.fetch(
        "SELECT * FROM fixes WHERE boot = $1 ORDER BY seq", journal.boot
    )
    messages = await connection.fetch("SELECT * FROM car_messages WHERE boot = $1 ORDER BY seq", journal.boot)
    numbers = sorted([row["seq"] for row in fixes] + [row["seq"] for row in messages])
    assert numbers == list(range(1, len(numbers) + 1))
    assert last_words | set(numbers) == set(range(1, journal.last_seq + 1))
    high_water = await connection.fetchval("SELECT last_seq FROM journals WHERE boot = $1", journal.boot)
    assert high_water == len(numbers)
    assert [(row["rejected_code"], row["rejected_reason"]) for row in messages if row["rejected_code"]] == []
    assert all(row["handled_at"] is not None for row in messages)
    pressed = [row for row in messages if row["type"] != "health"]  # what the agent says of itself, nobody pressed
    assert [row["seq"] for row in pressed] == [press.seq for press in presses]
    for row, press in zip(pressed, presses, strict=True):
        body: dict[str, Any] = json.loads(row["body"])
        assert row["type"] == press.type
        assert {name: body[name] for name in press.members} == press.members
        assert abs(body["time_ms"] - press.at.at_ms) <= press.at.within_ms + 1
    return fixes


def same(fixes: Sequence[asyncpg.Record], epochs: Sequence[Epoch]) -> None:
    """Every epoch that the receiver said is there once, in its order, with its time, place and speed."""
    there, said = [round(row["fixed_at"].timestamp() * 1000) for row in fixes], [epoch.time_ms for epoch in epochs]
    missing = [(place, time_ms) for place, time_ms in enumerate(said) if time_ms not in set(there)]
    assert there == said, f"of {len(said)} epochs not there (place, time): {missing[:20]}"
    for row, epoch in zip(fixes, epochs, strict=True):
        assert abs(row["lat"] - epoch.lat) < DEGREES_OFF
        assert abs(row["lon"] - epoch.lon) < DEGREES_OFF
        assert abs(row["speed_mps"] - epoch.speed_mps) < 0.002
