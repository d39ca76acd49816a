"""NMEA sentences out of streams of any quality."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vehicle_agent.decoders import NmeaDecoder
from vehicle_agent.nmea import Scanner


def sentence(body: str, checksum: str | None = None) -> bytes:
    """An NMEA sentence with its checksum."""
    value = 0
    for sign in body.encode():
        value ^= sign
    return f"${body}*{checksum or f'{value:02X}'}\r\n".encode()


RMC = sentence("GPRMC,123519.25,A,4807.0380,S,01131.0000,W,022.4,084.4,230394,003.1,W")


def test_reads_every_member_with_its_sign() -> None:
    """South and west are negative, the time keeps its fraction and the date its century."""
    (read,) = Scanner().feed(RMC)
    assert (read.kind, read.status, read.date, read.time) == ("RMC", "A", date(1994, 3, 23), time(12, 35, 19, 250_000))
    assert read.lat == pytest.approx(-48.1173)
    assert read.lon == pytest.approx(-11.516667)
    assert (read.speed_knots, read.course_deg) == (22.4, 84.4)


def test_refuses_a_wrong_or_missing_checksum() -> None:
    """A sentence that may be damaged is no sentence: half a longitude is another place."""
    body = RMC[1:].split(b"*")[0].decode()
    assert Scanner().feed(sentence(body, "00")) == []
    assert Scanner().feed(f"${body}\r\n".encode()) == []


def test_finds_sentences_between_garbage_and_after_partial_lines() -> None:
    """Binary bytes, a broken-off sentence and a missing line end cost nothing but themselves."""
    stream = b"\xa0\xa2\x00$)\xffnoise$GPGGA,1235" + RMC.rstrip() + b"\x00\x01$GPRMC,1,A*" + RMC
    assert [read.kind for read in Scanner().feed(stream)] == ["RMC", "RMC"]


def test_ignores_what_it_does_not_need() -> None:
    """Satellites in view, proprietary and unknown sentences are passed over, whatever they hold."""
    for body in ("GPGSV,1,1,00", "PASHR,,", "PMTK001,0", "GPXYZ,1", "PRRMC,1"):
        assert Scanner().feed(sentence(body)) == []


def test_takes_an_unknown_talker() -> None:
    """New constellations come with new talkers; the sentence is the same."""
    (read,) = Scanner().feed(sentence("X9GGA,000001.00,4807.0,N,01131.0,E,1,08,0.9,5.0,M,,M,,"))
    assert (read.kind, read.quality, read.hdop) == ("GGA", 1, 0.9)


@given(st.lists(st.integers(1, 40), max_size=20))
def test_pieces_of_any_size_give_the_same_sentences(cuts: list[int]) -> None:
    """How a serial line cuts the stream makes no difference."""
    stream = b"\x00junk$" + RMC + b"$GPGGA," + RMC * 2
    scanner, found, start = Scanner(), 0, 0
    for cut in [*cuts, len(stream)]:
        found += len(scanner.feed(stream[start : start + cut]))
        start += cut
    assert found == 3


@given(st.lists(st.binary(max_size=300) | st.sampled_from([RMC, RMC[:30], b"$GPGGA,", b"*", b"$"]), max_size=20))
def test_no_bytes_make_it_fail(pieces: list[bytes]) -> None:
    """Whatever a receiver, a bad cable or an attacker sends, decoding goes on."""
    decoder = NmeaDecoder()
    for piece in pieces:
        decoder.feed(piece)
    decoder.flush()


FIELD = st.sampled_from(
    ["", "A", "V", "N", "1", "9" * 30, "-1", "nan", "inf", "1e400", "4807.038", "123519", "x", "230394"]
)


@example("ZDA", ["", "1", "1", "9" * 30])  # a year that no calendar holds
@given(st.sampled_from(["RMC", "GGA", "GNS", "VTG", "GSA", "ZDA", "GST"]), st.lists(FIELD, max_size=20))
def test_no_well_summed_sentence_makes_it_fail(kind: str, fields: list[str]) -> None:
    """A right checksum over nonsense members is still only a sentence to pass over."""
    decoder = NmeaDecoder()
    for place in decoder.feed(sentence(",".join([f"GP{kind}", *fields]))) + decoder.flush():
        assert place is None or -90 <= place.lat <= 90
