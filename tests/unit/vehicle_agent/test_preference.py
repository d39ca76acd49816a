"""Which receiver is believed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vehicle_agent.preference import Preference


def preference(count: int = 2) -> Preference:
    """Steps in after 5 s, hands back after 15 s."""
    return Preference(count, 0.0, step_in_s=5.0, hand_back_s=15.0)


def test_the_first_is_believed_while_it_has_fixes() -> None:
    """The second speaks all the while and is not heard."""
    chosen = preference()
    for second in range(1, 30):
        assert chosen.fix(0, second)
        assert not chosen.fix(1, second + 0.5)


def test_the_next_steps_in_when_the_first_is_silent_or_has_no_fix() -> None:
    """Not before the time, and from then on every fix."""
    chosen = preference()
    chosen.fix(0, 1)
    heard = []
    for second in range(2, 10):
        assert not (chosen.lost(0, second + 0.1) and second + 0.1 >= 6.5)
        if chosen.fix(1, second + 0.5):
            heard.append(second)
    assert heard == [6, 7, 8, 9]


def test_a_first_that_never_comes_does_not_keep_the_car_waiting() -> None:
    """A receiver that is not plugged in at the start."""
    chosen = preference()
    assert [chosen.fix(1, second) for second in (1, 4, 5, 6)] == [False, False, True, True]


def test_it_hands_back_when_the_first_has_been_good_for_a_while() -> None:
    """A gap begins the while anew: a loose plug makes no flutter."""
    chosen = preference()
    chosen.fix(1, 6)
    first_heard = None
    for second in range(7, 60):
        if second not in {12, 13, 14, 15} and chosen.fix(0, second) and first_heard is None:
            first_heard = second
        assert chosen.fix(1, second + 0.5) is (first_heard is None)
    assert first_heard == 16 + 15


def test_of_three_the_best_one_that_works_is_taken() -> None:
    """The third while the second is gone too, then the second, then the first."""
    chosen = preference(3)
    assert chosen.fix(2, 6)
    for second in range(7, 23):
        chosen.fix(2, second)
        chosen.fix(1, second)
    assert chosen.chosen == 1
    for second in range(23, 39):
        chosen.fix(1, second)
        chosen.fix(0, second)
    assert chosen.chosen == 0


def test_no_fix_is_told_by_the_one_in_use_alone_and_not_for_one_beat() -> None:
    """Between two fixes of neighbouring seconds nothing was lost; and the other's misery is its own."""
    chosen = preference()
    assert chosen.lost(0, 1)
    chosen.fix(0, 10)
    assert not chosen.lost(0, 10.5)
    assert not chosen.lost(1, 20)
    assert chosen.lost(0, 12)


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.floats(0, 8)), max_size=80))
def test_whoever_fails_some_receiver_is_heard(events: list[tuple[int, bool, float]]) -> None:
    """Never are there fixes, from whomever, for more than the time to step in with none of them told."""
    chosen, now_s, told_s = preference(3), 0.0, 0.0
    for index, has_fix, wait_s in events:
        now_s += wait_s
        if not has_fix:
            chosen.lost(index, now_s)
        elif chosen.fix(index, now_s):
            told_s = now_s
        else:
            assert now_s - told_s < 5.0
