"""What is kept of the decisions as a whole: the rounds of the dispatcher loop, and who set the mode when."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gateway.store import Timestamp, metadata

decision_rounds = Table(
    "decision_rounds",
    metadata,
    Column("round_id", Uuid, primary_key=True),
    Column("decided_at", Timestamp, nullable=False),
    Column("mode", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("settings", JSONB, nullable=False, comment="of the policy, as they were"),
    Column("method", Text, nullable=False, comment="batch, greedy"),
    Column("fallback", Boolean, nullable=False, comment="the solver gave no answer in time"),
    Column("took_ms", Double, nullable=False),
    Column("rows", Integer, nullable=False, comment="needs of incidents that were decided"),
    Column("columns", Integer, nullable=False, comment="units that might go"),
    Column("seen", JSONB, comment="all that was decided on, to decide it again; null once positions of its age go"),
    Column("planned", JSONB, nullable=False, comment="orders, releases and who waits, with what was carried out"),
    CheckConstraint("method IN ('batch','greedy')", name="method"),
    Index("ix_decision_rounds_decided_at", "decided_at"),
    Index("ix_decision_rounds_seen", "decided_at", postgresql_where=text("seen IS NOT NULL")),
    comment="Rounds that changed something: ordered, released, recommended, or found nobody for the first time",
)

policy_modes = Table(
    "policy_modes",
    metadata,
    Column("mode_id", BigInteger, Identity(always=True), primary_key=True),
    Column("mode", Text, nullable=False),
    Column("set_at", Timestamp, nullable=False, server_default=func.now()),
    Column("set_by", Text, nullable=False, comment="user name"),
    CheckConstraint("mode IN ('automatic','recommend','by_priority','night')", name="mode"),
    comment="The newest row is in force; without any, the mode of the settings is",
)
