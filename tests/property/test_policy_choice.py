"""The choice of units under any city: nobody twice, nobody unfit, the best priority never worse off."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.geometry import Position
from dispatch.domain.incident import Category, Incident, IncidentState, Priority
from dispatch.domain.policy import Candidate, Staleness, choose_units, judge
from dispatch.domain.unit import UnitStatus

TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@st.composite
def cities(draw: st.DrawFn) -> tuple[list[Incident], dict[UUID, list[Candidate]]]:
    """Some waiting incidents, some units, and what each incident sees of each unit."""
    incidents = [
        Incident(
            UUID(int=n),
            f"{n:04d}",
            Category.OTHER,
            Priority(draw(st.integers(1, 4))),
            None,
            Position(0, 0),
            None,
            None,
            TEN + timedelta(seconds=draw(st.integers(0, 3))),
            IncidentState.OPEN,
            1,
        )
        for n in range(draw(st.integers(0, 5)))
    ]
    statuses = draw(st.lists(st.sampled_from(UnitStatus), max_size=5))
    candidates = {
        incident.incident_id: [
            judge(
                Candidate(UUID(int=100 + n), f"U{n}", status, draw(st.none() | st.floats(0, 900)), None),
                position_age_s=draw(st.none() | st.floats(0, 400)),
                refused_before=draw(st.none() | st.just("declined_before")),
                staleness=Staleness(),
            )
            for n, status in enumerate(statuses)
        ]
        for incident in incidents
    }
    return incidents, candidates


@given(cities())
def test_nobody_goes_twice_and_nobody_unfit_goes(city: tuple[list[Incident], dict[UUID, list[Candidate]]]) -> None:
    """Each incident gets one decision; each unit at most one incident; and only what is recommended there."""
    incidents, candidates = city
    choices = choose_units(incidents, candidates)
    assert sorted(c.incident.number for c in choices) == sorted(i.number for i in incidents)
    sent = [c.unit_id for c in choices if c.unit_id is not None]
    assert len(sent) == len(set(sent))
    for choice in choices:
        assert {c.unit_id for c in choice.candidates} == {c.unit_id for c in candidates[choice.incident.incident_id]}
        if choice.unit_id is not None:
            (chosen,) = [c for c in choice.candidates if c.unit_id == choice.unit_id]
            assert chosen.recommended
            assert chosen.status is UnitStatus.AVAILABLE
            assert chosen.eta_s is not None


@given(cities())
def test_nobody_better_was_left_for_a_worse_priority(
    city: tuple[list[Incident], dict[UUID, list[Candidate]]],
) -> None:
    """A unit that was better for an incident went to one that chose before it, never to one after."""
    incidents, candidates = city
    taken: set[UUID] = set()
    last: tuple[int, datetime] | None = None
    for choice in choose_units(incidents, candidates):
        rank = (int(choice.incident.priority), choice.incident.received_at)
        assert last is None or last <= rank
        last = rank
        free = [c for c in candidates[choice.incident.incident_id] if c.recommended and c.unit_id not in taken]
        if choice.unit_id is None:
            assert not free
        else:
            (chosen,) = [c for c in free if c.unit_id == choice.unit_id]
            assert all((chosen.eta_s or 0.0) <= (c.eta_s or 0.0) for c in free)
            taken.add(choice.unit_id)


@given(cities(), st.integers())
def test_the_order_of_asking_changes_nothing(
    city: tuple[list[Incident], dict[UUID, list[Candidate]]], seed: int
) -> None:
    """The same city gives the same decision, however its rows came out of the database."""
    incidents, candidates = city
    shuffled = random.Random(seed).sample(incidents, len(incidents))
    turned = {key: list(reversed(value)) for key, value in candidates.items()}
    assert choose_units(shuffled, turned) == choose_units(incidents, candidates)
