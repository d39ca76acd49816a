"""Where a list of incidents goes on: the last one's time of receipt and id, as a text that clients only hand back."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from uuid import UUID

from dispatch.api.period import Period
from dispatch.domain.refusals import Invalid


def to_cursor(received_at: datetime, incident_id: UUID) -> str:
    """Of the last item of a page."""
    return base64.urlsafe_b64encode(f"{received_at.isoformat()} {incident_id}".encode()).decode()


def from_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The item again. Raises Invalid."""
    try:
        received_at, incident_id = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii").split(" ")
        return Period.checked(datetime.fromisoformat(received_at)), UUID(incident_id)
    except (ValueError, binascii.Error):
        raise Invalid("is no cursor of this list; leave it out to begin anew", member="cursor") from None
