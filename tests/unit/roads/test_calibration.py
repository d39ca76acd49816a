"""Factors learned from drives at known true speeds: near to the truth where there are many, to the priors where few."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from dispatch.roads.calibration import Drive, Drives, Errors, columns, errors, learn
from dispatch.roads.conditions import Conditions, arc_times_s
from dispatch.roads.huber import fitted, middle
from dispatch.roads.matching import Driven, Matcher
from dispatch.roads.metric import Floats
from dispatch.roads.speed_factors import BANDS, KINDS, PRIORS, SHAPE, SpeedFactors, band_of, cells, kind_of
from dispatch.roads.speeds import CLASSES
from dispatch.roads.street_map import Ints
from dispatch.roads.way_points import way_points
from tests.support.drives import Seen, drive, true_speeds
from tests.unit.roads.generated import city, city_places, streets

TRUTH = true_speeds(primary=1.3, secondary=1.1, tertiary=0.85, residential=1.2)
HOURS = (3, 10, 17)


@cache
def fleet(seed: int, number: int) -> tuple[Seen, ...]:
    """Drives of cars with and without lights and of motorcycles, at night, by day and in the peak."""
    rng, places = np.random.default_rng(seed), city_places(seed, 2 * number)
    return tuple(
        drive(
            city(),
            places[2 * n],
            places[2 * n + 1],
            rng,
            TRUTH,
            hour=HOURS[n % 3],
            motorcycle=n % 4 == 3,
            lights=n % 2 == 0,
            gap_chance=0.2,
        )
        for n in range(number)
    )


@cache
def matcher() -> Matcher:
    return Matcher(streets())


def of(seen: tuple[Seen, ...]) -> Drives:
    driven = matcher().match([way_points(one.at_s, one.lat, one.lon) for one in seen])
    told = [
        Drive(one, two.hour, motorcycle=two.motorcycle, lights=two.lights)
        for one, two in zip(driven, seen, strict=True)
        if one.metres > 300
    ]
    return columns(streets(), told)


@cache
def many() -> Drives:
    return of(fleet(5, 450))


def half(drives: Drives) -> tuple[Drives, Drives]:
    """Of each kind some to learn from, others to check by."""
    held = np.random.default_rng(1).random(len(drives)) < 0.25
    return drives.take(~held), drives.take(held)


def off_by(factor: Floats, truth: Floats, weight: Ints) -> float:
    """Mean distance in logarithms, weighted."""
    return float(np.average(np.abs(np.log(factor / truth)), weights=weight))


def test_with_many_drives_the_factors_come_close_to_the_true_ones() -> None:
    """Error, gaps, waits in lumps and all: on average within 8 %, and every cell with many drives within 16 %."""
    found = learn(many())
    driven = found.drives > 0
    assert off_by(found.factor[driven], TRUTH.factor[driven], found.drives[driven]) < 0.08
    assert off_by(np.ones(driven.sum()), TRUTH.factor[driven], found.drives[driven]) > 0.18
    often = found.drives >= 45
    assert often.sum() >= 8
    assert np.abs(np.log(found.factor[often] / TRUTH.factor[often])).max() < 0.15


def test_on_drives_not_learned_from_they_beat_the_priors() -> None:
    """Bias and spread both, and nearly as good as the truth itself, which no estimate can beat."""
    to_learn, held = half(many())
    learned = SpeedFactors(1, learn(to_learn).factor)
    before, after, best = (errors(held, speeds) for speeds in (PRIORS, learned, TRUTH))
    assert abs(before.median_log_ratio) > 0.1 > abs(after.median_log_ratio) + 0.02
    assert after.mae_s < 0.8 * before.mae_s
    assert after.p90_s < before.p90_s
    assert after.mae_s < 1.12 * best.mae_s


def test_with_few_drives_they_stay_near_the_priors() -> None:
    """Three drives that were 30 % slower move nothing by more than a tenth; none at all leave ones."""
    few = many().take(np.arange(len(many())) < 3)
    assert np.abs(np.log(learn(few).factor)).max() < 0.1
    nothing = learn(many().take(np.zeros(len(many()), dtype=bool)))
    assert np.all(nothing.factor == 1)
    assert not nothing.drives.any()


def spoilt(seen: Seen, rng: np.random.Generator) -> Seen:
    """Parked for twenty minutes, or twice for two, on the way; and three fixes kilometres away."""
    at_s, lat, lon = seen.at_s.copy(), seen.lat.copy(), seen.lon.copy()
    middle_of = len(at_s) // 2
    for where, stood_s in (
        ((middle_of, 1200.0),) if rng.random() < 0.5 else ((middle_of, 120.0), (3 * len(at_s) // 4, 120.0))
    ):
        at_s[where:] += stood_s
    leaps = rng.integers(1, len(at_s) - 1, 3)
    lat[leaps] += rng.choice([-0.05, 0.05], 3)
    return Seen(at_s, lat, lon, seen.arcs, seen.hour, seen.motorcycle, seen.lights)


def test_outliers_hardly_move_them() -> None:
    """One drive in eight was parked on its way and every eighth has leaps: a few per cent at most."""
    rng = np.random.default_rng(3)
    dirty = of(tuple(spoilt(one, rng) if n % 8 == 0 else one for n, one in enumerate(fleet(5, 450))))
    clean_found, dirty_found = learn(many()), learn(dirty)
    driven = clean_found.drives > 0
    assert off_by(dirty_found.factor[driven], clean_found.factor[driven], clean_found.drives[driven]) < 0.04


def test_what_is_never_driven_follows_its_kind_and_another_kind_is_left_alone() -> None:
    """Cars with lights say nothing of motorcycles; of a motorway nobody drove they say what they say of all streets."""
    kinds = many().kind == kind_of(motorcycle=False, lights=True)
    found = learn(many().take(kinds))
    assert np.all(found.factor[kind_of(motorcycle=True, lights=False)] == 1)
    motorway = found.factor[kind_of(motorcycle=False, lights=True), :, CLASSES.index("motorway")]
    assert len(set(motorway.tolist())) == 1
    assert motorway[0] != 1


def test_a_leg_across_two_classes_is_shared_out_by_what_each_is_learned_to_take() -> None:
    """Every leg holds as much of a primary street, twice as slow as thought, as of a right one: the whole is right."""
    drives, rng = 200, np.random.default_rng(0)
    cell = [(1 * len(BANDS) + 1) * len(CLASSES) + CLASSES.index(name) for name in ("primary", "tertiary")]
    share = rng.uniform(0.1, 0.9, (drives, 2))
    legs = Drives(
        kind=np.ones(drives, dtype=np.int32),
        leg_s=100 * (1.6 * share[:, 0] + share[:, 1]),
        leg_drive=np.arange(drives, dtype=np.int32),
        piece_leg=np.repeat(np.arange(drives, dtype=np.int32), 2),
        piece_cell=np.tile(np.array(cell, dtype=np.int32), drives),
        piece_s=100 * share.ravel(),
    )
    found = learn(legs).factor.ravel()[cell]
    assert found[0] == pytest.approx(1.6, rel=0.08)
    assert found[1] == pytest.approx(1.0, rel=0.08)
    assert errors(legs, SpeedFactors(1, learn(legs).factor)).mae_s < errors(legs, PRIORS).mae_s / 4


def test_errors_are_what_they_say() -> None:
    """By hand: two drives of 100 s expected took 110 and 80."""
    legs = np.arange(2, dtype=np.int32)
    drives = Drives(legs * 0, np.array([110.0, 80.0]), legs, legs, legs * 0, np.array([100.0, 100.0]))
    found = errors(drives, PRIORS)
    assert found == Errors(2, pytest.approx(np.log(1.1 * 0.8) / 2, abs=1e-4), 15.0, 19.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no drive"):
        errors(drives.take(np.zeros(2, dtype=bool)), PRIORS)
    nothing = Driven(np.zeros(0), np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))
    assert len(columns(streets(), [])) == 0
    assert columns(streets(), [Drive(nothing, 3, motorcycle=False, lights=False)]).took_s.tolist() == [0]


def test_the_middle_is_the_mean_of_what_agrees() -> None:
    """As numpy's mean of good numbers; hardly moved by a tenth that are wild; weights count; of nothing it is 0."""
    rng = np.random.default_rng(0)
    good = rng.normal(0.2, 0.1, 900)
    ones = np.ones(1000)
    assert middle(good, ones[:900]) == pytest.approx(good.mean(), abs=0.003)
    assert middle(np.append(good, np.full(100, 5.0)), ones) == pytest.approx(0.2, abs=0.03)
    assert middle(np.array([1.0, 2.0, 2.0]), np.array([98.0, 1.0, 1.0])) == 1.0
    assert middle(np.zeros(0), np.zeros(0)) == 0.0
    assert fitted(np.zeros((0, 2)), np.zeros(0), np.ones(2)).tolist() == [0, 0]
    line = rng.normal(0, 1, (500, 2))
    values = line @ np.array([1.0, -2.0]) + rng.normal(0, 0.1, 500)
    values[:50] = 40.0
    assert fitted(line, values, np.full(2, 1e-6)) == pytest.approx([1, -2], abs=0.03)


