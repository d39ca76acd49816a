"""Which incidents get their units by themselves: by mode, priority and hour."""

from __future__ import annotations

import pytest

from dispatch.domain.mode import Mode, ModeRules
from dispatch.domain.refusals import Invalid

NOON, MIDNIGHT = 12, 0


@pytest.mark.parametrize(
    ("mode", "hour", "by_itself"),
    [
        (Mode.AUTOMATIC, NOON, {1, 2, 3, 4}),
        (Mode.RECOMMEND, MIDNIGHT, set()),
        (Mode.BY_PRIORITY, MIDNIGHT, {1, 2}),
        (Mode.NIGHT, NOON, {1, 2}),
        (Mode.NIGHT, MIDNIGHT, {1, 2, 3, 4}),
    ],
)
def test_what_goes_by_itself(mode: Mode, hour: int, by_itself: set[int]) -> None:
    """Everything, nothing, the priorities named, or everything in the night alone."""
    rules = ModeRules(mode=mode)
    assert {priority for priority in (1, 2, 3, 4) if rules.sends_by_itself(priority, hour)} == by_itself


@pytest.mark.parametrize(
    ("night_from", "night_to", "night"),
    [(23, 6, {23, 0, 1, 2, 3, 4, 5}), (1, 4, {1, 2, 3}), (5, 5, set()), (0, 23, set(range(23)))],
)
def test_the_night_begins_with_its_first_hour_and_ends_before_its_last(
    night_from: int, night_to: int, night: set[int]
) -> None:
    """Over midnight as well as within a day; a night that ends where it begins is none."""
    rules = ModeRules(night_from=night_from, night_to=night_to)
    assert {hour for hour in range(24) if rules.is_night(hour)} == night


@pytest.mark.parametrize(
    ("given", "member"),
    [
        ({"priorities": frozenset({1, 5})}, "automatic_priorities"),
        ({"night_from": 24}, "night_from"),
        ({"night_to": -1}, "night_to"),
    ],
)
def test_impossible_figures_are_refused_by_name(given: dict[str, object], member: str) -> None:
    """A priority that is none, an hour that no day has."""
    with pytest.raises(Invalid) as refusal:
        ModeRules(**given)  # type: ignore[arg-type]
    assert refusal.value.member == member
