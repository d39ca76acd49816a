"""`python -m bench.sending [--quick] [--json FILE]`: bytes sent by adaptive sending over bytes sent at a fixed 1 Hz.

Fixes as they would go out (encoded, one a frame; the socket's own bytes not counted) from recorded traces: 50 vehicles
in the traffic of central Athens (pNEUMA), real receivers standing still (gpsd's logs), and days made of both: in each
hour so many minutes of Athens, the rest parked. On an assignment everything is sent.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench.report import arguments, report
from gateway.protocol import encode
from vehicle_agent.budget import Budget
from vehicle_agent.decoders import NmeaDecoder
from vehicle_agent.pace import Pace
from vehicle_agent.receiver import Position, position

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "gps"
STANDING = ("quectel-l76k-nmea.log", "neo-m8n.log")
MIDNIGHT_MS = 1_795_449_600_000  # in Taipei
DAY_S = 86_400
# Of each hour: minutes of patrol, minutes on an assignment (half driving, half on the scene). The rest parked.
DAYS = {"a busy day": (30, 15), "a usual day": (15, 6), "a quiet day": (5, 0)}


def athens() -> Iterator[list[Position]]:
    """Each vehicle's fixes, its first at 0 ms."""
    tracks: defaultdict[str, list[Position]] = defaultdict(list)
    with (DATA / "pneuma-athens.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            track = tracks[row["track_id"]]
            made = position(
                time_ms=len(track) * 1000,
                lat=float(row["lat"]),
                lon=float(row["lon"]),
                accuracy_m=5.0,
                speed_mps=float(row["speed"]) / 3.6,
                altitude_m=30.0,
            )
            if made is not None:
                track.append(made)
    yield from tracks.values()


def standing() -> Iterator[list[Position]]:
    """What real receivers say that do not move."""
    for name in STANDING:
        decoder = NmeaDecoder()
        said = decoder.feed((DATA / "nmea" / name).read_bytes()) + decoder.flush()
        yield [place for place in said if place is not None]


def sent(
    places: Iterable[Position], pace: Pace | None, spend: Callable[[int], None] = lambda _: None
) -> tuple[int, int]:
    """(fixes, bytes) of those that are due; all of them without a pace."""
    fixes = size = 0
    for place in places:
        if pace is None or pace.due(place):
            fixes += 1
            frame = len(encode(place.as_fix(1_000_000)))
            spend(frame)
            size += frame
    return fixes, size


class Day:
    """A day at 1 Hz made of recorded stretches; `pressing` while the car is on an assignment."""

    def __init__(self, minutes: tuple[int, int], length_s: int) -> None:
        self._patrol_s, self._assigned_s = minutes[0] * 60, minutes[1] * 60
        self._length_s = length_s
        self.pressing = False

    def places(self) -> Iterator[Position]:
        """One a second. Drives and stands go on where the recording ends by beginning anew."""
        moving = [place for track in athens() for place in track]
        still = next(standing())
        driven = stood = 0
        for second in range(self._length_s):
            in_hour_s = second % 3600
            self.pressing = in_hour_s >= 3600 - self._assigned_s
            on_scene = in_hour_s >= 3600 - self._assigned_s // 2
            if in_hour_s < self._patrol_s or (self.pressing and not on_scene):
                place, driven = moving[driven % len(moving)], driven + 1
            else:
                place, stood = still[stood % len(still)], stood + 1
            yield msgspec.structs.replace(place, time_ms=MIDNIGHT_MS + second * 1000)


def row(name: str, fixed: tuple[int, int], adaptive: tuple[int, int]) -> dict[str, Any]:
    """One line of the report."""
    return {
        "name": name,
        "fixes_1hz": fixed[0],
        "bytes_1hz": fixed[1],
        "fixes_adaptive": adaptive[0],
        "bytes_adaptive": adaptive[1],
    }


def main() -> None:
    """Measures and prints."""
    asked = arguments(__doc__ or "")
    results = []
    for name, traces in (("Athens, in traffic", athens), ("receivers standing still", standing)):
        each = [(sent(trace, None), sent(trace, Pace(lambda: False))) for trace in traces()]
        fixed, adaptive = ((sum(one[k][0] for one in each), sum(one[k][1] for one in each)) for k in (0, 1))
        results.append(row(name, fixed, adaptive))
    length_s = DAY_S // 12 if asked.quick else DAY_S
    for name, minutes in DAYS.items():
        fixed = sent(Day(minutes, length_s).places(), None)
        day = Day(minutes, length_s)
        results.append(row(name, fixed, sent(day.places(), Pace(lambda day=day: day.pressing))))  # type: ignore[misc]
    for megabytes in (2, 4):
        day, budget = Day(DAYS["a busy day"], length_s), Budget(megabytes * 1_000_000, lambda: 0)
        pace = Pace(lambda day=day: day.pressing, budget.left)  # type: ignore[misc]
        fixed = sent(Day(DAYS["a busy day"], length_s).places(), None)
        results.append(row(f"a busy day, budget {megabytes} MB", fixed, sent(day.places(), pace, budget.send)))
    report(
        results,
        {f"bytes adaptive over 1 Hz, {one['name']}": one["bytes_adaptive"] / one["bytes_1hz"] for one in results},
        asked.json,
    )


if __name__ == "__main__":
    main()
