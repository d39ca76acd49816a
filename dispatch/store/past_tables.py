"""What was overwritten in rows that the append-only log must not repeat: free text, the places of calls for help."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from gateway.store import Timestamp, metadata

overwritten = Table(
    "overwritten",
    metadata,
    Column("overwritten_id", BigInteger, Identity(always=True), primary_key=True),
    Column("subject_id", Uuid, nullable=False, comment="an incident or an alarm"),
    Column("until", Timestamp, nullable=False, comment="the server's clock, as in the event that tells of the change"),
    Column("members", JSONB, nullable=False, comment="what they held until then"),
    Index("ix_overwritten_subject", "subject_id", "until"),
    Index("ix_overwritten_until", "until"),
    comment="For the replay of past hours; goes with the fixes of its time",
)
