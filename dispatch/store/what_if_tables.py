"""What managers asked "what if" about: each question with its seed, how far its run is, and what came of it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gateway.store import Timestamp, metadata

what_ifs = Table(
    "what_ifs",
    metadata,
    Column("what_if_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("asked", JSONB, nullable=False, comment="all that was asked, resolved: dispatch.store.what_if_asked"),
    Column(
        "repeats", Uuid, ForeignKey("what_ifs.what_if_id", ondelete="SET NULL"), comment="the one that it runs again"
    ),
    Column("state", Text, nullable=False, server_default="queued"),
    Column("done", Integer, nullable=False, server_default=text("0"), comment="runs that are over"),
    Column("total", Integer, nullable=False, comment="runs in all: variants times replications"),
    Column("left_s", Double, comment="as the worker estimates it; null while it cannot say"),
    Column("result", JSONB, comment="dispatch.simulator.study.StudyResult"),
    Column("result_sha256", Text, comment="of the result's bytes: the same digits, the same digest"),
    Column("inputs", JSONB, comment="digests of what was asked and of the streets and calls that were read"),
    Column("engine", Text, comment="programs and versions that the digits depend on"),
    Column("error_code", Text),
    Column("error", Text, comment="one sentence"),
    Column("created_by", Uuid, ForeignKey("users.user_id"), nullable=False),
    Column("created_at", Timestamp, nullable=False, server_default=func.now()),
    Column("started_at", Timestamp),
    Column("ended_at", Timestamp),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0"), comment="how often it was started"),
    Column("worker", Uuid, comment="whose it is: a worker writes while this is its own mark"),
    Column("worker_pid", Integer),
    Column("heartbeat_at", Timestamp, comment="by the database's clock"),
    CheckConstraint("state IN ('queued','running','done','failed','cancelled')", name="state"),
    Index("ix_what_ifs_created_at", "created_at"),
    Index("ix_what_ifs_unfinished", "created_at", postgresql_where=text("state IN ('queued','running')")),
    comment="The row is the truth: a worker process takes it, writes its progress and its result here",
)
