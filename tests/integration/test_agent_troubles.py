"""Full disk, read-only disk, damaged journal, a clock 3 h off: the crew is told, and nothing is lost on the way."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.settings import Settings
from tests.support.cars import Device, running, until
from tests.support.gateway_parts import database, device, settings
from tests.support.patched_agent import CLOCK_OF_FILE, CLOCK_OFF, PatchedAgent, patched_agent, troubles
from tests.support.small_disk import SmallDisk, small_disk

__all__ = ["database", "device", "settings", "small_disk"]
HOUR_MS = 3_600_000
NOWHERE = "ws://127.0.0.1:9"


async def presses(database: asyncpg.Connection, count: int) -> list[dict[str, Any]]:
    """The changes of availability that the server holds, once there are so many."""
    await until(database, f"SELECT count(*) >= {count} FROM car_messages WHERE type = 'availability'")
    rows = await database.fetch(
        "SELECT body, sent_at, received_at, rejected_code FROM car_messages WHERE type = 'availability' ORDER BY seq"
    )
    return [{**json.loads(row["body"]), "sent_at": row["sent_at"], "rejected": row["rejected_code"]} for row in rows]


async def press(car: PatchedAgent, number: int) -> None:
    """A press that tells its number."""
    answer = await car.press("availability", {"available": False, "reason": f"r{number}"})
    assert answer.status_code == 200, answer.text


async def press_between(car: PatchedAgent, number: int) -> tuple[float, float]:
    """A press that tells its number, and the true times before and after it, s since 1970."""
    before_s = time.time()
    await press(car, number)
    return before_s, time.time()


async def test_a_full_disk(
    settings: Settings, device: Device, database: asyncpg.Connection, small_disk: SmallDisk, tmp_path: Path
) -> None:
    """Nobody to send to, the disk full, the agent stopped: what the disk had taken is there at the next start, which
    the full disk does not hinder, and arrives once and in order; the trouble goes when there is room again. What waited
    in memory alone is lost with the agent, which is what the trouble says."""
    async with running(settings) as address, patched_agent(tmp_path, NOWHERE, journal=small_disk.path / "j") as car:
        car.token_file.write_text(device.token)
        await car.start()
        await press_until(car, small_disk)
        number = await press_until_trouble(car)
        await car.stop(signal.SIGTERM)
        car.gateway = address
        await car.start()  # the disk is full at the start as well
        state = await car.until(lambda state: state["connected"])
        assert troubles(state) == ["journal_memory"]
        small_disk.free()
        await car.until(lambda state: troubles(state) == [])
        await press(car, number)
        held = await presses(database, 1)
        await until(database, f"SELECT EXISTS (SELECT FROM car_messages WHERE body->>'reason' = 'r{number}')")
        held = await presses(database, 1)
        assert await car.stop() == 0
    reasons = [one["reason"] for one in held]
    assert (reasons[0], reasons[-1]) == ("r0", f"r{number}")
    assert len(set(reasons)) == len(reasons)
    assert reasons == sorted(reasons, key=lambda reason: int(reason[1:]))


async def press_until(car: PatchedAgent, disk: SmallDisk) -> None:
    """One press on a good disk; then it is full."""
    await car.until(lambda state: state["link"] == "unreachable")
    await press(car, 0)
    disk.fill()


async def press_until_trouble(car: PatchedAgent) -> int:
    """Presses until the agent says that the disk is full; the number of the next one."""
    for number in range(1, 500):
        await press(car, number)
        if troubles(await car.state()) == ["journal_memory"]:
            return number + 1
    raise AssertionError("a full disk was not noticed")


async def test_what_was_pressed_on_a_full_disk_is_sent_all_the_same(
    settings: Settings, device: Device, database: asyncpg.Connection, small_disk: SmallDisk, tmp_path: Path
) -> None:
    """The link is up, the disk full: every press arrives, at once, while the trouble stands."""
    async with running(settings) as address, patched_agent(tmp_path, address, journal=small_disk.path / "j") as car:
        car.token_file.write_text(device.token)
        await car.start()
        await car.until(lambda state: state["connected"])
        await press(car, 0)
        small_disk.fill()
        last = await press_until_trouble(car)
        for number in range(last, last + 5):
            await press(car, number)
        held = await presses(database, last + 5)
        assert [one["reason"] for one in held] == [f"r{n}" for n in range(last + 5)]
        await until(
            database,
            "SELECT EXISTS (SELECT FROM car_messages WHERE type = 'health' AND body->'troubles' ? 'journal_memory')",
        )
        assert await car.stop() == 0


async def test_a_read_only_disk(
    settings: Settings, device: Device, database: asyncpg.Connection, small_disk: SmallDisk, tmp_path: Path
) -> None:
    """Found at the start: what is on it and what is pressed now arrives, and is written when the disk can be."""
    async with running(settings) as address, patched_agent(tmp_path, NOWHERE, journal=small_disk.path / "j") as car:
        car.token_file.write_text(device.token)
        await car.start()
        await car.until(lambda state: state["link"] == "unreachable")
        await press(car, 0)
        await car.stop(signal.SIGKILL)
        small_disk.readonly(True)
        car.gateway = address
        await car.start()
        state = await car.until(lambda state: state["connected"])
        assert troubles(state) == ["journal_readonly"]
        await press(car, 1)
        assert [one["reason"] for one in await presses(database, 2)] == ["r0", "r1"]
        small_disk.readonly(False)
        await car.until(lambda state: troubles(state) == [])
        await press(car, 2)
        await presses(database, 3)
        assert await car.stop() == 0
    boots = await database.fetch("SELECT DISTINCT boot FROM car_messages")
    assert len(boots) == 1


async def test_a_damaged_journal(
    settings: Settings, device: Device, database: asyncpg.Connection, tmp_path: Path
) -> None:
    """Set aside, said to the crew and to the server; what could be read goes on."""
    async with running(settings) as address, patched_agent(tmp_path, NOWHERE) as car:
        car.token_file.write_text(device.token)
        await car.start()
        await car.until(lambda state: state["link"] == "unreachable")
        for number in range(60):
            await press(car, number)
        await car.stop()
        raw = bytearray(car.journal.read_bytes())
        raw[-4096:] = b"\xff" * 4096
        car.journal.write_bytes(raw)
        car.gateway = address
        await car.start()
        state = await car.until(lambda state: state["connected"])
        assert troubles(state) == ["journal_damaged"]
        (aside,) = tmp_path.glob("journal.damaged-*")  # noqa: ASYNC240 - a test folder
        (trouble,) = [one for one in state["troubles"] if one["code"] == "journal_damaged"]
        assert aside.name in trouble["detail"]
        await until(
            database,
            "SELECT EXISTS (SELECT FROM car_messages WHERE type = 'health' AND body->'troubles' ? 'journal_damaged')",
        )
        await until(database, "SELECT count(*) > 0 FROM car_messages WHERE type = 'availability'")
        await press(car, 60)
        await until(database, "SELECT EXISTS (SELECT FROM car_messages WHERE body->>'reason' = 'r60')")
        assert await car.stop() == 0


@pytest.mark.parametrize("off_ms", [3 * HOUR_MS, -3 * HOUR_MS, -1_700_000_000_000])
async def test_a_clock_hours_off(
    settings: Settings, device: Device, database: asyncpg.Connection, tmp_path: Path, off_ms: int
) -> None:
    """Ahead, behind, or in the seventies: a press made before the first link and one made after it both have their
    true time at the server, the clock's own beside it; nothing is refused; the crew and the server are told."""
    async with running(settings) as address, patched_agent(tmp_path, NOWHERE) as car:
        car.token_file.write_text(device.token)
        await car.start(CLOCK_OFF.format(off_ms=off_ms))
        await car.until(lambda state: state["link"] == "unreachable")
        pressed_s = [await press_between(car, 0)]
        await asyncio.sleep(1.5)
        await car.stop(signal.SIGKILL)
        car.gateway = address
        await car.start(CLOCK_OFF.format(off_ms=off_ms))
        state = await car.until(lambda state: state["connected"])
        assert troubles(state) == ["clock_off"]
        assert abs(state["clock_ms"] / 1000 - time.time()) < 5
        pressed_s.append(await press_between(car, 1))
        held = await presses(database, 2)
        for one, (before_s, after_s) in zip(held, pressed_s, strict=True):
            assert before_s - 1 < one["sent_at"].timestamp() < after_s + 1
            assert before_s - 1 < (one["clock_ms"] - off_ms) / 1000 < after_s + 1
            assert one["rejected"] is None
        off = "(body->>'clock_offset_ms')::bigint"
        await until(database, f"SELECT EXISTS (SELECT FROM car_messages WHERE abs({off} + ({off_ms})) < 2000)")
        assert await car.stop() == 0


