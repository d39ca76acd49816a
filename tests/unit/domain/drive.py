"""A car driven second by second along a straight street towards a scene, with the truth known: for tests of arrival."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from dispatch.domain.fix import Fix
from dispatch.domain.geometry import Position, offset

START = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SCENE = Position(23.48, 120.45)
BRAKE_MPS2 = 2.0


def at(second: float) -> datetime:
    """The instant so many seconds into the drive."""
    return START + timedelta(seconds=second)


@dataclass(frozen=True)
class Stop:
    """Stand for `stand_s` at `east_m` (metres east of the scene; the drive leads from west to east)."""

    east_m: float
    stand_s: float


@dataclass(frozen=True)
class Drive:
    """Truth: (east_m, speed_mps) at each whole second, and when each stop was reached."""

    states: list[tuple[float, float]]
    reached_s: list[int]


def drive(start_m: float, end_m: float, speed_mps: float, stops: Iterable[Stop] = ()) -> Drive:
    """From `start_m` to `end_m` at `speed_mps`, accelerating with 2 m/s², braking a little harder at the very end."""
    states: list[tuple[float, float]] = []
    reached_s: list[int] = []
    place_m, now_mps = start_m, speed_mps
    for stop in [*stops, Stop(end_m, 0)]:
        while place_m < stop.east_m:
            states.append((place_m, now_mps))
            left_m = stop.east_m - place_m
            brakes = stop.stand_s > 0
            wanted = min(speed_mps, (2 * BRAKE_MPS2 * left_m) ** 0.5) if brakes else speed_mps
            now_mps = max(0.5, min(wanted, now_mps + BRAKE_MPS2))
            place_m = min(stop.east_m, place_m + now_mps)
        if stop.stand_s > 0:
            reached_s.append(len(states))
            states.extend([(stop.east_m, 0.0)] * round(stop.stand_s))
            now_mps = BRAKE_MPS2
    return Drive(states, reached_s)


def seen(
    truth: Drive,
    *,
    every_s: int = 1,
    north_m: float = 0.0,
    noise_m: float = 0.0,
    noise_mps: float = 0.0,
    jumps: Callable[[int], bool] = lambda _: False,
    reports_speed: bool = True,
    dice: Random | None = None,
) -> list[Fix]:
    """What a receiver reports of the drive, `north_m` beside the scene; noise is normal, cut at three sigma."""
    dice = dice or Random(1)

    def noise(sigma: float) -> float:
        return max(-3 * sigma, min(3 * sigma, dice.gauss(0, sigma)))

    fixes = []
    for index, second in enumerate(range(0, len(truth.states), every_s)):
        east_m, speed_mps = truth.states[second]
        jump_m = dice.uniform(80, 400) if jumps(index) else 0.0
        place = offset(SCENE, north_m + jump_m + noise(noise_m), east_m + noise(noise_m))
        speed = max(0.0, speed_mps + noise(noise_mps)) if reports_speed else None
        fixes.append(Fix(at(second), place, speed_mps=speed))
    return fixes
