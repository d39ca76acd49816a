"""Live slowdown: who crawls slows the others for some minutes, in that direction; who stands or waits does not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.roads.conditions import Conditions, Slowdown
from dispatch.roads.crawl import Track
from dispatch.roads.slowdown import FADE_S, STEPS, LiveSlowdown
from dispatch.roads.street_map import StreetMap
from dispatch.roads.travel import TravelTimes
from tests.unit.roads.towns import Town, place

NOON = 1_700_000_000.0
Move = tuple[float, float]
"""For so many seconds at so many m/s."""


def town() -> StreetMap:
    """Four blocks of 200 m of one street to the east, edges 0 to 3, then a way back by another in the north."""
    made = Town()
    for block in range(4):
        made.street(block, block + 1, (0, block * 200.0), (0, block * 200.0 + 200), name="中山路")
    made.street(4, 5, (0, 800), (300, 800), name="文化路")
    made.street(5, 0, (300, 800), (300, 0), (0, 0), name="北門街")
    made.street(2, 6, (0, 400), (-200, 400), name="中山路")
    return made.street_map()


def drive(
    *moves: Move, begin_m: float = 20.0, unit: object = "A1", at_s: float = NOON, west: bool = False, **more: object
) -> Track:
    """A track along the street, a fix a second with 2 m of noise, that ends at `at_s`."""
    step = np.concatenate([np.full(int(seconds), speed) for seconds, speed in moves])
    east = begin_m + np.concatenate(([0.0], np.cumsum(step))) * (-1 if west else 1)
    rng = np.random.default_rng(8)
    at = [place(*(np.array([0.0, metres]) + rng.normal(0, 2, 2))) for metres in east.tolist()]
    times = at_s - np.arange(len(at))[::-1].astype(float)
    return Track(unit, times, np.array([p.lat for p in at]), np.array([p.lon for p in at]), **more)  # type: ignore[arg-type]


def slowdown(street_map: StreetMap, tracks: Sequence[Track], now_s: float = NOON) -> Slowdown | None:
    live = LiveSlowdown(street_map)
    live.observe(tracks)
    return live.at(now_s)


def factors(street_map: StreetMap, tracks: Sequence[Track], now_s: float = NOON) -> list[float]:
    """Of the four blocks, driven east."""
    found = slowdown(street_map, tracks, now_s)
    return [1.0] * 4 if found is None else found.factor[:4].tolist()


def test_who_crawls_slows_the_street() -> None:
    """180 m at walking pace: the block is slow, its neighbours are a little, the one beyond is not asked."""
    found = factors(town(), [drive((120, 1.5))])
    assert found[0] >= 2.5
    assert 1 < found[1] < found[0]
    assert 1 <= found[2] < found[1]
    assert found[3] == 1


@pytest.mark.parametrize(
    "moves",
    [
        [(180, 0.0)],  # parked
        [(20, 9.0), (180, 0.0)],  # drove there and parks
        [(180, 0.0), (30, 9.0)],  # was parked and leaves
        [(15, 9.0), (80, 0.0), (15, 9.0)],  # a red light
        [(15, 9.0), (200, 0.0), (15, 9.0)],  # a long one, or a word with somebody
        [(60, 9.0)],  # drives
        [(60, 6.0)],  # drives slowly
        [(15, 9.0), (5, 2.0), (60, 0.0), (5, 2.0), (15, 9.0)],  # joins a short queue
    ],
)
def test_standing_is_no_jam(moves: list[Move]) -> None:
    """Parking, one stop and ordinary driving say nothing against the street."""
    assert slowdown(town(), [drive(*moves)]) is None


def test_stop_and_go_is_a_jam() -> None:
    """Stops one after another, with a few metres between them."""
    assert factors(town(), [drive(*[(20, 0.0), (8, 3.0)] * 7)])[0] >= 2


def test_the_other_direction_stays_free() -> None:
    """A jam to the east is none to the west, and the other way round."""
    street_map = town()
    east, west = (
        slowdown(street_map, [drive((120, 1.5), begin_m=begin, west=back)])
        for begin, back in ((20, False), (190, True))
    )
    assert east is not None
    assert west is not None
    back_arcs = street_map.arcs.back_of_edge[:4]
    assert (east.factor[back_arcs] == 1).all()
    assert (west.factor[:4] == 1).all()
    assert west.factor[back_arcs[0]] == east.factor[0]


def test_only_the_same_street_straight_on_takes_over() -> None:
    """The side street that turns off keeps its time, though it bears the same name."""
    street_map = town()
    found = slowdown(street_map, [drive((120, 1.5), begin_m=215)])
    assert found is not None
    assert found.factor[2] > 1
    assert found.factor[6] == 1
    assert (found.factor[4:6] == 1).all()


def test_near_its_own_scene_a_unit_may_crawl() -> None:
    """Looking for the house number is no jam; the same crawl far from the scene is."""
    near = drive((60, 1.5), scene=place(0, 60))
    assert slowdown(town(), [near]) is None
    assert slowdown(town(), [drive((120, 1.5), scene=place(300, 800))]) is not None


def test_motorcycles_say_nothing() -> None:
    """They pass queues, or wait beside them."""
    assert slowdown(town(), [drive((120, 1.5), motorcycle=True)]) is None


def test_it_fades_within_ten_minutes() -> None:
    """Less and less, and nothing after FADE_S; never more than the step before."""
    live = LiveSlowdown(town())
    live.observe([drive((120, 1.5))])
    found = [live.at(NOON + after) for after in range(0, int(FADE_S) + 60, 60)]
    first = [1.0 if slow is None else float(slow.factor[0]) for slow in found]
    assert first[0] >= 2.5
    assert all(later <= sooner for sooner, later in pairwise(first))
    assert first[5] < first[0]
    assert first[-2] <= 1.5
    assert found[-1] is None


def test_a_free_drive_says_that_the_jam_is_over() -> None:
    """The same unit, or another, that drives freely later takes the factor down at once."""
    jam = drive((120, 1.5))
    alone = factors(town(), [jam], NOON + 60)[0]
    other = factors(town(), [jam, drive((40, 9.0), unit="A2", at_s=NOON + 60)], NOON + 60)[0]
    same = factors(town(), [jam, drive((40, 9.0), at_s=NOON + 60)], NOON + 60)[0]
    assert same == 1 < other < alone


def test_two_units_are_better_evidence_than_one() -> None:
    """A second unit in the same jam raises the factor; the same minutes told twice do not."""
    jam = drive((120, 1.7))
    one = factors(town(), [jam], NOON + 300)[0]
    assert factors(town(), [jam, jam], NOON + 300)[0] == one
    assert factors(town(), [jam, drive((120, 1.7), unit="A2")], NOON + 300)[0] > one


def test_what_the_hour_explains_is_no_jam() -> None:
    """Against the rush hour's time the same drive is less slow."""
    live = [LiveSlowdown(town()) for _ in range(2)]
    for one, hour in zip(live, (None, 17), strict=True):
        one.observe([drive((120, 1.7))], hour)
    usual, rush = (one.at(NOON) for one in live)
    assert usual is not None
    assert rush is not None
    assert rush.factor[0] <= usual.factor[0]