def test_factors_are_written_and_read_to_the_digit() -> None:
    """As JSON and back; and every hour has a band, the peaks of the priors among the peaks."""
    found = learn(many())
    again = SpeedFactors.of_cells(7, cells(found.factor, found.drives))
    assert np.array_equal(again.factor, found.factor)
    assert again.version == 7
    assert cells(PRIORS.factor, np.zeros(SHAPE, dtype=int)) == []
    assert [BANDS[band_of(hour)] for hour in (None, 0, 5, 6, 8, 12, 18, 23)] == [
        *("day", "night", "night", "day", "peak", "day", "peak", "night")
    ]
    assert [KINDS[kind_of(motorcycle=m, lights=v)] for m, v in KINDS] == list(KINDS)


def test_learned_speeds_reach_every_question_and_priors_give_the_same_digits_again() -> None:
    """ETAs, routes, matrices with and without lights; searches of one version are never another's."""
    places = city_places(9, 12)
    target, sources, motorcycles = places[0], places[1:], [n % 2 == 0 for n in range(11)]
    slow = SpeedFactors(3, np.full(SHAPE, 1.25))
    travel, at = city(), Conditions(hour=17)
    stands = travel.stand(sources, motorcycles=motorcycles)
    before = travel.matrix([target, target], stands, conditions=at, lights=[True, False]).time_s
    changed = travel.with_speeds(slow)
    after = changed.matrix([target, target], stands, conditions=at, lights=[True, False]).time_s
    access = travel.with_speeds(SpeedFactors(4, np.ones(SHAPE))).matrix([target, target], stands, conditions=at).time_s
    assert access == pytest.approx(before)
    assert np.all(after > 1.1 * before)
    assert np.all(after <= 1.25 * before + 1e-6)
    eta = changed.etas(target, sources, motorcycles=motorcycles, conditions=at)
    assert [one.eta_s for one in eta] == pytest.approx(after[1].tolist())
    route = changed.route(sources[0], target, motorcycle=True, conditions=at)
    assert route.eta_s == pytest.approx(after[1][0])
    assert route.street_class in CLASSES
    again = changed.with_speeds(PRIORS).matrix([target, target], stands, conditions=at, lights=[True, False]).time_s
    assert np.array_equal(again, before)
    assert np.array_equal(travel.matrix([target, target], stands, conditions=at).time_s, before)
    with pytest.raises(ValueError, match="lights"):
        travel.matrix([target], stands, lights=[True, False])


def test_lights_and_vehicles_have_their_own_factors() -> None:
    """Slower with lights alone: the way without them is as before, and so is a motorcycle's."""
    factor = np.ones(SHAPE)
    factor[kind_of(motorcycle=False, lights=True)] = 1.5
    travel = city().with_speeds(SpeedFactors(5, factor))
    target, *sources = city_places(15, 5)
    stands = travel.stand(sources, motorcycles=[False, True, False, True])
    plain = city().matrix([target], stands).time_s[0]
    lit, unlit = travel.matrix([target, target], stands, lights=[True, False]).time_s
    assert unlit == pytest.approx(plain)
    assert lit[[1, 3]] == pytest.approx(plain[[1, 3]])
    assert np.all(lit[[0, 2]] > 1.3 * plain[[0, 2]])
    times_s = arc_times_s(streets(), Conditions(lights=True), speeds=travel.speeds)
    assert times_s == pytest.approx(1.5 * arc_times_s(streets(), Conditions()))
