"""Where units were asked to wait, what it would bring, and what became of it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Double, ForeignKey, Index, Table, Text, Uuid, text

from gateway.store import Timestamp, metadata

standby_suggestions = Table(
    "standby_suggestions",
    metadata,
    Column("suggestion_id", Uuid, primary_key=True),
    Column("unit_id", Uuid, ForeignKey("units.unit_id"), nullable=False),
    Column("made_at", Timestamp, nullable=False),
    Column("lat", Double, nullable=False),
    Column("lon", Double, nullable=False),
    Column("place", Text, nullable=False, comment="the post by its streets, or its station"),
    Column("drive_s", Double, nullable=False),
    Column("gain_share", Double, nullable=False, comment="of the expected calls, so many more within the limit"),
    Column("gain_s", Double, nullable=False, comment="off the expected drive of the first unit"),
    Column("share_before", Double, nullable=False),
    Column("share_after", Double, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("decided_by", Text, comment="user name"),
    Column("decided_at", Timestamp, comment="accepted or dismissed"),
    Column("ended_at", Timestamp, comment="neither open nor accepted any longer"),
    Column("reason", Text, comment="of a dismissal, in a person's words; of an end by itself, as a code"),
    CheckConstraint("state IN ('open','accepted','dismissed','expired','done')", name="state"),
    Index("ix_standby_suggestions_made_at", "made_at"),
    Index(
        "uq_standby_suggestions_standing",
        "unit_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
    comment="One unit has one standing suggestion at most, whichever server made it",
)
