"""What is said of receivers, once each."""

from __future__ import annotations

import pytest

from vehicle_agent.receiver_troubles import ReceiverTroubles


class Told:
    """What stands, and every change."""

    def __init__(self) -> None:
        self.standing: list[str] = []
        self.changes = 0
        self.of = ReceiverTroubles(self.report, self.clear, 0.0)

    def report(self, code: str, detail: str) -> None:
        """It is so."""
        assert detail
        assert code not in self.standing
        self.standing.append(code)
        self.changes += 1

    def clear(self, code: str) -> None:
        """It is so no more."""
        self.standing.remove(code)
        self.changes += 1


@pytest.fixture
def told() -> Told:
    """Nothing wrong yet."""
    return Told()


def test_a_receiver_that_does_not_answer_is_told_once(told: Told) -> None:
    """After ten seconds, and taken back when it answers."""
    for second in range(10):
        told.of.check(second, answering=False)
    assert told.standing == []
    for second in range(10, 100):
        told.of.check(second, answering=False)
    assert told.standing == ["no_receiver"]
    told.of.check(100, answering=True)
    told.of.fix(100.5, jump=False, periods_off=0)
    told.of.check(101, answering=True)
    assert (told.standing, told.changes) == ([], 2)


def test_no_fix_is_another_thing_than_no_receiver(told: Told) -> None:
    """A cold start says so after half a minute, until the first fix; fixes that are kept out are none."""
    for second in range(60):
        told.of.check(second, answering=True)
    assert told.standing == ["no_fix"]
    told.of.fix(60, jump=True, periods_off=0)
    told.of.check(60, answering=True)
    assert told.standing == ["no_fix", "gnss_jump"]
    told.of.fix(61, jump=False, periods_off=0)
    told.of.check(61, answering=True)
    assert told.standing == ["gnss_jump"]


def test_a_jump_stands_for_a_minute_after_the_last(told: Told) -> None:
    """Long enough to be read, and one for many."""
    for second in range(100):
        told.of.fix(second, jump=second % 10 == 0, periods_off=0)
        told.of.check(second, answering=True)
    assert told.changes == 1
    for second in range(100, 151):
        told.of.fix(second, jump=False, periods_off=0)
        told.of.check(second, answering=True)
    assert told.standing == []


def test_a_rollover_stands_until_the_receiver_dates_right(told: Told) -> None:
    """Corrected or not believed, the receiver wants new firmware."""
    told.of.fix(1, jump=False, periods_off=1)
    assert told.standing == ["week_rollover"]
    told.of.no_time()
    told.of.fix(2, jump=False, periods_off=0)
    assert told.changes == 2
    told.of.no_time()
    assert told.standing == ["week_rollover"]
