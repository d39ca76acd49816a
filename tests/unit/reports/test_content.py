"""What a report says: sums that agree, the plan's own table, both figures, the target judged, in both languages."""

from __future__ import annotations

from dataclasses import replace

from dispatch.domain.incident import Category
from dispatch.domain.kpi import Exclusion
from dispatch.domain.parts import PARTS
from dispatch.reports.content import document_of
from dispatch.reports.document import Percent
from dispatch.reports.rendering import FORMATS, render
from dispatch.reports.words import WORDS
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
