"""All units to all places at once: the same answers as one by one, and searches that are kept while units move."""

from __future__ import annotations

from threading import Thread

import numpy as np
import pytest

from dispatch.domain.geometry import Position, distance_m
from dispatch.roads.conditions import Conditions
from dispatch.roads.reach_cache import TREES_MAX, TREES_MIN, ReachCache, trees_kept
from dispatch.roads.snapping import Heading
from dispatch.roads.speeds import DEFAULT_SPEED_MPS, DETOUR, MOTORCYCLE_DELAY_SHARE, MOTORCYCLE_FACTOR
from dispatch.roads.travel import NO_WAY, TravelTimes
from tests.unit.roads.generated import city, city_places, streets

FAR = Position(23.56, 120.45)


def test_the_matrix_is_what_single_questions_say() -> None:
    """Every cell is the answer of `etas`, headings, far units and far places included."""
    targets, units = [*city_places(1, 7), FAR], [*city_places(2, 30), Position(23.57, 120.46)]
    rng = np.random.default_rng(3)
    headings = [None if n % 3 == 0 else Heading(float(rng.uniform(0, 360)), 9.0) for n in range(len(units))]
    matrix = city().matrix(targets, city().stand(units, headings))
    for row, target in enumerate(targets):
        etas = city().etas(target, units, headings=headings)
        np.testing.assert_array_equal(matrix.time_s[row], [eta.eta_s for eta in etas])
        np.testing.assert_array_equal(matrix.distance_m[row], [eta.distance_m for eta in etas])
        assert matrix.on_street[row].tolist() == [eta.basis == "street" for eta in etas]
    assert not matrix.on_street[-1].any()
    assert not matrix.on_street[:, -1].any()


def test_asking_again_searches_no_more() -> None:
    """Units move, the incidents stay: one search each. Another hour is another search."""
    travel = TravelTimes(streets())
    targets = city_places(4, 6)
    for seed in (5, 6, 7):
        travel.matrix(targets, travel.stand(city_places(seed, 20)))
    assert (travel._trees.misses, travel._trees.hits) == (6, 12)
    travel.matrix(targets, travel.stand(city_places(5, 20)), conditions=Conditions(hour=17))
    assert travel._trees.misses == 12


def test_without_streets_the_matrix_is_straight() -> None:
    """No map: geodesic times the detour at the default speed; no units or no places: an empty matrix."""
    targets, units = city_places(1, 2), city_places(2, 3)
    none = TravelTimes(None)
    matrix = none.matrix(targets, none.stand(units))
    metres = [[distance_m(target, unit) * DETOUR for unit in units] for target in targets]
    np.testing.assert_allclose(matrix.distance_m, metres)
    np.testing.assert_allclose(matrix.time_s, np.array(metres) / DEFAULT_SPEED_MPS)
    assert not matrix.on_street.any()
    for travel in (none, city()):
        for limit_s in (np.inf, 60.0):
            assert travel.matrix([], travel.stand(units), limit_s).time_s.shape == (0, 3)
        assert travel.matrix(targets, travel.stand([])).time_s.shape == (2, 0)


def test_beyond_the_limit_a_cell_is_never_below_it() -> None:
    """What lies within the limit is the same; beyond, the straight line's time but at least the limit."""
    targets, stands = city_places(8, 5), city().stand(city_places(9, 40))
    whole, cut = city().matrix(targets, stands), city().matrix(targets, stands, limit_s=240)
    within = whole.time_s <= 240
    np.testing.assert_array_equal(cut.time_s[within], whole.time_s[within])
    assert (cut.time_s[~within] >= 240).all()
    assert (~cut.on_street).any()


