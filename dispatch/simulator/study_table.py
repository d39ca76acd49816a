"""A study's result as lines of text: variants side by side, and what each differs by from the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.simulator.intervals import Comparison, Estimate
from dispatch.simulator.study import ScenarioBound, StudyResult

NO_NUMBER: Final = "–"


@dataclass(frozen=True, slots=True)
class _Column:
    figure: str
    heading: str
    digits: int = 1
    factor: float = 1.0
    """100 for a share, which is shown in per cent."""


_COLUMNS: Final = (
    _Column("weighted_mean_s", "weighted mean s"),
    _Column("mean_s", "mean s"),
    _Column("p90_s", "p90 s", 0),
    _Column("share", "in time %", 2, 100),
    _Column("late_priority_1", "prio 1 late %", 2, 100),
    _Column("utilisation", "busy %", 1, 100),
    _Column("kilometres", "km", 0),
)


def study_table(result: StudyResult) -> Iterator[str]:
    """Lines to print: means with half the width of their 95 % intervals, then paired changes against the first."""
    first = result.variants[0]
    calls = first.summary["calls"].mean or 0.0
    runs = f"{result.replications} run{'s' if result.replications > 1 else ''} each"
    yield f"{result.name}: {runs}, seed {result.seed}, {calls:.0f} calls counted a run"
    yield f"scenario {result.scenario_digest[:12]}, {result.engine}"
    yield ""
    headings = [column.heading for column in _COLUMNS]
    rows = [
        [variant.name, *(_measured(variant.summary[column.figure], column) for column in _COLUMNS)]
        for variant in result.variants
    ]
    yield from _aligned([["", *headings], *rows])
    if len(result.variants) == 1:
        return
    yield ""
    yield f"Against {first.name}, run by run, with 95 % intervals; times and km change by %, shares by points:"
    compared = [
        [variant.name, *(_changed(variant.against_first[column.figure], column) for column in _COLUMNS)]
        for variant in result.variants[1:]
    ]
    yield from _aligned([["", *(heading.removesuffix(" s").removesuffix(" %") for heading in headings)], *compared])


def bound_lines(bounds: Sequence[ScenarioBound]) -> Iterator[str]:
    """Each bound of the weighted mean, and whom it binds."""
    for bound in bounds:
        yield ""
        column = _Column("weighted_mean_s", "")
        yield f"{bound.name}: weighted mean at least {_measured(bound.weighted_mean_s, column)} s"
        yield f"  for policies of this class: {bound.class_}"


def _measured(estimate: Estimate, column: _Column) -> str:
    if estimate.mean is None:
        return NO_NUMBER
    middle = f"{estimate.mean * column.factor:.{column.digits}f}"
    return middle if estimate.high is None else f"{middle} ±{_half(estimate) * column.factor:.{column.digits}f}"


def _changed(comparison: Comparison, column: _Column) -> str:
    is_share = column.factor != 1.0
    change = comparison.difference if is_share else comparison.relative
    if change.mean is None:
        return NO_NUMBER
    digits = 2 if is_share else 1
    middle = f"{change.mean * 100:+.{digits}f}{'' if is_share else ' %'}"
    return middle if change.high is None else f"{middle} ±{_half(change) * 100:.{digits}f}"


def _half(estimate: Estimate) -> float:
    low, high = estimate.low, estimate.high
    return 0.0 if low is None or high is None else (high - low) / 2


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The first column to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        padded = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        yield "  ".join([name.ljust(widths[0]), *padded]).rstrip()
