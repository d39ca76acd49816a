"""Names and addresses as people type them, brought to one form; and what a typed line may mean. Pure.

One form for both sides: full and half width, 臺 and 台, spaces, accents, abbreviations, and whether a numeral before
段, 巷, 弄, 號, 路 or 街 is Chinese or Arabic no longer tell two spellings apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_HAN: Final = "\u3400-\u9fff\uf900-\ufaff"
_DIGITS: Final = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "兩": 2}
_TENS: Final = {"十": 10, "百": 100, "千": 1000, "廿": 20}
_NUMERAL: Final = re.compile(r"[零〇一二兩三四五六七八九十百千廿]+(?=[段巷弄號樓鄰路街])")
_SUB_NUMBER: Final = re.compile(r"(\d+)號?之(\d+)號?")
_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_NO_SIGN: Final = re.compile(r"['’`´.·#]")
_TO_SPACE: Final = re.compile(r"[^\w\-]+|_+|-(?!\d)|(?<!\d)-")
_LOOSE: Final = re.compile(rf"(?<=[{_HAN}]) | (?=[{_HAN}])")
_WORDS: Final = {"rd": "road", "ave": "avenue", "blvd": "boulevard", "sec": "section", "ln": "lane", "str": "strasse"}
_ONE_FOR_MANY: Final = str.maketrans({"臺": "台", "号": "號", "衖": "弄"})

_HAN_ADDRESS: Final = re.compile(r"^(.*[^\d\-])(\d+(?:-\d+)?)$")
_NUMBER_LAST: Final = re.compile(r"^(.*?[^\W\d].*?) (\d+ ?[a-z]?(?:[-/]\d+[a-z]?)?)(?: .*)?$")
_NUMBER_FIRST: Final = re.compile(r"^(\d+[a-z]?(?:-\d+[a-z]?)?) (.+)$")
_LANE: Final = re.compile(r"^(.+?[^\d\-])(\d+)([巷弄])$")
_CROSSING_END: Final = re.compile(r"(?:的?交叉路?口|路?口)\s*$")
_CROSSING_SIGN: Final = re.compile(r"\s*[&/＆／、×@與跟]\s*|\s+(?:and|x|und|i|y|at)\s+", re.IGNORECASE)
_JOINT: Final = re.compile("(?<=[路街道段巷弄])[和及]?(?=..)")
"""Between two Chinese names written together, the first of which is whole."""


@dataclass(frozen=True, slots=True)
class Address:
    """A street's name in its one form, and a house number on it."""

    street: str
    number: str


def has_han(text: str) -> bool:
    """Whether any Chinese character is in it."""
    return re.search(f"[{_HAN}]", text) is not None


def plain(text: str) -> str:
    """The one form of a name: lower case, no accents, single spaces, and none beside a Chinese character."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_ONE_FOR_MANY)
    text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
    text = _NO_SIGN.sub("", text)
    text = " ".join(_TO_SPACE.sub(" ", text).split())
    text = _LOOSE.sub("", text)
    text = _NUMERAL.sub(lambda found: str(_value(found[0])), text)
    text = _SUB_NUMBER.sub(r"\1-\2號", text)
    return " ".join(_word(word) for word in text.split(" "))


def address_in(text: str) -> Address | None:
    """The address that a text in its one form spells, if it ends (or, as in English, begins) with a number."""
    if has_han(text):
        found = _HAN_ADDRESS.match(text.partition("號")[0])
        return Address(found[1], found[2]) if found else None
    if found := _NUMBER_LAST.match(text):
        return Address(found[1], found[2].replace(" ", ""))
    if found := _NUMBER_FIRST.match(text):
        return Address(found[2], found[1])
    return None


def lane_mouth(street: str) -> Address | None:
    """Where a lane leaves its street: 中山路123巷 begins at number 123 of 中山路, as lanes are numbered in Taiwan."""
    found = _LANE.match(street)
    return Address(found[1], found[2]) if found else None


def crossings_in(text: str) -> Iterator[tuple[str, str]]:
    """Pairs of streets, in their one form, that a typed line may name: the surest reading first.

    The second is empty where the line ends with the sign between them: any street that crosses the first.
    """
    # 中山路與民族路口 loses the 路 of its second street with the ending; the beginning of a name finds it all the same
    bare = _CROSSING_END.sub("", unicodedata.normalize("NFKC", text)).lstrip()
    cuts = list(_CROSSING_SIGN.finditer(bare))
    if has_han(bare):
        cuts += [*re.finditer(r"\s+", bare), *_JOINT.finditer(bare)]
    seen = set()
    for cut in cuts:
        pair = plain(bare[: cut.start()]), plain(bare[cut.end() :])
        if pair[0] and (pair[1] or cut.re is _CROSSING_SIGN) and pair not in seen:
            seen.add(pair)
            yield pair


def leading_number(number: str) -> int:
    """The figure that decides where along a street a house stands: 12 of `12-3`, `12a` and `12/3`."""
    found = re.match(r"\d+", number)
    return int(found[0]) if found else 0


def bigrams(text: str) -> list[str]:
    """Pairs of neighbouring letters, the begin and the end counting as letters."""
    padded = f"^{text}$"
    return [padded[at : at + 2] for at in range(len(padded) - 1)]


def _word(word: str) -> str:
    if word.endswith("str") and len(word) > 3:
        return f"{word}asse"
    return _WORDS.get(word, word)


def _value(numeral: str) -> int:
    if not any(sign in _TENS for sign in numeral):
        return int("".join(str(_DIGITS[sign]) for sign in numeral))
    total, open_digit = 0, 0
    for sign in numeral:
        if sign == "廿":
            total += 20
        elif sign in _TENS:
            total += (open_digit or 1) * _TENS[sign]
            open_digit = 0
        else:
            open_digit = _DIGITS[sign]
    return total + open_digit
