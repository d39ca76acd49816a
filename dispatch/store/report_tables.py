"""Reports as they were made: nothing in them changes, none is deleted. A later version stands beside the earlier."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, LargeBinary, Table, Text, UniqueConstraint, Uuid

from gateway.store import Timestamp, metadata

reports = Table(
    "reports",
    metadata,
    Column("report_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False, comment="month, year"),
    Column("period", Text, nullable=False, comment="2026-10, 2026"),
    Column("language", Text, nullable=False, comment="zh-TW, en"),
    Column("version", Integer, nullable=False, comment="from 1; a new one where the figures came out otherwise"),
    Column("made_at", Timestamp, nullable=False, comment="stands here alone, not in the files"),
    Column("made_by", Text, nullable=False, comment="user name; server where the calendar made it"),
    Column("ledger_sha256", Text, nullable=False),
    Column("figures_sha256", Text, nullable=False, comment="of all that the files say"),
    Column("counted_from", Text, comment="hash of the days' sheets; null: not known"),
    CheckConstraint("kind IN ('month','year')", name="kind"),
    CheckConstraint("language IN ('zh-TW','en')", name="language"),
    CheckConstraint("version >= 1", name="version"),
    UniqueConstraint("period", "language", "version"),
    comment="Monthly and yearly reports of the ten-minute clock. Rows only come",
)
report_files = Table(
    "report_files",
    metadata,
    Column("report_id", Uuid, ForeignKey("reports.report_id"), primary_key=True),
    Column("format", Text, primary_key=True, comment="ods, odt, pdf, csv, ledger"),
    Column("content", LargeBinary, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    CheckConstraint("format IN ('ods','odt','pdf','csv','ledger')", name="format"),
    comment="Some hundred kilobytes each: here, so that a backup has them, and all servers. Rows only come",
)
