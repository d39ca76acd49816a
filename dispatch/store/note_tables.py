"""What dispatchers write down about an incident beside its description. The log only names a note."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, UniqueConstraint, Uuid

from gateway.store import Timestamp, metadata

incident_notes = Table(
    "incident_notes",
    metadata,
    Column("note_id", Uuid, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.incident_id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("written_at", Timestamp, nullable=False),
    Column("written_by", Text, nullable=False, comment="user name"),
    Column("idempotency_key", Text, comment="of the request that wrote it"),
    Column("struck_at", Timestamp, comment="taken back; what was written stays"),
    Column("struck_by", Text, comment="user name"),
    UniqueConstraint("written_by", "idempotency_key"),
    CheckConstraint("(struck_at IS NULL) = (struck_by IS NULL)", name="struck"),
    Index("ix_incident_notes_incident", "incident_id", "written_at"),
    comment="Free text, which may name people: here, not in the append-only log, so that retention can reach it",
)
