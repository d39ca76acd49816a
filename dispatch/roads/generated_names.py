"""Street names for the generated city: such as every Taiwanese city has, placed where the plan has room for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from numpy.random import Generator

EAST_WEST: Final = (
    "中正路",
    "民權路",
    "和平路",
    "忠義路",
    "復興路",
    "光復路",
    "信義路",
    "中興路",
    "太平路",
    "永安路",
    "福德路",
    "崇德路",
)
"""Arterials by the side they run along; the one in the middle of the list is a main street."""

NORTH_SOUTH: Final = (
    "中華路",
    "建國路",
    "自強路",
    "大同路",
    "成功路",
    "文昌路",
    "新生路",
    "東興路",
    "西安路",
    "五權路",
    "長春路",
    "德安路",
    "勝利路",
    "育英路",
    "南屏路",
    "北辰路",
    "學府路",
    "水源路",
)

_FIRST: Final = "安平康樂永福吉祥仁義禮智春秋青雲明德光華嘉瑞"
_SECOND: Final = "和順昌盛泰豐榮裕"


def collector_names(rng: Generator) -> Iterator[str]:
    """Names of smaller streets in the order that the generator shuffles them into; each once."""
    names = [f"{first}{second}街" for first in _FIRST for second in _SECOND]
    yield from rng.permutation(names).tolist()
