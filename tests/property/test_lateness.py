"""Laws of the chance to be late: a probability, and never smaller for a longer way or a longer wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.lateness import Lateness, Way, attention, under_way, waiting
from dispatch.roads.eta_spread import spread_s

TARGET_S = 600.0
ROUNDING = 1e-9
times = st.floats(0, 1200)
etas = st.floats(0, 3600)
ages = st.floats(0, 1500)
delays = st.floats(0, 120)
roads = st.booleans()


def _way(eta_s: float, age_s: float, *, on_street: bool) -> Way:
    return Way("u", eta_s, float(spread_s(eta_s, position_age_s=age_s, on_street=on_street)))


def _chance(lateness: Lateness) -> float:
    assert lateness.chance is not None
    assert 0 <= lateness.chance <= 1
    return lateness.chance


@given(times, etas, etas, ages, delays, roads)
def test_a_longer_way_is_never_more_likely_in_time(
    waited_s: float, one_s: float, other_s: float, age_s: float, delay_s: float, on_street: bool
) -> None:
    """For a unit under way and for a candidate, with the spread that each ETA has, however old the position."""
    near, far = (_way(eta_s, age_s, on_street=on_street) for eta_s in sorted((one_s, other_s)))
    assert _chance(under_way(waited_s, [near], TARGET_S)) <= _chance(under_way(waited_s, [far], TARGET_S)) + ROUNDING
    sooner, later = (waiting(waited_s, way, delay_s, TARGET_S) for way in (near, far))
    assert _chance(sooner) <= _chance(later) + ROUNDING


@given(times, times, etas, ages, delays, roads)
def test_a_longer_wait_is_never_more_likely_in_time(
    one_s: float, other_s: float, eta_s: float, age_s: float, delay_s: float, on_street: bool
) -> None:
    """The same way from a later moment; past the target it is certain."""
    early_s, late_s = sorted((one_s, other_s))
    way = _way(eta_s, age_s, on_street=on_street)
    sent = [_chance(under_way(waited_s, [way], TARGET_S)) for waited_s in (early_s, late_s)]
    unsent = [_chance(waiting(waited_s, way, delay_s, TARGET_S)) for waited_s in (early_s, late_s)]
    for sooner, later in (sent, unsent):
        assert sooner <= later + ROUNDING
        assert late_s < TARGET_S or later == 1


@given(times, st.lists(st.tuples(etas, ages), min_size=1, max_size=5), etas, ages)
def test_one_more_unit_on_the_way_never_makes_it_worse(
    waited_s: float, ways: list[tuple[float, float]], eta_s: float, age_s: float
) -> None:
    """Whoever is sent in addition can only help, for the chance and for the place in the queue."""
    sent = [_way(eta, age, on_street=True) for eta, age in ways]
    before = under_way(waited_s, sent, TARGET_S)
    after = under_way(waited_s, [*sent, _way(eta_s, age_s, on_street=True)], TARGET_S)
    assert _chance(after) <= _chance(before)
    assert attention(after, 3.0) <= attention(before, 3.0)
