"""The figures of a report: their sums, their years, what they say of the target, and what names them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dispatch.domain.kpi import TAIPEI
from dispatch.domain.report import Line, Pair, ReportFigures, TargetSet, minguo
from dispatch.domain.report_period import Period
from tests.support.report_figures import some_figures, some_records


def with_interval(low: float | None, high: float | None, target: float | None) -> ReportFigures:
    """Figures whose share lies in this interval, in a year with this target."""
    figures = some_figures(shares={} if target is None else {2026: target})
    line = replace(figures.total.received.reviewed, share_low=low, share_high=high)
    return replace(figures, total=replace(figures.total, received=Pair(line, line)))


def test_sums_that_do_not_agree_are_no_line() -> None:
    """Nothing can be reported where an incident is lost between measured and excluded."""
    line = some_figures().total.received.reviewed
    assert line.within + line.late + sum(line.excluded.values()) == line.incidents
    with pytest.raises(ValueError, match="sums"):
        replace(line, incidents=line.incidents + 1)
    for within in (-1, line.measured + 1):
        with pytest.raises(ValueError, match="sums"):
            replace(line, within=within)


def test_the_years_of_the_plan_and_later_ones() -> None:
    """108 to 111 always stand there, after them every year up to the report's own; of an earlier one its own."""
    assert some_figures(period=Period(2022)).years == (2019, 2020, 2021, 2022)
    assert some_figures(period=Period(2024)).years == (2019, 2020, 2021, 2022, 2023, 2024)
    assert some_figures(period=Period(2040)).years == tuple(range(2019, 2041))
    assert some_figures(period=Period(2018)).years == (2018, 2019, 2020, 2021, 2022)
    assert some_figures(period=Period(2016)).years == (2016, 2019, 2020, 2021, 2022)
    assert some_figures(period=Period(2019)).years == (2019, 2020, 2021, 2022)
    assert minguo(2019) == 108


def test_a_target_is_met_only_by_the_whole_interval() -> None:
    """With few calls nobody can say; the report then says that."""
    assert with_interval(0.9, 0.95, 0.9).judged() == "met"
    assert with_interval(0.8, 0.89, 0.9).judged() == "missed"
    assert with_interval(0.8, 0.9, 0.9).judged() == "open"
    assert with_interval(0.8, 0.9, None).judged() is None
    assert with_interval(None, None, 0.9).judged() is None
    assert with_interval(0.8, None, 0.9).judged() is None


def test_the_digest_names_what_is_said() -> None:
    """One incident's second, another ledger, another target shown: another digest. The same again: the same."""
    figures, records = some_figures(), some_records()
    at = datetime(2026, 11, 9, 1, 2, 3, tzinfo=UTC)
    assert figures.digest() == some_figures().digest()
    changed = [replace(records[0], on_scene_at=None), *records[1:]]
    others = [
        some_figures(changed, recorded=records),
        some_figures(ledger_sha256="f" * 64),
        some_figures(shares={2026: 0.8}),
        replace(figures, changed_by_review=1),
        replace(figures, open_reviews=1),
        replace(figures, newest_at=at),
        replace(figures, target_set=TargetSet("sue", at)),
        replace(figures, target_set=TargetSet("adam", at)),
    ]
    assert len({figures.digest(), *(other.digest() for other in others)}) == 9
    assert replace(figures, newest_at=at.astimezone(TAIPEI)).digest() == replace(figures, newest_at=at).digest()
    assert figures.digest().startswith(figures.name)
    assert len(figures.name) == 16
    assert figures.digest() == some_figures(shares={2026: 0.7, 2031: 0.5, 2018: 0.1}).digest()


def test_both_clocks_are_there() -> None:
    """The same incidents on each."""
    figures = some_figures()
    received, dispatched = figures.clock("received").reviewed, figures.clock("dispatched").reviewed
    assert isinstance(received, Line)
    assert received.incidents == dispatched.incidents == figures.ledger_rows
    assert received != dispatched
