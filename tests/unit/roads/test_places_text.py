"""Spellings of one name come to one form; a typed line is read as an address or as a crossing."""

from __future__ import annotations

import pytest

from dispatch.roads.places_text import Address, address_in, crossings_in, lane_mouth, leading_number, plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("中山路二段", "中山路2段"),
        ("中山路 2 段", "中山路二段"),
        ("中山路１００號", "中山路100號"),
        ("臺灣大道", "台灣大道"),
        ("中山路十二巷", "中山路12巷"),
        ("中山路一百二十三巷", "中山路123巷"),
        ("中山路廿一巷", "中山路21巷"),
        ("中山路一〇三號", "中山路103號"),
        ("中山路12號之3", "中山路12-3號"),
        ("中山路12之3號", "中山路12-3號"),
        ("Steiner Str. 5", "steiner strasse 5"),
        ("Wiener Straße", "WIENER STRASSE"),
        ("Hauptstr.", "Hauptstraße"),
        ("Zhongshan Rd., Sec. 2", "zhongshan road section 2"),
        ("Carrer de la Unió", "carrer de la unio"),
    ],
)
def test_spellings_of_one_name_are_one_form(one: str, other: str) -> None:
    """Width, script of numerals, accents, case, abbreviations: the same form."""
    assert plain(one) == plain(other)


@pytest.mark.parametrize("name", ["三民路", "八德路", "五權街", "四維路", "百福公園"])
def test_numerals_inside_names_stay(name: str) -> None:
    """Only a numeral that counts something becomes a figure."""
    assert plain(name) == name


@pytest.mark.parametrize(
    ("text", "street", "number"),
    [
        ("中山路二段100號", "中山路2段", "100"),
        ("中山路二段100", "中山路2段", "100"),
        ("中山路123巷4弄5號3樓", "中山路123巷4弄", "5"),
        ("中山路12號之3", "中山路", "12-3"),
        ("Wiener Straße 12a", "wiener strasse", "12a"),
        ("Hauptstraße 12, Krems", "hauptstrasse", "12"),
        ("12 Main Street", "main street", "12"),
    ],
)
def test_an_address_is_taken_apart(text: str, street: str, number: str) -> None:
    """Street with lane and alley, and the house number; floors and towns behind it are not part of it."""
    assert address_in(plain(text)) == Address(street, number)


@pytest.mark.parametrize("text", ["中山路二段", "中山路123巷", "仁愛醫院", "Main Street", "100"])
def test_what_ends_with_no_house_number_is_no_address(text: str) -> None:
    """A section and a lane are parts of a street's name."""
    assert address_in(plain(text)) is None


@pytest.mark.parametrize(
    ("line", "pair"),
    [
        ("中山路與民族路口", ("中山路", "民族")),
        ("中山路／民族路口", ("中山路", "民族")),
        ("中山路 民族路", ("中山路", "民族")),
        ("中山路民族路口", ("中山路", "民族")),
        ("中山路和民族路交叉口", ("中山路", "民族")),
        ("永和路 & 和平路", ("永和路", "和平")),
        ("Main St & 2nd Ave", ("main st", "2nd avenue")),
        ("Ring / Wiener", ("ring", "wiener")),
        ("Ring and Wiener", ("ring", "wiener")),
        ("中山路與", ("中山路", "")),
    ],
)
def test_a_crossing_is_two_streets(line: str, pair: tuple[str, str]) -> None:
    """However the two are joined; the second may still be to come."""
    first, second = next(iter(crossings_in(line)))
    assert (first, second.removesuffix("路")) == pair


@pytest.mark.parametrize("line", ["永和路", "和平路", "carrer major", "& x", "口"])
def test_one_name_is_no_crossing(line: str) -> None:
    """A sign of joining inside a name, words of one western name, and half a line do not make two streets."""
    assert list(crossings_in(line)) == []


def test_lanes_begin_at_their_number() -> None:
    """Lane 123 of 中山路 at its number 123, an alley at its number of the lane; a street begins nowhere."""
    assert lane_mouth("中山路123巷4弄") == Address("中山路123巷", "4")
    assert lane_mouth("中山路123巷") == Address("中山路", "123")
    assert lane_mouth("中山路2段") is None


def test_the_leading_figure_of_a_house_number() -> None:
    """What decides where along a street it stands."""
    assert [leading_number(text) for text in ("12-3", "12a", "7", "x")] == [12, 12, 7, 0]
