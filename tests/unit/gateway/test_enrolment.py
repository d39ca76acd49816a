"""Enrolment's pure parts: what is read as a code, and how many guesses are heard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import guesses as counting
from gateway.callers import Proxies
from gateway.enrol_protocol import ALPHABET, CODE_LENGTH, SCAN_PREFIX, digest, grouped, tidy
from gateway.guesses import ADDRESSES_LIMIT, Guesses, GuessLimits

codes = st.text(st.sampled_from(ALPHABET), min_size=CODE_LENGTH, max_size=CODE_LENGTH)


@given(codes)
def test_a_code_is_read_however_it_is_typed(code: str) -> None:
    """As shown, scanned, in lower case, full-width, with blanks, and with the letters that look like digits."""
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    misread = code.replace("0", "O").replace("1", "l")
    for typed in (grouped(code), f"{SCAN_PREFIX}{grouped(code)}", code.lower(), wide, " ".join(code), misread):
        assert tidy(typed) == code
    assert tidy(f" {grouped(code)}\n") == code


@given(st.text(max_size=30))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    """Never an exception, and what is read is a code."""
    code = tidy(typed)
    assert code is None or (len(code) == CODE_LENGTH and set(code) <= set(ALPHABET))


@pytest.mark.parametrize("typed", ["", "K7M2-9XQ", "K7M2-9XQDD", "K7M2-9XQU", "警K7M29XQ"])
def test_what_is_no_code(typed: str) -> None:
    """Too short, too long, a letter that no code has."""
    assert tidy(typed) is None


def test_the_stored_hash_tells_codes_apart() -> None:
    """The same code gives the same hash, another one another."""
    assert digest("K7M29XQD") == digest("K7M29XQD") != digest("K7M29XQE")
    assert "K7M2" not in digest("K7M29XQD")


class Clock:
    """Seconds as the test says."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_guesses_of_one_address_and_of_all() -> None:
    """So many at once, so many a minute; a right one costs nothing; one address does not use up another's, but all
    together use up what there is for all."""
    clock = Clock()
    guesses = Guesses(GuessLimits(burst_per_address=3, per_address_per_min=1, burst=5, per_min=60), clock)
    for _ in range(20):
        assert guesses.take("a") == 0
        guesses.was_right("a")
    assert [guesses.take("a") for _ in range(3)] == [0, 0, 0]
    assert 1 <= guesses.take("a") <= 61
    assert [guesses.take("b") for _ in range(2)] == [0, 0]
    assert guesses.take("c") >= 1
    clock.now_s += 2
    assert guesses.take("c") == 0
    clock.now_s += 60
    assert guesses.take("a") == 0
    assert guesses.take("a") > 0


def test_a_storm_of_addresses_stays_small() -> None:
    """Guessing from ever new addresses fills no memory and gains nothing."""
    clock = Clock()
    guesses = Guesses(GuessLimits(burst_per_address=1, per_address_per_min=0.001, burst=1e9, per_min=1e9), clock)
    assert sum(guesses.take(f"10.0.{n // 256}.{n % 256}") == 0 for n in range(ADDRESSES_LIMIT + 500)) <= (
        ADDRESSES_LIMIT + 1
    )
    assert len(guesses._by_address) <= ADDRESSES_LIMIT + 1
    clock.now_s += 1e9
    assert guesses.take("10.9.9.9") == 0
    assert len(guesses._by_address) < ADDRESSES_LIMIT


def test_a_storm_of_addresses_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all places taken, a guess from a new address does not look through all of them again."""
    looked: list[float] = []

    def look(_bucket: object, now_s: float) -> bool:
        looked.append(now_s)
        return False

    monkeypatch.setattr(counting, "ADDRESSES_LIMIT", 20)
    monkeypatch.setattr(counting._Bucket, "full", look)
    clock = Clock()
    storm = Guesses(GuessLimits(burst=1e9), clock)
    for n in range(500):
        storm.take(f"10.0.{n // 256}.{n % 256}")
    assert len(looked) == 20
    clock.now_s += counting.SWEEP_EVERY_S
    storm.take("10.9.9.9")
    assert len(looked) > 20


def test_what_was_right_gives_no_more_than_there_is() -> None:
    """A right code whose answer took a while must not leave more guesses than there are at once; among those that share
    a bucket it is given back to that one."""
    clock = Clock()
    guesses = Guesses(GuessLimits(burst_per_address=2, per_address_per_min=60, burst=100, per_min=600), clock)
    for _ in range(5):
        assert guesses.take("a") == 0
        clock.now_s += 10
        guesses.take("b")
        guesses.was_right("a")
    clock.now_s += 0.001
    assert [guesses.take("a") == 0 for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("remote", "forwarded", "caller"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.1:4711"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6", "198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("::ffff:127.0.0.1", ["[2001:db8:1:2:3::4]:99"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3::4%eth0", [], "2001:db8:1:2::/64"),
        ("127.0.0.1", ["nonsense"], "127.0.0.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("", ["1.2.3.4"], ""),
    ],
)
def test_whom_a_limit_is_counted_against(remote: str, forwarded: list[str], caller: str) -> None:
    """Whoever connects; behind proxies that are trusted whom they name, and nothing that a caller may write itself."""
    assert Proxies("127.0.0.1, 10.0.0.0/8").caller(remote, forwarded) == caller


def test_which_proxies_are_trusted_is_checked() -> None:
    """A name is none; a star trusts everybody."""
    with pytest.raises(ValueError, match=r"proxy\.example"):
        Proxies("proxy.example.org")
    assert Proxies("*").caller("203.0.113.9", ["1.2.3.4"]) == "1.2.3.4"
