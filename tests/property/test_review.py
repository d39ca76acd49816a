"""Laws of rulings, for any that may be given, in any number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.incident import Category, IncidentState, Priority
from dispatch.domain.kpi import IncidentRecord
from dispatch.domain.review import (
    MAY_BE_GIVEN,
    ON_THE_INCIDENT,
    Ruling,
    RulingKind,
    arrivals_after,
    in_force,
    is_corrected,
    reviewed,
)

CALLED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
K = RulingKind
times = st.integers(-100, 3000).map(lambda seconds: CALLED + timedelta(seconds=seconds))
units = st.integers(1, 3).map(lambda number: UUID(int=number))
rulings = st.lists(
    st.one_of(
        st.builds(Ruling, st.sampled_from([K.STANDS, K.NOT_REACHED]), units),
        st.builds(Ruling, st.sampled_from([K.GPS, K.BUTTON, K.CORRECTED]), units, times),
        st.builds(Ruling, st.just(K.EXCLUDED), exclusion=st.sampled_from(MAY_BE_GIVEN)),
        st.just(Ruling(K.COUNTED)),
    ),
    max_size=8,
)
arrivals = st.dictionaries(units, st.none() | times, max_size=3)


def record(of: dict[UUID, datetime | None]) -> IncidentRecord:
    """With these arrivals."""
    return IncidentRecord(
        incident_id=UUID(int=9),
        number="20261123-0001",
        category=Category.OTHER,
        priority=Priority.LOW,
        received_at=CALLED,
        on_scene_at=min((one for one in of.values() if one is not None), default=None),
        state=IncidentState.CLOSED,
    )


@given(rulings, arrivals)
def test_only_the_newest_of_each_counts(given: list[Ruling], of: dict[UUID, datetime | None]) -> None:
    """What was ruled before and overruled since has no part in the figure."""
    assert reviewed(record(of), list(in_force(given).values()), of) == reviewed(record(of), given, of)


@given(rulings, arrivals)
def test_to_let_all_stand_gives_the_record_back(given: list[Ruling], of: dict[UUID, datetime | None]) -> None:
    """Nothing is lost by any ruling: the figure as recorded can always be had again."""
    back = [*given, *(Ruling(K.STANDS, unit) for unit in of), Ruling(K.COUNTED)]
    assert reviewed(record(of), back, of) == record(of)
    assert not is_corrected(None, of, back)


@given(rulings, arrivals)
def test_rulings_on_different_things_may_come_in_any_order(
    given: list[Ruling], of: dict[UUID, datetime | None]
) -> None:
    """Those on units do not touch the exclusion, and the other way round."""
    on_units = [one for one in given if one.kind not in ON_THE_INCIDENT]
    on_incident = [one for one in given if one.kind in ON_THE_INCIDENT]
    assert reviewed(record(of), on_units + on_incident, of) == reviewed(record(of), given, of)
    after = arrivals_after(of, given)
    assert after.keys() == of.keys()
    assert reviewed(record(of), given, of).on_scene_at == min((one for one in after.values() if one), default=None)
