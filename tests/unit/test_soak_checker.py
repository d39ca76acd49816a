"""The soak's checker finds each thing that may go wrong: a soak that passes says something only because of these."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest

from tests.support.soak_checker import Arrived, Books, Fixed, Intended, Outcome, Step, faults


def books() -> Books:
    """A car that pressed four things, one of them while its agent was killed, and drove for three seconds."""
    steps = [(1, "acknowledged", 1000), (3, "en_route", 3000)]
    intended = [
        Intended(n, "status", {"assignment_id": "a", "status": s}, t - 10, t + 10, Outcome.TAKEN) for n, s, t in steps
    ]
    intended += [
        Intended(2, "check_in", {"assignment_id": "a"}, 1990, 2010, Outcome.UNSURE),
        Intended(4, "sos", {"active": True}, 3990, 4010, Outcome.TAKEN),
        Intended(5, "availability", {"available": True}, 4990, 5010, Outcome.REFUSED),
    ]
    intended.sort(key=lambda meant: meant.number)
    arrived = [
        Arrived(7, "b", 2, "status", {"assignment_id": "a", "status": "acknowledged", "time_ms": 1000}, 1000),
        Arrived(8, "b", 4, "check_in", {"assignment_id": "a", "time_ms": 2000}, 2000),
        Arrived(9, "b", 6, "status", {"assignment_id": "a", "status": "en_route", "time_ms": 3000}, 3000),
        Arrived(12, "b", 7, "sos", {"active": True, "time_ms": 4000}, 4000),
    ]
    said = [Fixed(t, 23.48, 120.45) for t in (900, 1900, 2900, 3900)]
    fixes = [Fixed(t, 23.48, 120.45, seq) for t, seq in ((900, 1), (1900, 3), (2900, 5))]
    told = [Step("a", "acknowledged", 1000), Step("a", "en_route", 3000)]
    return Books(
        "b", 7, {}, intended, said, arrived, fixes, told, {"a": {"acknowledged_at": 1000, "en_route_at": 3000}}
    )


def _lose_press(it: Books) -> None:
    del it.arrived[2]


def _lose_fix(it: Books) -> None:
    del it.fixes[1]


def _lose_last(it: Books) -> None:
    it.arrived.pop()
    it.last_seq = 6


def _twice_same_number(it: Books) -> None:
    it.arrived.append(it.arrived[0])


def _twice_another_number(it: Books) -> None:
    it.arrived.append(replace(it.arrived[3], seq=8, place=13))
    it.last_seq = 8


def _fix_twice(it: Books) -> None:
    it.fixes.append(replace(it.fixes[2], seq=8))
    it.last_seq = 8


def _swap(it: Books) -> None:
    first, last = it.arrived[0], it.arrived[3]
    it.arrived[0], it.arrived[3] = replace(last, seq=2, place=7), replace(first, seq=7, place=12)


def _swap_on_the_way(it: Books) -> None:
    it.arrived[0], it.arrived[1] = replace(it.arrived[0], place=8), replace(it.arrived[1], place=7)


def _swap_fixes(it: Books) -> None:
    it.fixes[0], it.fixes[1] = replace(it.fixes[0], seq=3), replace(it.fixes[1], seq=1)


def _time(it: Books) -> None:
    it.arrived[3] = replace(it.arrived[3], sent_ms=4500, body=it.arrived[3].body | {"time_ms": 4500})


def _column_time(it: Books) -> None:
    it.arrived[3] = replace(it.arrived[3], sent_ms=4500)


def _fix_time(it: Books) -> None:
    it.fixes[1] = replace(it.fixes[1], time_ms=2000)


def _place(it: Books) -> None:
    it.fixes[1] = replace(it.fixes[1], lat=23.49)


def _member(it: Books) -> None:
    it.arrived[3] = replace(it.arrived[3], body={"active": False, "time_ms": 4000})


def _invented(it: Books) -> None:
    it.arrived.append(Arrived(13, "b", 8, "availability", {"available": True, "time_ms": 5000}, 5000))
    it.last_seq = 8


def _other_boot(it: Books) -> None:
    it.arrived[0] = replace(it.arrived[0], boot="c")


def _refused(it: Books) -> None:
    it.arrived[0] = replace(it.arrived[0], rejected="bad_step")


def _unhandled(it: Books) -> None:
    it.arrived[3] = replace(it.arrived[3], handled=False)


def _waits(it: Books) -> None:
    it.waiting = {8: "sos"}
    it.last_seq = 8


def _step_lost(it: Books) -> None:
    it.steps.pop()


def _step_twice(it: Books) -> None:
    it.steps.append(it.steps[0])


def _step_invented(it: Books) -> None:
    it.steps.append(Step("a", "cleared", 3000))


def _step_time(it: Books) -> None:
    it.steps[0] = Step("a", "acknowledged", 1300)


def _milestone(it: Books) -> None:
    it.milestones["a"]["en_route_at"] = 3300


@pytest.mark.parametrize(
    ("plant", "says"),
    [
        (_lose_press, "press 3"),
        (_lose_fix, "seq 3 was journalled and is lost"),
        (_lose_last, "press 4"),
        (_twice_same_number, "seq 2 is held 2 times"),
        (_twice_another_number, "press 4 came 2 times"),
        (_fix_twice, "seq 8 is not later than seq 5"),
        (_swap, "press 2 (check_in) came after press 4"),
        (_swap_on_the_way, "seq 4 became durable before seq 2"),
        (_swap_fixes, "seq 3 is not later than seq 1"),
        (_time, "seq 7 (sos at 4500) was never pressed"),
        (_column_time, "seq 7 stands at another time"),
        (_fix_time, "the receiver said nothing at 2000"),
        (_place, "the receiver was elsewhere at 1900"),
        (_member, "press 4 (sos {'active': True}) is lost"),
        (_invented, "press 5 (availability) was refused by the screen"),
        (_other_boot, "seq 2 came under another boot"),
        (_refused, "seq 2 (status) was refused: bad_step"),
        (_unhandled, "seq 7 was never handled"),
        (_waits, "seq 8 (sos) still waits"),
        (_step_lost, "('a', 'en_route') stands in the log 0 times"),
        (_step_twice, "('a', 'acknowledged') stands in the log 2 times"),
        (_step_invented, "('a', 'cleared') stands in the log, and nobody reported it"),
        (_step_time, "('a', 'acknowledged') stands in the log at another time"),
        (_milestone, "pressed at 3000, and its assignment says 3300"),
    ],
)
def test_each_planted_fault_is_found(plant: Callable[[Books], None], says: str) -> None:
    """Loss, doubling, another order, another time or place, refusal, invention: each by a sentence that names it."""
    planted = deepcopy(books())
    plant(planted)
    found = faults(planted)
    assert any(says in sentence for sentence in found), found


def test_a_car_whose_books_agree_has_no_fault() -> None:
    """Also where the press of a killed agent did come, where it did not, and where a crew said the same step twice."""
    assert faults(books()) == []
    without = books()
    without.arrived = [replace(m, seq=m.seq - (m.seq > 4)) for m in without.arrived if m.seq != 4]
    without.fixes = [replace(f, seq=f.seq - (f.seq > 4)) for f in without.fixes]
    without.last_seq = 6
    assert faults(without) == []
    once = books()
    once.time_off_ms = 2500
    once.intended[1] = replace(once.intended[1], kind="sos", members={"active": True}, before_ms=2700, after_ms=2720)
    once.arrived = [replace(m, seq=m.seq - (m.seq > 4)) for m in once.arrived if m.seq != 4]
    once.fixes, once.last_seq = without.fixes, 6
    assert faults(once) == []
    again = books()
    again.intended.append(Intended(6, "status", again.intended[0].members, 5990, 6010, Outcome.TAKEN))
    repeated = again.arrived[0].body | {"time_ms": 6000}
    again.arrived.append(Arrived(14, "b", 8, "status", repeated, 6000, rejected="bad_step"))
    again.arrived.append(Arrived(15, "b", 9, "health", {"time_ms": 6100}, 6100))
    again.waiting, again.last_seq = {9: "health", 10: "health"}, 10
    assert faults(again) == []
