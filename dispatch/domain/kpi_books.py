"""What figures are asked for, and the columns that they are answered from. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.domain.incident import TARGET_S
from dispatch.domain.kpi import Clock
from dispatch.domain.kpi_columns import Columns, KnownNames, to_us
from dispatch.domain.kpi_filter import Bools, KpiFilter, Places, rows_of
from dispatch.domain.kpi_line import Figures


@dataclass(frozen=True, slots=True)
class Asked:
    """What a figure is asked for. `now` (UTC) settles what is still open."""

    now: datetime
    wanted: KpiFilter = field(default_factory=KpiFilter)
    clock: Clock = "received"
    figures: Figures = "reviewed"
    target_s: float = TARGET_S


@dataclass(frozen=True, slots=True)
class Books:
    """All that a question is answered from: chunks of columns in the order of time, and what their numbers mean."""

    chunks: Sequence[Columns]
    names: KnownNames
    places: Places

    def of(self, wanted: KpiFilter) -> list[Columns]:
        """The chunks that may hold what is wanted."""
        start_us = -math.inf if wanted.start is None else to_us(wanted.start)
        end_us = math.inf if wanted.end is None else to_us(wanted.end)
        return [
            columns
            for columns in self.chunks
            if len(at_us := columns["received_us"]) and at_us[0] < end_us and at_us[-1] >= start_us
        ]

    def rows(self, columns: Columns, asked: Asked) -> Bools | None:
        """Which rows of a chunk are meant; None for all of them."""
        return rows_of(columns, asked.wanted, asked.clock, asked.figures, self.names, self.places)
