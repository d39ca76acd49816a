"""Compares a car's own log of intentions with the database: every message there once, in order, with its true time.

Pure: it is given what was meant and what is held, and gives a sentence for each thing that is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

TIME_OFF_MS: Final = 2
PLACE_OFF_DEG: Final = 1e-7
PRESSED: Final = ("status", "availability", "sos", "check_in")
SAID: Final = (*PRESSED, "fix")
"""What crew and receiver said. Beside it the agent reports of itself, to the moment when it is stopped."""
TAKEN: Final = {
    "acknowledged": "acknowledged_at",
    "en_route": "en_route_at",
    "on_scene": "on_scene_at",
    "cleared": "cleared_at",
}


class Outcome(StrEnum):
    """What the screen answered. UNSURE: the agent was killed before it could; the message may be there, or not."""

    TAKEN = "taken"
    UNSURE = "unsure"
    REFUSED = "refused"


@dataclass(frozen=True)
class Intended:
    """One press, as the crew noted it: pressed somewhere between two looks at the clock (ms)."""

    number: int
    kind: str
    members: dict[str, Any]
    before_ms: float
    after_ms: float
    outcome: Outcome


@dataclass(frozen=True)
class Arrived:
    """One message in the inbox. `place`: its rank in the order in which messages became durable."""

    place: int
    boot: str
    seq: int
    kind: str
    body: dict[str, Any]
    sent_ms: float
    rejected: str | None = None
    handled: bool = True


@dataclass(frozen=True)
class Fixed:
    """One position: of the receiver, or of the database with its number."""

    time_ms: int
    lat: float
    lon: float
    seq: int = 0


@dataclass(frozen=True)
class Step:
    """A line of the log that tells a crew's own step (ms)."""

    assignment_id: str
    kind: str
    car_time_ms: float


@dataclass
class Books:
    """All about one car. `waiting`: number and kind of what its journal still holds; `milestones`: of each assignment
    the time (ms) of each step that its row holds."""

    boot: str
    last_seq: int
    waiting: dict[int, str]
    intended: list[Intended]
    said: list[Fixed]
    arrived: list[Arrived]
    fixes: list[Fixed]
    steps: list[Step] = field(default_factory=list)
    milestones: dict[str, dict[str, float]] = field(default_factory=dict)
    time_off_ms: float = TIME_OFF_MS
    """How far a press may be from its true time: more where the car's clock is wrong and put right by others."""


def faults(books: Books) -> list[str]:
    """Nothing, where all is well."""
    return [
        *_numbers(books),
        *_presses(books),
        *_positions(books),
        *_steps(books),
    ]


def _numbers(books: Books) -> Iterable[str]:
    """Of the one run that the journal names the database holds 1..n, once each, n being the last that it gave."""
    yield from (f"seq {seq} ({kind}) still waits in the car" for seq, kind in books.waiting.items() if kind in SAID)
    yield from (f"seq {m.seq} came under another boot" for m in books.arrived if m.boot != books.boot)
    counted = Counter([m.seq for m in books.arrived] + [fix.seq for fix in books.fixes])
    yield from (f"seq {seq} is held {times} times" for seq, times in counted.items() if times > 1)
    there = counted.keys() | books.waiting.keys()
    yield from (f"seq {seq} was journalled and is lost" for seq in range(1, books.last_seq + 1) if seq not in there)
    yield from (f"seq {seq} was never journalled" for seq in counted if not 1 <= seq <= books.last_seq)


