"""Which officer is on which unit with a page of the browser: every time on duty, kept after its end."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, Uuid, text

from gateway.store import Timestamp, metadata

officer_duties = Table(
    "officer_duties",
    metadata,
    Column("duty_id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.user_id"), nullable=False),
    Column("unit_id", Uuid, ForeignKey("units.unit_id"), nullable=False),
    Column("began_at", Timestamp, nullable=False),
    Column("ended_at", Timestamp, comment="null while it lasts"),
    Column("end_reason", Text, comment="left, other_unit, taken_over"),
    CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended"),
    CheckConstraint("end_reason IN ('left','other_unit','taken_over')", name="end_reason"),
    Index("uq_officer_duties_user", "user_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("uq_officer_duties_unit", "unit_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    comment="An officer signed on to a unit. One at a time for each of both; what was pressed in it may come later",
)
