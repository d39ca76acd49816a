"""What a report says and in which order: figures and words become a document."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from dispatch.domain.kpi import TAIPEI, UNKNOWN, Exclusion
from dispatch.domain.parts import PARTS
from dispatch.domain.report import DIMENSIONS, PLAN_YEARS, Dimension, Group, Line, ReportFigures, minguo
from dispatch.reports.definition import DEFINITION
from dispatch.reports.document import Cell, Document, Percent, Seconds, Table
from dispatch.reports.words import WORDS, Language

YEARS_WIDE: Final = 8
"""So many years stand side by side in the plan's table."""
_NAMED: Final = frozenset({"category"})


def document_of(figures: ReportFigures, language: Language) -> Document:
    """The same for the same figures, whenever it is made."""
    return _Writing(figures, language).document()


class _Writing:
    def __init__(self, figures: ReportFigures, language: Language) -> None:
        self._figures, self._language = figures, language
        self._words = WORDS[language]

    def document(self) -> Document:
        figures, words = self._figures, self._words
        tables = [*self._plan(), self._summary(), self._parts(), self._exclusions()]
        tables += [self._breakdown(by, figures.groups.get(by, ())) for by in DIMENSIONS[figures.period.kind]]
        return Document(
            title=words["title"],
            subtitle=self._subtitle(),
            language=self._language,
            dated=figures.period.due_at,
            facts=self._facts(),
            definition_title=words["definition"],
            definition=DEFINITION[self._language],
            tables=tables,
        )

    def _subtitle(self) -> str:
        period = self._figures.period
        month = period.month or 1
        return self._words[period.kind].format(
            minguo=period.minguo, year=period.year, month=month, month_name=calendar.month_name[month]
        )

    def _facts(self) -> Sequence[tuple[str, str]]:
        figures, words = self._figures, self._words
        start, last = figures.period.start, figures.period.end - timedelta(days=1)
        as_of = words["as_of_text"].format(at=self._moment(figures.period.due_at))
        newest = words["newest_none"] if figures.newest_at is None else self._moment(figures.newest_at, "%H:%M:%S")
        return (
            (words["bureau"], figures.bureau),
            (words["period"], words["period_text"].format(start=self._day(start), end=self._day(last))),
            (words["as_of"], as_of),
            (words["newest"], newest),
            (words["judged"], self._judged()),
            (words["changed"], str(figures.changed_by_review)),
            (words["open_reviews"], str(figures.open_reviews)),
            (words["ledger_rows"], str(figures.ledger_rows)),
            (words["ledger"], figures.ledger_sha256),
            (words["name"], figures.name),
        )

    def _day(self, at: datetime) -> str:
        day = at.astimezone(TAIPEI)
        return self._words["day_text"].format(minguo=minguo(day.year), year=day.year, month=day.month, day=day.day)

    def _moment(self, at: datetime, form: str = "%H:%M") -> str:
        return self._words["moment_text"].format(day=self._day(at), time=f"{at.astimezone(TAIPEI):{form}}")

    def _judged(self) -> str:
        """With whose word the target is, and since when."""
        words, target_set = self._words, self._figures.target_set
        if target_set is None:
            return self._compared()
        return self._compared() + words["set_text"].format(by=target_set.by, at=self._moment(target_set.at))

    def _compared(self) -> str:
        figures, year = self._figures, self._figures.period.year
        target, judged = figures.shares.get(year), figures.judged()
        if target is None:
            return self._words["no_target"].format(year=year, minguo=minguo(year))
        return self._words[judged or "nothing"].format(target=Percent(target))

    # ---- tables

    def _plan(self) -> list[Table]:
        """The plan's own table, and below its line the bureau's share target and what this period came to.

        All years in one table as long as they fit, then in several.
        """
        years = self._figures.years
        pieces = [years[begin : begin + YEARS_WIDE] for begin in range(0, len(years), YEARS_WIDE)]
        return [self._plan_of(piece, number) for number, piece in enumerate(pieces, start=1)]

    def _plan_of(self, years: Sequence[int], number: int) -> Table:
        figures, words = self._figures, self._words
        more = "" if number == 1 else words["more"].format(number=number)
        actual = figures.total.received.reviewed.share
        head: tuple[Cell, ...] = (words["six"], words["plan_goal"], words["plan_indicator"])
        rows: list[list[Cell]] = [
            [
                *head,
                words["plan_measure"],
                *(words["plan_target"] if year >= PLAN_YEARS[0] else None for year in years),
            ],
            [*head, words["share_measure"], *(_percent(figures.shares.get(year)) for year in years)],
            [
                *head,
                words["actual_measure"],
                *(_percent(actual if year == figures.period.year else None) for year in years),
            ],
        ]
        return Table(
            words["plan_sheet"] + more,
            words["plan"] + more,
            [
                *(words[name] for name in ("no", "goal", "indicator", "measure")),
                *(words["minguo_year"].format(year=year, minguo=minguo(year)) for year in years),
            ],
            rows,
            over=[("", 4), (words["yearly_target"], len(years))],
            widths=[0.6, 1.8, 2.2, 4.2, *(YEARS_WIDE * 1.1 / len(years) for _ in years)],
        )

    def _summary(self) -> Table:
        words, total = self._words, self._figures.total
        lines = [
            ("received", "reviewed", total.received.reviewed),
            ("received", "recorded", total.received.recorded),
            ("dispatched", "reviewed", total.dispatched.reviewed),
            ("dispatched", "recorded", total.dispatched.recorded),
        ]
        names = ("clock", "figures", "incidents", "excluded", "measured", "within", "late", "unreached")
        more = ("share", "low", "high", "p50", "p90", "mean")
        return Table(
            words["summary"],
            words["summary"],
            [words[name] for name in (*names, *more)],
            [
                [words[clock], words[kind], *_counts(line), line.late, line.unreached, *_rates(line), _s(line.mean_s)]
                for clock, kind, line in lines
            ],
            widths=[1.4, 1.2, *(1.0 for _ in range(12))],
            notes=[words["sums"]],
        )

    def _parts(self) -> Table:
        words, parts = self._words, self._figures.parts
        return Table(
            words["parts_sheet"],
            words["parts"],
            [words[name] for name in ("part", "known", "p50", "p90", "mean")],
            [
                [words[part], parts[part].n, _s(parts[part].p50_s), _s(parts[part].p90_s), _s(parts[part].mean_s)]
                for part in PARTS
            ],
            widths=[3, 1, 1, 1, 1],
            notes=[words["parts_note"]],
        )

    def _exclusions(self) -> Table:
        words, total = self._words, self._figures.total
        lines = (
            total.received.reviewed,
            total.received.recorded,
            total.dispatched.reviewed,
            total.dispatched.recorded,
        )
        rows: list[list[Cell]] = [
            [words[reason.value], *(line.excluded.get(reason.value, 0) for line in lines)] for reason in Exclusion
        ]
        rows.append([words["total"], *(sum(line.excluded.values()) for line in lines)])
        return Table(
            words["exclusions_sheet"],
            words["exclusions"],
            [words["reason"], *(words[kind] for _ in "rd" for kind in ("reviewed", "recorded"))],
            rows,
            over=[("", 1), (words["received"], 2), (words["dispatched"], 2)],
            widths=[3, 1, 1, 1, 1],
            notes=[words["cancelled_late"].format(n=self._figures.cancelled_late)],
        )

    def _breakdown(self, by: Dimension, groups: Sequence[Group]) -> Table:
        words = self._words
        short, rates = ("within", "share"), ("share", "low", "high", "p50", "p90")
        names = ("incidents", "excluded", "measured", "within", *rates, *short, "measured", *short)
        rows: list[list[Cell]] = []
        for group in groups:
            line, recorded, sent = group.received.reviewed, group.received.recorded, group.dispatched.reviewed
            rows.append(
                [
                    self._key(by, group.key),
                    *_counts(line),
                    *_rates(line),
                    *(recorded.within, _percent(recorded.share)),
                    *(sent.measured, sent.within, _percent(sent.share)),
                ]
            )
        return Table(
            words[f"by_{by}"],
            words[f"by_{by}"],
            [words["month_column" if by == "month" else by], *(words[name] for name in names)],
            rows,
            over=[
                ("", 1),
                (words["from_receipt_reviewed"], 9),
                (words["from_receipt_recorded"], 2),
                (words["from_dispatch_reviewed"], 3),
            ],
            widths=[2.0, *(1.0 for _ in range(14))],
            notes=[words["groups_note"]],
        )

    def _key(self, by: Dimension, key: str) -> str:
        return self._words[key] if key == UNKNOWN or by in _NAMED else key


def _counts(line: Line) -> tuple[Cell, ...]:
    return line.incidents, line.incidents - line.measured, line.measured, line.within


def _rates(line: Line) -> tuple[Cell, ...]:
    return _percent(line.share), _percent(line.share_low), _percent(line.share_high), _s(line.p50_s), _s(line.p90_s)


def _percent(share: float | None) -> Percent | None:
    return None if share is None else Percent(share)


def _s(seconds: float | None) -> Seconds | None:
    return None if seconds is None else Seconds(seconds)
