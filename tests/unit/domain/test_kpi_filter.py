"""What a filter asks for."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from dispatch.domain.kpi_filter import KpiFilter


def test_a_period_alone_asks_for_all_kinds() -> None:
    """Any other member does not."""
    period = KpiFilter(start=datetime(2026, 11, 1, tzinfo=UTC), end=datetime(2026, 12, 1, tzinfo=UTC))
    assert KpiFilter().all_kinds
    assert period.all_kinds
    kinds = {field.name for field in fields(KpiFilter)} - {"start", "end"}
    for kind in kinds:
        given: dict[str, Any] = {kind: frozenset({"1"})}
        assert not replace(period, **given).all_kinds, kind
