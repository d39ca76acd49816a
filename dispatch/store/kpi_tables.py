"""What the figures of many years are kept in: a sheet for each day, and what has to be made again."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)

from gateway.store import Timestamp, metadata

kpi_sheets = Table(
    "kpi_sheets",
    metadata,
    Column("day", Date, primary_key=True, comment="of Asia/Taipei, by the receipt of the calls"),
    Column("version", BigInteger, nullable=False, unique=True, comment="rises with each sheet that is made"),
    Column("layout", Text, nullable=False, comment="hash of the columns' layout; another one: to be made again"),
    Column("incidents", Integer, nullable=False),
    Column("rows", LargeBinary, nullable=False, comment="as dispatch.domain.kpi_columns packs them"),
    Column("places", ARRAY(Text), nullable=False, comment="stations' ids; null: none"),
    Column("unit_types", ARRAY(Text), nullable=False),
    Column("late_reasons", ARRAY(Text), nullable=False),
    Column("cells", ARRAY(Text), nullable=False, comment="hexagons (h3)"),
    Column("made_at", Timestamp, nullable=False),
    comment="The figures of each day's incidents; everything in it is computed from other tables",
)

kpi_stale_days = Table(
    "kpi_stale_days",
    metadata,
    Column("day", Date, primary_key=True),
    comment="Days whose sheet has to be made again",
)

kpi_progress = Table(
    "kpi_progress",
    metadata,
    Column("only", SmallInteger, primary_key=True, autoincrement=False),
    Column("event_id", BigInteger, nullable=False, comment="sheets or stale days hold all up to this event"),
    Column("version", BigInteger, nullable=False, comment="the last one given to a sheet"),
    CheckConstraint('"only" = 1', name="only"),
    comment="One row",
)

kpi_targets = Table(
    "kpi_targets",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("year", SmallInteger, nullable=False, comment="of the common era; 民國 is this minus 1911"),
    Column("share", Double, comment="of measured incidents within ten minutes, 0 to 1; null: taken back"),
    Column("set_at", Timestamp, nullable=False),
    Column("set_by", Text, nullable=False),
    CheckConstraint("share > 0 AND share <= 1", name="share"),
    Index("ix_kpi_targets_year", "year", "number"),
    comment="What the bureau promised for a year. Rows only come; the newest counts",
)