def test_equal_factors_have_equal_versions() -> None:
    """So that kept searches serve until something changes; the factors are steps, and read-only."""
    street_map = town()
    a, b = (slowdown(street_map, [drive((120, 1.5))], NOON + after) for after in (0, 5))
    c = slowdown(street_map, [drive((120, 1.5))], NOON + 400)
    assert a is not None
    assert b is not None
    assert c is not None
    assert a.version == b.version != c.version
    assert set(a.factor.tolist()) <= set(STEPS)
    with pytest.raises(ValueError, match="read-only"):
        a.factor[0] = 1


def test_an_eta_through_the_jam_grows_and_falls_back() -> None:
    """The time through the crawled block grows, the way may go round it, and ten minutes later all is as before."""
    street_map = town()
    travel, live = TravelTimes(street_map), LiveSlowdown(street_map)
    car, scene = place(0, -1), place(0, 190)
    usual = travel.etas(scene, [car])[0]
    live.observe([drive((120, 1.5))])
    seconds = [
        travel.etas(scene, [car], conditions=Conditions(slowdown=live.at(NOON + after)))[0].eta_s
        for after in (0, 300, 700)
    ]
    assert seconds[0] > seconds[1] > seconds[2] == usual.eta_s
    against = travel.etas(car, [scene], conditions=Conditions(slowdown=live.at(NOON)))[0]
    assert against.eta_s == travel.etas(car, [scene])[0].eta_s


def test_nothing_seen_is_nothing_said() -> None:
    """No tracks, empty ones, ones far from any street."""
    nothing = np.zeros(0)
    far = drive((120, 1.5))
    away = Track("A9", far.at_s, far.lat + 1, far.lon)
    assert slowdown(town(), []) is None
    assert slowdown(town(), [Track("A1", nothing, nothing, nothing), away]) is None
    assert slowdown(town(), [Track("A1", nothing, nothing, nothing, scene=place(0, 0))]) is None


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 90), st.floats(0, 15)), min_size=1, max_size=6), st.integers(0, 700))
def test_no_track_makes_a_street_faster(moves: list[Move], later_s: int) -> None:
    """Whatever was driven: factors are 1 to the largest step, and gone after FADE_S."""
    live = LiveSlowdown(town())
    live.observe([drive(*moves)])
    found = live.at(NOON + later_s)
    if found is not None:
        assert later_s < FADE_S
        assert found.factor.min() >= 1
        assert found.factor.max() <= STEPS[-1]