def test_motorcycles_feel_a_share_of_the_hour() -> None:
    """At the usual hour all alike; in the rush hour a motorcycle's delay is its share of the car's."""
    target, units = city_places(10, 1), city_places(11, 20)
    both = city().stand([*units, *units], motorcycles=[False] * 20 + [True] * 20)
    usual = city().matrix(target, both).time_s[0]
    np.testing.assert_array_equal(usual[:20], usual[20:])
    rush = city().matrix(target, both, conditions=Conditions(hour=17)).time_s[0]
    assert (rush[:20] > usual[:20]).all()
    assert (rush[20:] < rush[:20]).all()
    # a car that goes another way in the rush hour saves by it: its delay, of which the share is taken, is less
    share = (rush[20:] - usual[:20]) / (rush[:20] - usual[:20])
    assert share.min() == pytest.approx(MOTORCYCLE_DELAY_SHARE)
    assert share.max() < MOTORCYCLE_DELAY_SHARE + 0.1
    etas = city().etas(
        target[0], units, [MOTORCYCLE_FACTOR] * 20, motorcycles=[True] * 20, conditions=Conditions(hour=17)
    )
    np.testing.assert_allclose([eta.eta_s for eta in etas], rush[20:] * MOTORCYCLE_FACTOR)
    route = city().route(units[0], target[0], motorcycle=True, conditions=Conditions(hour=17))
    assert route.eta_s == pytest.approx(rush[20])


def test_many_threads_get_one_answer() -> None:
    """Asked by eight threads at once, the answers are those of one."""
    travel = TravelTimes(streets())
    targets, units = city_places(12, 12), city_places(13, 20)
    expected = city().matrix(targets, city().stand(units)).time_s
    answers: list[np.ndarray] = []
    threads = [
        Thread(target=lambda: answers.append(travel.matrix(targets, travel.stand(units)).time_s)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    for answer in answers:
        np.testing.assert_array_equal(answer, expected)


def test_what_was_used_last_is_kept() -> None:
    """The cache holds no more than it may, and lets go of what was not asked for longest."""
    cache_: ReachCache[int] = ReachCache(kept=2)
    for key in (1, 2, 1, 3):
        assert cache_.get(key, lambda key=key: key * 10) == key * 10  # type: ignore[misc]
    assert len(cache_) == 2
    assert (cache_.hits, cache_.misses) == (1, 3)
    assert cache_.get(1, lambda: -1) == 10
    assert cache_.get(2, lambda: -1) == -1


def test_memory_bounds_what_is_kept() -> None:
    """A town keeps all it may need, a whole country's map the least."""
    assert trees_kept(0) == trees_kept(5_000) == TREES_MAX
    assert TREES_MIN < trees_kept(100_000) < TREES_MAX
    assert trees_kept(3_000_000) == TREES_MIN


def test_spreads_come_with_the_etas() -> None:
    """Longer ways, older positions and straight lines have the wider spread."""
    target, near, far = (
        city_places(1, 1)[0],
        *sorted(city_places(2, 2), key=lambda place: city().etas(city_places(1, 1)[0], [place])[0].eta_s),
    )
    fresh = city().etas(target, [near, far, FAR], ages_s=[0, 0, 0])
    old = city().etas(target, [near, far, FAR], ages_s=[200, 200, 200])
    assert fresh[0].spread_s < fresh[1].spread_s
    assert all(a.spread_s < b.spread_s and a.eta_s == b.eta_s for a, b in zip(fresh, old, strict=True))
    assert fresh[2].spread_s / fresh[2].eta_s > fresh[1].spread_s / fresh[1].eta_s


def test_lengths_must_agree() -> None:
    """As many ages and kinds as units; without a map no graph."""
    target, unit = city_places(1, 2)
    with pytest.raises(ValueError, match="ages"):
        city().etas(target, [unit], ages_s=[1, 2])
    with pytest.raises(ValueError, match="kinds"):
        city().stand([unit], motorcycles=[])
    with pytest.raises(ValueError, match="no street map"):
        TravelTimes(None).graph()
    assert city().etas(target, [unit], limit_s=1)[0].reason == NO_WAY
