"""Sentences of one epoch to one position."""

from __future__ import annotations

import pytest

from tests.unit.vehicle_agent.test_nmea import sentence
from vehicle_agent.decoders import NmeaDecoder
from vehicle_agent.receiver import Position

GGA = "GPGGA,{0},2328.8000,N,12027.0000,E,1,08,1.2,40.5,M,,M,,"
RMC = "GPRMC,{0},A,2328.8000,N,12027.0000,E,20.0,90.0,{1},,,A"


def decode(*bodies: str) -> list[Position | None]:
    """What these sentences say, the last epoch closed."""
    decoder = NmeaDecoder()
    return decoder.feed(b"".join(map(sentence, bodies))) + decoder.flush()


def test_one_epoch_gives_one_position_with_members_from_all_its_sentences() -> None:
    """Place and height come from GGA, date and speed from RMC, accuracy from HDOP; in the project's units."""
    (place,) = decode(
        RMC.format("010203.50", "231126"), GGA.format("010203.50"), "GPGSA,A,3,1,2,3,,,,,,,,,,2.0,1.2,1.6"
    )
    assert place is not None
    assert (place.time_ms, place.accuracy_m, place.course_deg, place.altitude_m) == (1_795_395_723_500, 6.0, 90.0, 40.5)
    assert [place.lat, place.lon, place.speed_mps] == pytest.approx([23.48, 120.45, 10.289])


def test_the_order_of_sentences_does_not_matter() -> None:
    """Receivers begin their cycle with any sentence."""
    rmc, gga = RMC.format("010203.00", "231126"), GGA.format("010203.00")
    assert decode(rmc, gga) == decode(gga, rmc)


@pytest.mark.parametrize(
    "denial",
    [
        "GPRMC,010203.00,V,2328.8000,N,12027.0000,E,0.0,0.0,231126,,,N",
        "GPRMC,010203.00,A,2328.8000,N,12027.0000,E,0.0,0.0,231126,,,N",
        "GPRMC,010203.00,A,2328.8000,N,12027.0000,E,0.0,0.0,231126,,,S",
        "GPRMC,010203.00,A,2328.8000,N,12027.0000,E,0.0,0.0,231126,,,M",
        "GPGGA,010203.00,2328.8000,N,12027.0000,E,0,00,,,M,,M,,",
        "GPGGA,010203.00,2328.8000,N,12027.0000,E,7,08,1.0,,M,,M,,",
        "GPGGA,010203.00,2328.8000,N,12027.0000,E,8,08,1.0,,M,,M,,",
        "GNGNS,010203.00,2328.8000,N,12027.0000,E,NN,00,,,,,",
        "GPGSA,A,1,,,,,,,,,,,,,,,",
    ],
)
def test_no_position_where_the_receiver_has_no_fix(denial: str) -> None:
    """One sentence that denies a measured position outweighs all that give one."""
    given = [RMC.format("010203.00", "231126"), GGA.format("010203.00")]
    kept = [body for body in given if body[2:5] != denial[2:5]]
    assert len(decode(*given)) == 1
    assert decode(*kept, denial) == [None]


def test_one_constellation_without_a_fix_does_not_deny_the_others() -> None:
    """Of several GSA, one with fix type 1 only says that its constellation is not used."""
    given = [RMC.format("010203.00", "231126"), "GNGSA,A,3,1,2,3,,,,,,,,,,2.0,1.2,1.6,1", "GNGSA,A,1,,,,,,,,,,,,,,,,2"]
    assert decode(*given) != [None]


def test_without_a_date_nothing_is_reported() -> None:
    """A time of day alone is no time; guessing the date would forge the receiver's time."""
    assert decode(GGA.format("010203.00"), GGA.format("010204.00")) == [None, None]


def test_a_void_date_is_not_believed() -> None:
    """Receivers without a fix send garbage dates; a later GGA must not inherit one."""
    void = "GPRMC,010203.00,V,,,,,,,161206,,,N"
    assert decode(void, GGA.format("010204.00")) == [None, None]


