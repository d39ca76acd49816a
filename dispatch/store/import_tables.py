"""Where imported calls came from. They themselves stand in `incidents`, `assignments` and `units` like others."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from gateway.store import Timestamp, metadata

imports = Table(
    "imports",
    metadata,
    Column("import_id", Uuid, primary_key=True),
    Column("file", Text, nullable=False, comment="its name, without folders"),
    Column("sha256", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("imported_at", Timestamp, nullable=False),
    Column("imported_by", Text, nullable=False),
    Column("reading", JSONB, nullable=False, comment="columns, zone, words: how it was read"),
    Column("file_rows", Integer, nullable=False),
    Column("calls", Integer, nullable=False, comment="that came with it; those that were here already are not of it"),
    Column("units", Integer, nullable=False, comment="assignments that came with it"),
    CheckConstraint("calls > 0", name="calls"),
    comment="Files of past calls that were taken, each in one transaction",
)
