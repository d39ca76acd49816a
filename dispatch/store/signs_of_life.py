"""When a unit was last heard of, by whatever speaks for it: its car's link, a phone's tracker app, an officer's page.

A link that went down before a newer sign of life is the link of a device that this unit no longer works with.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select

from gateway.store import car_links, devices, journals, unit_positions

LATE_COMMIT: Final = timedelta(seconds=10)
"""What a car said last may be written down a moment after its link was seen to be down; it is no newer sign."""


def heard_at(unit_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """The newest receipt of a position or of any other word of this unit, however it came; null where there is none.

    For queries with an outer join to `unit_positions`.
    """
    of_journals = (
        select(func.max(journals.c.seen_at))
        .select_from(journals.join(devices, devices.c.device_id == journals.c.device_id))
        .where(devices.c.unit_id == unit_id)
        .scalar_subquery()
    )
    return func.greatest(unit_positions.c.received_at, of_journals)


def link_is_lost(unit_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Did the unit's link go down, and nothing speak for it since?

    For queries with outer joins to `car_links` and `unit_positions`.
    """
    heard = heard_at(unit_id)
    down_at = car_links.c.disconnected_at
    return and_(down_at.is_not(None), or_(heard.is_(None), heard <= down_at + LATE_COMMIT))
