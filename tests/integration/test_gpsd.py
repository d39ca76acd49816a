"""The real gpsd, fed by gpsfake with a real receiver's log, or by terminals: restarts, lost and several devices."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.engines.process import reserve_port
from tests.support.data import shared
from tests.support.gpsd import Gpsd, Terminal, gpsfake, kill_all, need_gpsd
from tests.support.live_receivers import Heard, epoch, hearing, in_order, talking
from vehicle_agent.decoders import NmeaDecoder
from vehicle_agent.leaps import distance_m
from vehicle_agent.receiver import Position
from vehicle_agent.weeks import PERIOD_MS

# gpsd learns the kind of a receiver from its first sentences, at the pace of a serial line.
EVERY_S = 0.1


@pytest.fixture
def gpsd(tmp_path: Path) -> Iterator[Gpsd]:
    """Not yet started; ended with the test."""
    need_gpsd()
    made = Gpsd(tmp_path)
    yield made
    made.kill()


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    """Two receivers."""
    made = [Terminal(), Terminal()]
    yield made
    for one in made:
        try:
            one.pull_out()
        except OSError:
            continue


def north(place: Position | None) -> float | None:
    """Minutes of latitude north of 23 degrees."""
    return None if place is None else round((place.lat - 23) * 60, 3)


async def test_gpsfake_plays_a_real_receivers_log(tmp_path: Path) -> None:
    """What comes through gpsd is what our own reading of the log gives: the same moments, the same places."""
    need_gpsd()
    # Half a minute at five fixes a second, of which one a second is told. gpsfake wants a folder that it may write to.
    log = tmp_path / "quectel.log"
    shutil.copyfile(shared("gps/nmea/quectel-l76k-nmea.log"), log)
    decoder = NmeaDecoder()
    outcomes = decoder.epochs(log.read_bytes()) + decoder.last_epoch()
    own = {one.position.time_ms % PERIOD_MS: one.position for one in outcomes if one.position is not None}
    port = reserve_port()
    fake = gpsfake(port, log)
    try:
        async with hearing(f"gpsd:127.0.0.1:{port}") as heard:
            await heard.until(lambda: len(heard.seconds()) >= 20)
    finally:
        kill_all(fake)
    places = [place for place in heard.told if place is not None]
    assert in_order(heard)
    for place in places:
        mine = own.get(place.time_ms % PERIOD_MS)
        assert mine is not None, "a moment that the log does not hold"
        assert distance_m(mine, place) < 0.02


async def test_gpsd_is_killed_and_started_again(gpsd: Gpsd, terminals: list[Terminal]) -> None:
    """The agent loses it, calls until it is back, and goes on."""
    gpsd.start(terminals[0].name)
    async with hearing(f"gpsd:127.0.0.1:{gpsd.port}") as heard, talking(terminals[0].say, 0, every_s=EVERY_S):
        await heard.until(lambda: len(heard.seconds()) > 2)
        gpsd.kill()
        await heard.until(lambda: heard.told[-1] is None)
        count = len(heard.seconds())
        gpsd.start(terminals[0].name)
        await heard.until(lambda: len(heard.seconds()) > count + 2)
    assert in_order(heard)


async def test_a_device_that_gpsd_loses_is_found_again(gpsd: Gpsd, terminals: list[Terminal]) -> None:
    """Pulled out, and another put in, as udev tells gpsd; the agent's connection to gpsd is opened anew or kept, the
    fixes come again."""
    gpsd.start(terminals[0].name)
    async with hearing(f"gpsd:127.0.0.1:{gpsd.port}", silence_s=2.0) as heard:
        async with talking(terminals[0].say, 0, every_s=EVERY_S):
            await heard.until(lambda: len(heard.seconds()) > 2)
        terminals[0].pull_out()
        gpsd.tell(f"-{terminals[0].name}")
        await heard.until(lambda: heard.told[-1] is None)
        gpsd.tell(f"+{terminals[1].name}")
        async with talking(terminals[1].say, 1000, every_s=EVERY_S):
            await heard.until(lambda: heard.seconds()[-1] >= 1000)
    assert in_order(heard)


async def test_of_two_devices_of_one_gpsd_one_is_told(gpsd: Gpsd, terminals: list[Terminal]) -> None:
    """They stand 40 m apart; the car does not jump between them, and when one falls silent the other is heard."""
    gpsd.start(*(one.name for one in terminals))
    async with hearing(f"gpsd:127.0.0.1:{gpsd.port}") as heard:
        async with talking(terminals[0].say, 0, 28.8, every_s=EVERY_S):
            await heard.until(lambda: len(heard.seconds()) > 2)
            async with talking(terminals[1].say, 0.0 + len(heard.seconds()), 28.82, every_s=EVERY_S):
                count = len(heard.seconds())
                await heard.until(lambda: len(heard.seconds()) > count + 15)
        assert {north(place) for place in heard.told if place is not None} == {28.8}
        async with talking(terminals[1].say, 2000, 28.82, every_s=EVERY_S):
            await heard.until(lambda: north(_last(heard)) == 28.82)
    assert in_order(heard)


async def test_devices_of_one_gpsd_can_be_ranked(gpsd: Gpsd, terminals: list[Terminal]) -> None:
    """`gpsd:HOST:PORT/DEVICE` twice: the first named is preferred, the other steps in, the first comes back."""
    gpsd.start(*(one.name for one in terminals))
    ranked = [f"gpsd:127.0.0.1:{gpsd.port}{one.name}" for one in reversed(terminals)]
    clock = [0]

    async def both(speaking: list[bool]) -> None:
        while True:
            clock[0] += 1
            for number, terminal in enumerate(terminals):
                if speaking[number]:
                    terminal.say(epoch(clock[0], (28.8, 28.805)[number]))
            await asyncio.sleep(EVERY_S)

    speaking = [True, True]
    task = asyncio.create_task(both(speaking))
    async with hearing(*ranked, step_in_s=2.0) as heard:
        await heard.until(lambda: north(_last(heard)) == 28.805)
        speaking[1] = False
        await heard.until(lambda: north(_last(heard)) == 28.8)
        speaking[1] = True
        await heard.until(lambda: north(_last(heard)) == 28.805)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert in_order(heard)


def _last(heard: Heard) -> Position | None:
    return next((place for place in reversed(heard.told) if place is not None), None)