def test_the_date_counts_on_over_midnight() -> None:
    """A GGA just after midnight belongs to the next day of the last dated epoch."""
    before, after = decode(RMC.format("235959.00", "311226"), GGA.format("000000.00"))
    assert before is not None
    assert after is not None
    assert after.time_ms - before.time_ms == 1000


def test_the_date_of_zda_serves_receivers_without_rmc() -> None:
    """ZDA and GGA of the same time make a dated position."""
    (place,) = decode(GGA.format("010203.00"), "GPZDA,010203.00,23,11,2026,00,00")
    assert place is not None
    assert place.time_ms == 1_795_395_723_000


def test_dead_reckoning_is_reported_as_no_better_than_it_is() -> None:
    """An estimate keeps the car on the map, but its accuracy can witness no arrival."""
    (place,) = decode(
        "GPRMC,010203.00,A,2328.8000,N,12027.0000,E,20.0,90.0,231126,,,E",
        "GPGGA,010203.00,2328.8000,N,12027.0000,E,6,00,1.2,40.5,M,,M,,",
    )
    assert place is not None
    assert place.accuracy_m == 100.0


def test_the_receivers_own_error_estimate_goes_before_hdop() -> None:
    """GST gives metres; HDOP is only geometry."""
    (place,) = decode(RMC.format("010203.00", "231126"), GGA.format("010203.00"), "GPGST,010203.00,5,,,,3.0,4.0,7.0")
    assert place is not None
    assert place.accuracy_m == 5.0


def test_a_standing_car_has_no_course() -> None:
    """Below walking speed a receiver's course turns in circles, and VTG's km/h serve where knots are absent."""
    still, moving = decode(
        "GPRMC,010203.00,A,2328.8,N,12027.0,E,0.2,90.0,231126,,,A",
        "GPRMC,010204.00,A,2328.8,N,12027.0,E,,,231126,,,A",
        "GPVTG,45.0,T,,M,,N,36.0,K,A",
    )
    assert still is not None
    assert moving is not None
    assert still.course_deg is None
    assert still.speed_mps == pytest.approx(0.103)
    assert (moving.course_deg, moving.speed_mps) == (45.0, 10.0)


def test_a_ten_hertz_receiver_gives_one_position_a_second() -> None:
    """The link gets at most one fix a second of the receiver's time."""
    places = decode(*(RMC.format(f"0102{tenth // 10:02d}.{tenth % 10}0", "231126") for tenth in range(50)))
    times_ms = [place.time_ms for place in places if place is not None]
    assert [time_ms - times_ms[0] for time_ms in times_ms] == [0, 1000, 2000, 3000, 4000]


def test_a_receiver_whose_second_wanders_loses_none() -> None:
    """999 ms after the last fix is the next second, not the same one."""
    places = decode(RMC.format("010203.810", "231126"), RMC.format("010204.809", "231126"))
    assert len(places) == 2


def test_a_flushed_epoch_is_not_told_twice() -> None:
    """Sentences that come late for an epoch closed by a quiet line don't make a second position of it."""
    decoder = NmeaDecoder()
    first = decoder.feed(sentence(RMC.format("010203.00", "231126"))) + decoder.flush()
    late = decoder.feed(sentence(GGA.format("010203.00"))) + decoder.flush()
    assert (len(first), late) == (1, [])


@pytest.mark.parametrize("year", ["0001", "1979", "2201", "9999", "0000"])
def test_a_year_that_no_receiver_lives_in_is_no_date(year: str) -> None:
    """Before GPS began, or at the ends of the calendar, where a day more or less has no date: the fix waits for one."""
    zda, rmc = f"GPZDA,235959.00,01,01,{year},00,00", RMC.format("235959.00", "")
    night = f"GPZDA,000001.00,31,12,{year},00,00"
    later = [GGA.format(at) for at in ("000001.00", "120000.00", "000000.00")]
    assert decode(zda, rmc, night, *later) == [None] * 4
