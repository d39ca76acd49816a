"""Where a list goes on after a page: the last one of it, as a text that clients only hand back."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Final
from uuid import UUID

from dispatch.api.period import Period
from dispatch.domain.refusals import Invalid
from dispatch.service.kpi_ledger import Position

_NO_CURSOR: Final = "is no cursor of this list; leave it out to begin anew"


def to_cursor(received_at: datetime, incident_id: UUID) -> str:
    """Of the last item of a page of a list by time."""
    return base64.urlsafe_b64encode(f"{received_at.isoformat()} {incident_id}".encode()).decode()


def from_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The item again. Raises Invalid."""
    try:
        received_at, incident_id = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii").split(" ")
        return Period.checked(datetime.fromisoformat(received_at)), UUID(incident_id)
    except (ValueError, binascii.Error):
        raise Invalid(_NO_CURSOR, member="cursor") from None


def to_page_end(last: Position) -> str:
    """Of the last row of a page of the ledger."""
    return f"{last.rank}.{last.incident_id}"


def from_page_end(cursor: str) -> Position:
    """The row again. Raises Invalid."""
    rank, _, incident_id = cursor.partition(".")
    try:
        return Position(int(rank), UUID(incident_id))
    except ValueError:
        raise Invalid(_NO_CURSOR, member="cursor") from None
