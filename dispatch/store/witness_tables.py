"""How far the GPS witness has looked at what came in."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, SmallInteger, Table

from gateway.store import Timestamp, metadata

witness_progress = Table(
    "witness_progress",
    metadata,
    Column("only", SmallInteger, primary_key=True, autoincrement=False),
    Column("swept_at", Timestamp, nullable=False, comment="fixes that were received before have been looked at"),
    Column("event_id", BigInteger, nullable=False, comment="presses up to this event have been looked at"),
    CheckConstraint('"only" = 1', name="only"),
    comment="One row",
)
