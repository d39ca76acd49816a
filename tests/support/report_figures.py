"""Figures of a made-up month for tests of reports, counted by the real clock from made-up incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from dispatch.domain.incident import Category, IncidentState, Priority
from dispatch.domain.kpi import Exclusion, IncidentRecord, cancelled_late
from dispatch.domain.kpi_books import Books
from dispatch.domain.kpi_columns import Names, sheet_of
from dispatch.domain.kpi_filter import Place
from dispatch.domain.kpi_line import Course, LedgerLine, Mark
from dispatch.domain.parts import PARTS, Part
from dispatch.domain.report import ReportFigures
from dispatch.domain.report_period import Period
from dispatch.service.report_figures import Facts, figures_from

OCTOBER = Period(2026, 10)
STATIONS = (("第一分局", "北興派出所"), ("第一分局", "後湖派出所"), ("第二分局", "蘭潭派出所"), (None, None))


def some_records(count: int = 60, period: Period = OCTOBER) -> list[IncidentRecord]:
    """Spread over the period, of all kinds; some late, some never reached, some left out."""
    made = []
    step = (period.end - period.start) / count
    for n in range(count):
        received_at = period.start + step * n
        precinct, station = STATIONS[n % 4]
        state, exclusion, on_scene_s = IncidentState.CLOSED, None, 200 + 37 * (n % 17)
        if n % 13 == 5:
            exclusion = Exclusion.TEST
        if n % 11 == 3:
            state = IncidentState.CANCELLED
        made.append(
            IncidentRecord(
                incident_id=UUID(int=n + 1),
                number=f"2026-{n:04}",
                category=list(Category)[n % len(Category)],
                priority=Priority(1 + n % 4),
                received_at=received_at,
                precinct=precinct,
                station=station,
                dispatched_at=None if n % 19 == 18 else received_at + timedelta(seconds=50),
                on_scene_at=None if n % 11 in (3, 7) else received_at + timedelta(seconds=on_scene_s),
                state=state,
                exclusion=exclusion,
            )
        )
    return made


def books_of(reviewed: Sequence[IncidentRecord], recorded: Sequence[IncidentRecord] | None = None) -> Books:
    """The books of these incidents."""
    before = {record.incident_id: record for record in (reviewed if recorded is None else recorded)}
    lines = [
        LedgerLine(
            recorded=before[record.incident_id],
            reviewed=record,
            recorded_course=Course(parts=_parts(before[record.incident_id])),
            reviewed_course=Course(parts=_parts(record)),
            marks=frozenset({Mark.CANCELLED_LATE} if cancelled_late(before[record.incident_id]) else ()),
        )
        for record in reviewed
    ]
    names = Names()
    columns = names.joined([sheet_of(lines, [(record.precinct, record.station) for record in reviewed])])
    return Books([columns], names.known(), {one: Place(one[1], one[0]) for one in STATIONS})


def some_figures(
    reviewed: Sequence[IncidentRecord] | None = None,
    *,
    period: Period = OCTOBER,
    recorded: Sequence[IncidentRecord] | None = None,
    shares: Mapping[int, float] | None = None,
    ledger_sha256: str = "0123456789abcdef" * 4,
    bureau: str = "嘉義市政府警察局",
    **facts: Any,
) -> ReportFigures:
    """Of these records, or `some_records`; `facts`: other members of Facts."""
    books = books_of(some_records(period=period) if reviewed is None else reviewed, recorded)
    promised = {2026: 0.7} if shares is None else dict(shares)
    return figures_from(books, period, Facts(bureau=bureau, shares=promised, **facts), ledger_sha256)


def _parts(record: IncidentRecord) -> dict[Part, float | None]:
    if record.on_scene_at is None or record.dispatched_at is None:
        return dict.fromkeys(PARTS)
    whole_s = (record.on_scene_at - record.received_at).total_seconds()
    return {"handling": 30.0, "dispatch": 20.0, "turnout": 40.0, "travel": whole_s - 90.0}
