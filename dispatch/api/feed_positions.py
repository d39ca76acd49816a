"""Coalesces live positions: of each unit the newest since the last flush, from the bus and from the table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from dispatch.api import present
from dispatch.api.feed_picture import Frame
from dispatch.store.rows import AnyRow


class NewestPositions:
    """An older fix than one that was kept before changes nothing, whatever road it came by."""

    def __init__(self) -> None:
        self._waiting: dict[str, Frame] = {}
        self._newest: dict[UUID, datetime] = {}

    def hear(self, payload: Any) -> None:
        """Takes a `fixes` hint of the bus; what can't be read is passed over."""
        for fix in payload if isinstance(payload, list) else ():
            with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
                if fix.get("live", True):
                    self._keep(
                        UUID(fix["unit_id"]),
                        _from_ms(fix["time_ms"]),
                        {
                            "lat": fix["lat"],
                            "lon": fix["lon"],
                            "accuracy_m": fix.get("accuracy_m"),
                            "speed_mps": fix.get("speed_mps"),
                            "course_deg": fix.get("course_deg"),
                            "received_at": _from_ms(fix["received_ms"]).isoformat(),
                        },
                    )

    def read(self, rows: Iterable[AnyRow]) -> None:
        """Takes rows of the table: what the bus lost."""
        for row in rows:
            view = present.position_view(row).model_dump(mode="json", exclude={"fixed_at"})
            self._keep(row.unit_id, row.fixed_at, view)

    def take(self) -> list[Frame]:
        """What came since the last call."""
        items, self._waiting = list(self._waiting.values()), {}
        return items

    def _keep(self, unit_id: UUID, fixed_at: datetime, members: Frame) -> None:
        newest = self._newest.get(unit_id)
        if newest is None or newest < fixed_at:
            self._newest[unit_id] = fixed_at
            self._waiting[str(unit_id)] = {"unit_id": str(unit_id), "fixed_at": fixed_at.isoformat(), **members}


def _from_ms(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, tz=UTC)