async def test_a_clock_that_is_set_again_and_again_under_the_running_agent(
    settings: Settings, device: Device, database: asyncpg.Connection, tmp_path: Path
) -> None:
    """3 h ahead, a day back, before 1970, years ahead, right, and on: before the first link, during it, over a kill and
    a new start. Each press stands at the server once, in order, with its true time, sure of it, and none is refused."""
    clock = tmp_path / "clock"
    pressed_s: list[tuple[float, float]] = []
    day_ms = 24 * HOUR_MS
    async with running(settings) as address, patched_agent(tmp_path, address) as car:

        async def set_and_press(off_ms: int) -> None:
            fresh = tmp_path / "clock.new"
            fresh.write_text(str(off_ms))
            fresh.replace(clock)
            await asyncio.sleep(0.2)
            pressed_s.append(await press_between(car, len(pressed_s)))

        clock.write_text(str(3 * HOUR_MS))
        await car.start(CLOCK_OF_FILE.format(file=str(clock)))
        await car.until(lambda state: state["link"] == "no_token")
        for off_ms in (3 * HOUR_MS, -day_ms, -1_800_000_000_000, 3 * HOUR_MS):
            await set_and_press(off_ms)
        await car.stop(signal.SIGKILL)
        clock.write_text(str(5 * HOUR_MS))
        await car.start(CLOCK_OF_FILE.format(file=str(clock)))
        await car.until(lambda state: state["link"] == "no_token")
        await set_and_press(5 * HOUR_MS)
        car.token_file.write_text(device.token)
        await car.until(lambda state: state["connected"])
        for off_ms in (5 * HOUR_MS, -5 * HOUR_MS, 3650 * day_ms, 0, -2 * day_ms):
            await set_and_press(off_ms)
        held = await presses(database, len(pressed_s))
        assert [one["reason"] for one in held] == [f"r{number}" for number in range(len(pressed_s))]
        for one, (before_s, after_s) in zip(held, pressed_s, strict=True):
            assert before_s - 2 < one["sent_at"].timestamp() < after_s + 2, one
            assert one["rejected"] is None
            assert "time_unsure" not in one
        assert await car.stop() == 0
