"""Versions of the speeds that ETAs are made with, and which of them was put in force when and by whom."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Integer, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from gateway.store import Timestamp, metadata

speed_versions = Table(
    "speed_versions",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("made_at", Timestamp, nullable=False, server_default=func.now()),
    Column("made_by", Text, nullable=False),
    Column("factors", JSONB, nullable=False, comment="cells that differ from the priors, with the drives behind each"),
    Column("learned_from", JSONB, nullable=False, server_default=text("'{}'"), comment="days, drives, map"),
    Column("errors", JSONB, nullable=False, server_default=text("'{}'"), comment="before and after, on held-out days"),
    CheckConstraint("version >= 0", name="version"),
    comment="Never changed: an ETA of any day names the version that it was made with. 0 is the priors",
)

speeds_applied = Table(
    "speeds_applied",
    metadata,
    Column("application_id", BigInteger, Identity(always=True), primary_key=True),
    Column("version", Integer, ForeignKey("speed_versions.version"), nullable=False),
    Column("applied_at", Timestamp, nullable=False, server_default=func.now()),
    Column("applied_by", Text, nullable=False),
    comment="The newest row is in force; without any, the priors are",
)
