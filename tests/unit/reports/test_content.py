"""What a report says: sums that agree, the plan's own table, both figures, the target judged, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dispatch.domain.incident import Category, IncidentState
from dispatch.domain.kpi import Exclusion
from dispatch.domain.parts import PARTS
from dispatch.domain.report import TargetSet
from dispatch.domain.report_period import Period
from dispatch.reports.content import document_of
from dispatch.reports.document import Percent
from dispatch.reports.rendering import FORMATS, render
from dispatch.reports.words import WORDS, Language
from tests.support.report_figures import some_figures, some_records


def test_the_sums_agree_in_every_table() -> None:
    """Within and late make measured; measured and excluded make incidents; groups add up to the whole."""
    document = document_of(some_figures(), "zh-TW")
    _, summary, _, exclusions, *breakdowns = document.tables
    for row in summary.rows:
        incidents, excluded, measured, within, late = row[2:7]
        assert (incidents, measured) == (excluded + measured, within + late)  # type: ignore[operator]
    for column in range(1, 5):
        *reasons, total = [row[column] for row in exclusions.rows]
        assert total == sum(reasons) == summary.rows[column - 1][3]  # type: ignore[arg-type]
    for table in breakdowns:
        for column in range(1, 5):
            assert sum(row[column] for row in table.rows) == summary.rows[0][column + 1], table.name  # type: ignore[misc]


def test_reviewed_figures_stand_beside_recorded_ones() -> None:
    """A review that made an incident late is seen as both, and counted."""
    records = some_records()
    figures = some_figures([replace(records[0], on_scene_at=None), *records[1:]], recorded=records)
    summary = document_of(figures, "zh-TW").tables[1]
    assert summary.rows[0][5] == summary.rows[1][5] - 1  # type: ignore[operator]
    assert figures.changed_by_review == 1


def test_the_plan_s_own_table() -> None:
    """The words and the target of the plan for each of its years, the bureau's share and the period's own result."""
    table = document_of(some_figures(shares={2026: 0.9, 2025: 0.85}), "zh-TW").tables[0]
    assert table.columns[4:] == ["108年", "109年", "110年", "111年", "112年", "113年", "114年", "115年"]
    assert table.rows[0][:3] == ["六", "雲端智慧巡邏車", "移動警政提供高效率服務"]
    assert str(table.rows[0][3]).startswith("員警接獲110報案，縮短到達現場時間")
    assert set(table.rows[0][4:]) == {"<10分鐘"}
    assert table.rows[1][-3:] == [None, Percent(0.85), Percent(0.9)]
    assert [cell is None for cell in table.rows[2][4:]] == [True] * 7 + [False]


def test_no_year_is_left_out_and_the_own_one_is_always_there() -> None:
    """Of 117 all from 108 on, in two tables; of 107, before the plan, its result without a target of the plan."""
    document = document_of(some_figures(period=Period(2028), shares={2023: 0.8, 2028: 0.9}), "zh-TW")
    first, second = document.tables[:2]
    assert [*first.columns[4:], *second.columns[4:]] == [f"{year}年" for year in range(108, 118)]
    assert (first.rows[1][8], second.rows[1][5], second.rows[2][4]) == (Percent(0.8), Percent(0.9), None)
    assert isinstance(second.rows[2][5], Percent)
    assert first.name != second.name
    early = document_of(some_figures(period=Period(2018)), "zh-TW").tables[0]
    assert early.columns[4:6] == ["107年", "108年"]
    assert early.rows[0][4:6] == [None, "<10分鐘"]
    assert isinstance(early.rows[2][4], Percent)


def test_what_was_on_record_is_said_and_who_set_the_target() -> None:
    """Up to when the record goes, how many conflicts nobody has looked at, whose target it is, and what names it."""
    at = datetime(2026, 11, 8, 16, 5, 6, tzinfo=UTC)
    figures = replace(some_figures(newest_at=at, target_set=TargetSet("sue", at)), open_reviews=17)
    facts = dict(document_of(figures, "zh-TW").facts)
    assert facts["紀錄截至"] == "民國115年11月9日 00:05:06（臺北時間）"
    assert facts["尚待複核案件數"] == "17"
    assert facts["與本局年度目標比較"].endswith("目標由 sue 於 民國115年11月9日 00:05（臺北時間） 設定")
    assert facts["本報告數值識別碼"] == figures.digest()[:16]
    assert dict(document_of(some_figures(), "zh-TW").facts)["紀錄截至"] == "無紀錄"


def test_all_is_said_of_all_alone_and_none_of_none() -> None:
    """24,999 of 25,000 are not 100 %, and 1 of 25,000 is not 0 %; what is rounded between them stays as it was."""
    assert (str(Percent(24_999 / 25_000)), Percent(24_999 / 25_000).digits) == ("99.99%", "0.9999")
    assert (str(Percent(1 / 25_000)), Percent(1 / 25_000).digits) == ("0.01%", "0.0001")
    assert [str(Percent(share)) for share in (0.0, 1.0, 2 / 3, 1 - 1e-12)] == ["0.00%", "100.00%", "66.67%", "100.00%"]


def test_the_target_is_judged_in_words() -> None:
    """Without a target, without a call, and with both."""
    for figures, said in (
        (some_figures(shares={}), "no_target"),
        (some_figures([]), "nothing"),
        (some_figures(shares={2026: 0.1}), "met"),
        (some_figures(shares={2026: 0.99}), "missed"),
        (some_figures(shares={2026: 0.63}), "open"),
    ):
        judged = dict(document_of(figures, "en").facts)[WORDS["en"]["judged"]]
        assert judged.split(":")[0] == WORDS["en"][said].format(year=2026, target="").split(":")[0].strip()


def test_a_period_without_calls_is_a_report_as_well() -> None:
    """All four files, with no share anywhere."""
    assert set(render(some_figures([]), "zh-TW")) == set(FORMATS)


def test_both_languages_have_all_words() -> None:
    """No reason, category or part without its words in either language."""
    assert set(WORDS["zh-TW"]) == set(WORDS["en"])
    assert {str(word) for words in (Exclusion, Category) for word in words} | set(PARTS) <= set(WORDS["en"])


def test_cancellations_after_the_ten_minutes_are_told_beside_the_exclusions() -> None:
    """How many of those that were cancelled before anybody was there; none is said too."""
    figures = replace(some_figures(), cancelled_late=3)
    said: dict[Language, str] = {"zh-TW": "到達前取消者中，3件", "en": "3 of those cancelled before arrival"}
    for language, words in said.items():
        tables = {table.name: table for table in document_of(figures, language).tables}
        assert tables[WORDS[language]["exclusions_sheet"]].notes[0].startswith(words)
    assert figures.digest() != some_figures().digest()


def test_cancellations_after_the_ten_minutes_are_counted_from_the_books() -> None:
    """Those that are left out as cancelled, and were late by then; one that a ruling counts is none of them."""
    late, in_time, counted = (
        replace(
            one, state=IncidentState.CANCELLED, on_scene_at=None, ended_at=one.received_at + timedelta(seconds=lasted)
        )
        for one, lasted in zip(some_records()[:3], (601, 600, 900), strict=True)
    )
    reviewed = replace(counted, state=IncidentState.CLOSED)
    figures = some_figures([late, in_time, reviewed], recorded=[late, in_time, counted])
    assert (figures.cancelled_late, figures.total.received.reviewed.excluded) == (1, {"cancelled": 2})
