"""What supervisors ruled on figures: a row a ruling, never changed, never deleted (a trigger of the migration)."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Index, Table, Text, Uuid

from gateway.store import Timestamp, metadata

reviews = Table(
    "reviews",
    metadata,
    Column("review_id", Uuid, primary_key=True),
    Column("number", BigInteger, Identity(always=True), nullable=False, unique=True, comment="the order of rulings"),
    Column("incident_id", Uuid, ForeignKey("incidents.incident_id"), nullable=False),
    Column("assignment_id", Uuid, ForeignKey("assignments.assignment_id"), comment="null: about the whole incident"),
    Column("ruling", Text, nullable=False),
    Column("on_scene_at", Timestamp, comment="the arrival that it stands for: of gps, button, corrected"),
    Column("exclusion", Text, comment="of excluded"),
    Column("reason", Text, nullable=False),
    Column("decided_at", Timestamp, nullable=False),
    Column("decided_by", Text, nullable=False, comment="user name"),
    CheckConstraint(
        "ruling IN ('stands','gps','button','corrected','not_reached','excluded','counted')", name="ruling"
    ),
    CheckConstraint(
        "assignment_id IS NULL AND ruling IN ('excluded','counted','corrected','stands') "
        "OR assignment_id IS NOT NULL AND ruling NOT IN ('excluded','counted')",
        name="subject",
    ),
    CheckConstraint("(ruling IN ('gps','button','corrected')) = (on_scene_at IS NOT NULL)", name="on_scene_at"),
    CheckConstraint("(ruling = 'excluded') = (exclusion IS NOT NULL)", name="excluded"),
    CheckConstraint("exclusion IN ('duplicate','officer_initiated','scheduled','test','cancelled')", name="exclusion"),
    CheckConstraint("reason <> ''", name="reason"),
    Index("ix_reviews_incident", "incident_id", "number"),
    comment="Rulings of supervisors, append-only; the newest about each assignment, and about the incident, counts",
)
