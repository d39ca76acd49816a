"""Receivers that are pulled out and put back, lines that hang half open, and two receivers for one car."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from tests.support.live_receivers import START, Heard, Plug, Station, epoch, hearing, in_order, talking
from vehicle_agent.weeks import PERIOD_MS


async def test_a_serial_receiver_is_pulled_out_and_put_back(tmp_path: Path) -> None:
    """Absent at the start, there, gone in mid-sentence, there again: every time it is found without a restart, and its
    absence is said."""
    plug = Plug(tmp_path / "gnss")
    async with hearing(f"serial:{plug.name}@9600") as heard:
        await heard.until(lambda: "no_receiver" in heard.troubles)
        assert set(heard.told) == {None}
        for visit in range(3):
            plug.put_in()
            async with talking(plug.say, visit * 1000):
                await heard.until(lambda visit=visit: any(s >= visit * 1000 for s in heard.seconds()))  # type: ignore[misc]
                await heard.until(lambda: not heard.troubles)
            plug.say(epoch(visit * 1000 + 500)[:30])
            plug.pull_out()
            await heard.until(lambda: heard.told[-1] is None)
    assert in_order(heard)


async def test_a_serial_name_that_went_to_another_device_is_followed(tmp_path: Path) -> None:
    """The old device stays open and silent: after the silence the name is opened anew."""
    plug = Plug(tmp_path / "gnss")
    plug.put_in()
    async with hearing(f"serial:{plug.name}@9600", silence_s=0.5) as heard:
        async with talking(plug.say, 0):
            await heard.until(lambda: len(heard.seconds()) > 2)
        plug.swap()
        async with talking(plug.say, 1000):
            await heard.until(lambda: heard.seconds()[-1] >= 1000)
    assert in_order(heard)


async def test_a_tcp_receiver_dies_and_returns() -> None:
    """Refused connections are tried again until somebody listens."""
    station = Station()
    await station.start()
    async with hearing(f"tcp:127.0.0.1:{station.port}") as heard:
        async with talking(station.say, 0):
            await heard.until(lambda: len(heard.seconds()) > 2)
        await station.die()
        await heard.until(lambda: heard.told[-1] is None)
        await station.start()
        async with talking(station.say, 1000):
            await heard.until(lambda: heard.seconds()[-1] >= 1000)
        await station.die()
    assert in_order(heard)


async def test_a_half_open_line_is_given_up_after_the_silence() -> None:
    """The other side is gone without a word; a new connection finds it."""
    station = Station()
    await station.start()
    async with hearing(f"tcp:127.0.0.1:{station.port}", silence_s=0.5) as heard:
        async with talking(station.say, 0):
            await heard.until(lambda: len(heard.seconds()) > 2)
        first = station.lines[0]
        await heard.until(lambda: len(station.lines) > 1)
        async with talking(station.say, 1000):
            await heard.until(lambda: heard.seconds()[-1] >= 1000)
        assert first.is_closing() or first is not station.lines[-1]
        await station.die()
    assert in_order(heard)


async def test_the_second_receiver_steps_in_and_hands_back(tmp_path: Path) -> None:
    """The preferred dies while both see the same seconds: after a while the second is heard, and the first again when
    it is good; each second at most once, in order, and no jump between them."""
    first, second = Station(), Station()
    await first.start()
    await second.start()
    norths = {28.8: "first", 28.8054: "second"}  # 10 m apart

    def heard_last(heard: Heard) -> str:
        place = next((place for place in reversed(heard.told) if place is not None), None)
        return "" if place is None else norths[round((place.lat - 23) * 60, 4)]

    clock = [0.0]

    async def both() -> None:
        while True:
            clock[0] += 1
            first.say(epoch(clock[0], 28.8))
            second.say(epoch(clock[0], 28.8054))
            await asyncio.sleep(0.05)

    speaking = asyncio.create_task(both())
    async with hearing(f"tcp:127.0.0.1:{first.port}", f"tcp:127.0.0.1:{second.port}") as heard:
        await heard.until(lambda: heard_last(heard) == "first")
        await first.die()
        await heard.until(lambda: heard_last(heard) == "second")
        await first.start()
        await heard.until(lambda: heard_last(heard) == "first")
        await second.die()
        count = len(heard.told)
        await heard.until(lambda: len(heard.told) > count + 20)
        assert heard_last(heard) == "first"
        assert None not in heard.told[count:]
    speaking.cancel()
    await asyncio.gather(speaking, return_exceptions=True)
    await first.die()
    assert in_order(heard)
    assert "gnss_jump" not in heard.troubles


async def test_a_leap_is_kept_out_and_said() -> None:
    """One fix 18 km away in a track: it is never told, and the trouble stands."""
    station = Station()
    await station.start()
    async with hearing(f"tcp:127.0.0.1:{station.port}") as heard:
        await heard.until(lambda: bool(station.lines))
        for second in range(10):
            station.say(epoch(second, 38.8 if second == 5 else 28.8))
        await heard.until(lambda: 8 in heard.seconds())
        await station.die()
    assert 5 not in heard.seconds()
    assert "gnss_jump" in heard.troubles


async def test_a_receiver_that_lost_1024_weeks_is_put_right_and_said() -> None:
    """Its date is April 2007 in November 2026; the fixes come with the true time."""
    station = Station()
    await station.start()
    async with hearing(f"tcp:127.0.0.1:{station.port}") as heard:
        await heard.until(lambda: bool(station.lines))
        for second in range(5):
            station.say(epoch(second, at=START - timedelta(milliseconds=PERIOD_MS)))
        await heard.until(lambda: 3 in heard.seconds())
        await station.die()
    assert in_order(heard)
    assert "1024 weeks" in heard.troubles["week_rollover"]
