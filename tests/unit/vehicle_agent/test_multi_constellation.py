"""Receivers of many systems, two on one line, 2D, leap seconds: what one epoch is then."""

from __future__ import annotations

from random import Random

import pytest

from tests.unit.vehicle_agent.test_epoch import GGA, RMC, decode
from tests.unit.vehicle_agent.test_nmea import sentence
from vehicle_agent.decoders import NmeaDecoder
from vehicle_agent.leaps import Leaps, distance_m
from vehicle_agent.receiver import FLAT_ACCURACY_M, Position

# GPS, the combination, GLONASS, Galileo, BeiDou by both of its names, QZSS by both, NavIC, an integrated system
TALKERS = ["GP", "GN", "GL", "GA", "GB", "BD", "GQ", "QZ", "GI", "IN"]


@pytest.mark.parametrize("talker", TALKERS)
def test_every_systems_talker_is_understood(talker: str) -> None:
    """One epoch of RMC, GNS, VTG and GSA, whichever system signs them."""
    (place,) = decode(
        f"{talker}RMC,010203.00,A,2328.8000,N,12027.0000,E,,,231126,,,A,V",
        f"{talker}GNS,010203.00,2328.8000,N,12027.0000,E,AAAANN,18,0.9,40.5,17.0,,,V",
        f"{talker}VTG,90.0,T,,M,20.0,N,37.0,K,A",
        f"{talker}GSA,A,3,1,2,3,,,,,,,,,,1.5,0.9,1.2,4",
    )
    assert place is not None
    assert (place.altitude_m, place.accuracy_m, place.course_deg) == (40.5, 4.5, 90.0)
    assert [place.lat, place.lon, place.speed_mps] == pytest.approx([23.48, 120.45, 10.289])


def test_five_systems_in_one_epoch_are_one_position() -> None:
    """GN for the position, one GSA a system, satellites in view between them."""
    systems = [f"GNGSA,A,3,1,2,3,,,,,,,,,,1.5,0.9,1.2,{number}" for number in range(1, 6)]
    views = [f"{talker}GSV,1,1,01,05,40,083,46" for talker in TALKERS]
    places = decode(
        RMC.format("010203.00", "231126").replace("GPRMC", "GNRMC"),
        "GNVTG,90.0,T,,M,20.0,N,37.0,K,A",
        GGA.format("010203.00").replace("GPGGA", "GNGGA"),
        *systems,
        *views,
        RMC.format("010204.00", "231126").replace("GPRMC", "GNRMC"),
    )
    assert len(places) == 2
    assert None not in places


def test_a_gns_with_one_system_measured_is_a_fix_and_with_none_is_not() -> None:
    """The mode has one letter a system."""
    for modes, fixes in (("NAN", True), ("NNND", True), ("NNNN", False), ("EENN", True)):
        gns = f"GNGNS,010203.00,2328.8000,N,12027.0000,E,{modes},12,0.9,40.5,17.0,,,V"
        (place,) = decode("GNZDA,010203.00,23,11,2026,00,00", gns)
        assert (place is not None) is fixes
        if modes == "EENN":
            assert place is not None
            assert place.accuracy_m == 100.0


def test_a_2d_fix_keeps_its_place_but_not_its_height() -> None:
    """The height of a 2D fix is assumed, and the place no better than 25 m; one system in 3D makes it 3D."""
    given = [RMC.format("010203.00", "231126"), GGA.format("010203.00")]
    flat_gsa, full_gsa = (f"GNGSA,A,{kind},1,2,3,,,,,,,,,,2.0,1.2,1.6,1" for kind in (2, 3))
    (flat,), (full,) = decode(*given, flat_gsa), decode(*given, flat_gsa, full_gsa)
    assert flat is not None
    assert full is not None
    assert (flat.altitude_m, flat.accuracy_m) == (None, FLAT_ACCURACY_M)
    assert (full.altitude_m, full.accuracy_m) == (40.5, 6.0)
    assert (flat.lat, flat.lon) == (full.lat, full.lon)


def test_a_leap_second_harms_nothing() -> None:
    """23:59:60 is no time that the link has; the seconds round it are told as they are, the next day's date right."""
    places = decode(
        RMC.format("235959.00", "311226"),
        RMC.format("235960.00", "311226"),
        GGA.format("235960.00"),
        RMC.format("000000.00", "010127"),
        GGA.format("000001.00"),
    )
    times_ms = [place.time_ms for place in places if place is not None]
    assert [time_ms - times_ms[0] for time_ms in times_ms] == [0, 1000, 2000]


def test_a_cold_start_is_told_from_its_first_dated_fix() -> None:
    """Time before date before fix, as a cold receiver finds them; nothing is guessed on the way."""
    places = decode(
        "GNRMC,,V,,,,,,,,,,N",
        "GNGGA,,,,,,0,00,99.99,,,,,,",
        "GNRMC,010200.00,V,,,,,,,,,,N",
        "GNGGA,010200.00,,,,,0,00,99.99,,,,,,",
        "GNRMC,010201.00,V,,,,,,,060180,,,N",
        "GNGGA,010202.00,2328.8000,N,12027.0000,E,1,04,3.0,40.5,M,,M,,",
        RMC.format("010203.00", "231126"),
        GGA.format("010204.00"),
    )
    assert [place.time_ms for place in places if place is not None] == [1_795_395_723_000, 1_795_395_724_000]


def _burst(second: int, tenth: int, minutes_north: float) -> bytes:
    """What a standing receiver says in this second; `tenth`: its place in the second."""
    clock, place = f"01{second // 60:02d}{second % 60:02d}.{tenth}0", f"23{minutes_north:07.4f},N,12027.0000,E"
    rmc = sentence(f"GPRMC,{clock},A,{place},0.0,,231126,,,A")
    return rmc + sentence(f"GPGGA,{clock},{place},1,08,1.2,40.5,M,,M,,")


def _collided(one: bytes, other: bytes, chance: Random) -> bytes:
    """Both on the same wire: mostly one after the other, else cut into each other; at times a bit is flipped."""
    mixed = bytearray()
    while one or other:
        size = len(one) if chance.random() < 0.6 else chance.randint(1, 80)
        mixed += one[:size]
        one, other = other, one[size:]
    if chance.random() < 0.2:
        mixed[chance.randrange(len(mixed))] ^= 1 << chance.randrange(8)
    return bytes(mixed)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("tenth", [0, 5])
def test_two_receivers_on_one_line_put_the_car_nowhere_else(seed: int, tenth: int) -> None:
    """Ten minutes of two receivers 20 m apart whose bytes cut into each other: what is told lies where one of them
    stands, once a second at most and in order, and there are fixes most of the time."""
    chance = Random(seed)
    decoder, leaps, told = NmeaDecoder(), Leaps(), list[Position]()
    for second in range(600):
        said = _collided(_burst(second, 0, 28.8), _burst(second, tenth, 28.8108), chance)
        for place in [*decoder.feed(said), *decoder.flush()]:
            if place is not None:
                told += leaps.feed(place)
    here = Position(time_ms=0, lat=23.48, lon=120.45)
    assert all(distance_m(here, place) < 25 for place in told)
    times_ms = [place.time_ms for place in told]
    assert times_ms == sorted(set(times_ms))
    assert len(told) > 300