def _presses(books: Books) -> Iterable[str]:
    """Each press that the screen took is there once, at its time, in its order; nothing else is there."""
    arrived = sorted(books.arrived, key=lambda message: message.seq)
    yield from (
        f"seq {later.seq} became durable before seq {sooner.seq}"
        for sooner, later in pairwise(arrived)
        if later.place < sooner.place
    )
    found: Counter[int] = Counter()
    newest = -1
    done: set[tuple[Any, Any]] = set()
    for message in arrived:
        if not message.handled:
            yield f"seq {message.seq} was never handled"
        if abs(message.body["time_ms"] - message.sent_ms) > TIME_OFF_MS:
            yield f"seq {message.seq} stands at another time than its body says"
        step = (message.body.get("assignment_id"), message.body.get("status"))
        if message.rejected is not None and (message.kind != "status" or step not in done):
            yield f"seq {message.seq} ({message.kind}) was refused: {message.rejected}"
        done.add(step)
        if message.kind not in PRESSED:
            continue
        meant = _meant(message, books, {*found, *range(newest + 1)})
        if meant is None:
            yield f"seq {message.seq} ({message.kind} at {message.body['time_ms']}) was never pressed, or not then"
            continue
        found[meant.number] += 1
        if meant.outcome is Outcome.REFUSED:
            yield f"press {meant.number} ({meant.kind}) was refused by the screen and came all the same"
        if meant.number < newest:
            yield f"press {meant.number} ({meant.kind}) came after press {newest}"
        newest = max(newest, meant.number)
    yield from (f"press {number} came {times} times" for number, times in found.items() if times > 1)
    for meant in books.intended:
        if meant.outcome is Outcome.TAKEN and not found[meant.number]:
            yield f"press {meant.number} ({meant.kind} {meant.members}) is lost"


def _meant(message: Arrived, books: Books, past: Collection[int]) -> Intended | None:
    """The press of that moment; where there are several alike, the nearest of those that are not `past`."""
    time_ms, off_ms = message.body["time_ms"], books.time_off_ms
    alike = [
        meant
        for meant in books.intended
        if meant.kind == message.kind
        and meant.before_ms - off_ms <= time_ms <= meant.after_ms + off_ms
        and all(message.body.get(name) == value for name, value in meant.members.items())
    ]
    alike.sort(key=lambda meant: (meant.number in past, abs(meant.before_ms + meant.after_ms - 2 * time_ms)))
    return alike[0] if alike else None


def _positions(books: Books) -> Iterable[str]:
    """Each is what the receiver said at that time, once, in order."""
    said = {fix.time_ms: fix for fix in books.said}
    fixes = sorted(books.fixes, key=lambda fix: fix.seq)
    for fix in fixes:
        true = said.get(fix.time_ms)
        if true is None:
            yield f"seq {fix.seq}: the receiver said nothing at {fix.time_ms}"
        elif max(abs(fix.lat - true.lat), abs(fix.lon - true.lon)) > PLACE_OFF_DEG:
            yield f"seq {fix.seq}: the receiver was elsewhere at {fix.time_ms}"
    yield from (
        f"seq {later.seq} is not later than seq {sooner.seq}"
        for sooner, later in pairwise(fixes)
        if later.time_ms <= sooner.time_ms
    )


def _steps(books: Books) -> Iterable[str]:
    """Each step that arrived is in the log once, and its assignment's row holds the time of the press."""
    taken: set[tuple[str, str]] = set()
    told = Counter((step.assignment_id, step.kind) for step in books.steps)
    times = {(step.assignment_id, step.kind): step.car_time_ms for step in books.steps}
    for message in sorted(books.arrived, key=lambda message: message.seq):
        if message.kind != "status" or message.rejected is not None:
            continue
        step = (str(message.body["assignment_id"]), str(message.body["status"]))
        if step in taken:
            continue
        taken.add(step)
        time_ms = message.body["time_ms"]
        if told[step] != 1:
            yield f"step {step} stands in the log {told[step]} times"
        elif abs(times[step] - time_ms) > TIME_OFF_MS:
            yield f"step {step} stands in the log at another time"
        held_ms = books.milestones.get(step[0], {}).get(TAKEN[step[1]])
        if held_ms is None or abs(held_ms - time_ms) > books.time_off_ms:
            yield f"step {step} was pressed at {time_ms}, and its assignment says {held_ms}"
    yield from (f"step {step} stands in the log, and nobody reported it" for step in told if step not in taken)
