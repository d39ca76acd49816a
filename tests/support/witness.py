"""A past that is written straight into the tables, as if the GPS witness had looked at it when it happened."""

from __future__ import annotations

from typing import Final

ALL_LOOKED_AT: Final = "UPDATE witness_progress SET event_id = (SELECT coalesce(max(event_id), 0) FROM events)"
"""In the transaction that writes the presses: no sweep takes them for news, and their marks stay as written."""
