"""What cars write and what they are told, as tables: devices, journals, fixes, the inbox and the outbox.

The gateway owns these tables; dispatch reads the inbox and writes the outbox. One `metadata` for the whole database,
so that one migration tool sees all of it. All times are timestamptz, UTC.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

NAMING: Final = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

Timestamp = DateTime(timezone=True)

devices = Table(
    "devices",
    metadata,
    Column("device_id", Uuid, primary_key=True),
    Column("unit_id", Uuid, nullable=False, unique=True, comment="the unit that this device speaks for"),
    Column("unit_name", Text, nullable=False, comment="its call sign, as the welcome says it"),
    Column(
        "token_sha256",
        Text,
        unique=True,
        comment="hex; null when no token is valid (revoked, never enrolled)",
    ),
    Column(
        "next_token_sha256",
        Text,
        unique=True,
        comment="hex; a fresh token that was given out and not used yet: its first use makes it the token",
    ),
    Column("enrolled_at", Timestamp),
    Column("revoked_at", Timestamp),
    comment="One in-car computer or phone each",
)

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    Column("code_hash", Text, primary_key=True, comment="scrypt, hex; the code itself is kept nowhere"),
    Column("device_id", Uuid, ForeignKey("devices.device_id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Timestamp, nullable=False, server_default=func.now()),
    Column("expires_at", Timestamp, nullable=False),
    Column("used_at", Timestamp, comment="when a car exchanged it for a token; it is worth nothing since"),
    Index("ix_enrolment_codes_device", "device_id"),
    comment="One-time codes with which a car gets its device token",
)

journals = Table(
    "journals",
    metadata,
    Column("device_id", Uuid, ForeignKey("devices.device_id", ondelete="CASCADE"), nullable=False),
    Column("boot", Uuid, nullable=False),
    Column("last_seq", BigInteger, nullable=False, comment="highest seq held durably; what resume_after answers"),
    Column("agent", Text, comment="name/version of the last hello"),
    Column("clock_offset_ms", BigInteger, comment="server's clock minus the car's at the last hello"),
    Column("seen_at", Timestamp, nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("device_id", "boot"),
    comment="One row per run of a car's journal: the high-water mark that makes every message count once",
)

fixes = Table(
    "fixes",
    metadata,
    Column("unit_id", Uuid, nullable=False),
    Column("fixed_at", Timestamp, nullable=False, comment="the receiver's (GNSS) time"),
    Column("boot", Uuid, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("received_at", Timestamp, nullable=False, comment="the gateway's clock"),
    Column("lat", Double, nullable=False),
    Column("lon", Double, nullable=False),
    Column("accuracy_m", Double),
    Column("speed_mps", Double),
    Column("course_deg", Double),
    Column("altitude_m", Double),
    Column("source", Text),
    PrimaryKeyConstraint("unit_id", "fixed_at", "boot", "seq"),
    Index(
        "ix_fixes_received_at",
        "received_at",
        postgresql_using="brin",
        postgresql_with={"autosummarize": True, "pages_per_range": 32},
    ),
    postgresql_partition_by="RANGE (fixed_at)",
    comment="Every position report, partitioned by day (UTC) of the receiver's time",
)

late_fixes = Table(
    "late_fixes",
    metadata,
    Column("note_id", BigInteger, Identity(always=True), primary_key=True),
    Column("unit_id", Uuid, nullable=False),
    Column("first_fixed_at", Timestamp, nullable=False),
    Column("last_fixed_at", Timestamp, nullable=False),
    comment="Of which unit and time fixes came in late. Dispatch looks at that time and takes the row out",
)

unit_positions = Table(
    "unit_positions",
    metadata,
    Column("unit_id", Uuid, primary_key=True),
    Column("fixed_at", Timestamp, nullable=False),
    Column("received_at", Timestamp, nullable=False),
    Column("lat", Double, nullable=False),
    Column("lon", Double, nullable=False),
    Column("accuracy_m", Double),
    Column("speed_mps", Double),
    Column("course_deg", Double),
    comment="The newest fix of each unit by the receiver's time; a late fix never moves it backwards",
)

car_messages = Table(
    "car_messages",
    metadata,
    Column("message_id", BigInteger, Identity(always=True), primary_key=True),
    Column("device_id", Uuid, ForeignKey("devices.device_id", ondelete="CASCADE"), nullable=False),
    Column("unit_id", Uuid, nullable=False),
    Column("boot", Uuid, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("sent_at", Timestamp, comment="the car's time; null where it was unreadable"),
    Column("received_at", Timestamp, nullable=False, comment="the gateway's clock"),
    Column("body", JSONB, nullable=False, comment="the message as it came"),
    Column("rejected_code", Text, comment="set when refused for good: kept for audit"),
    Column("rejected_reason", Text),
    Column("handled_at", Timestamp, comment="set by dispatch in the transaction that acted on it"),
    Index("uq_car_messages_seq", "device_id", "boot", "seq", unique=True),
    Index("ix_car_messages_unhandled", "message_id", postgresql_where=text("handled_at IS NULL")),
    Index("ix_car_messages_unit_received", "unit_id", "received_at"),
    comment="The inbox: all that cars report but fixes, in the order in which it became durable",
)

car_orders = Table(
    "car_orders",
    metadata,
    Column("order_id", BigInteger, Identity(always=True), primary_key=True),
    Column("unit_id", Uuid, nullable=False),
    Column("assignment_id", Uuid, comment="null for notices and refusals"),
    Column("type", Text, nullable=False, comment="order, order_update, order_ended, notice, rejected"),
    Column("body", JSONB, nullable=False, comment="the frame to send, without change"),
    Column("created_at", Timestamp, nullable=False, server_default=func.now()),
    Column("delivered_at", Timestamp, comment="when the car's socket confirmed it (pong after the frame)"),
    Column(
        "is_open",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="order, order_update: true until the assignment ends; sent again after each reconnect",
    ),
    CheckConstraint("type IN ('order','order_update','order_ended','notice','rejected')", name="type"),
    Index("ix_car_orders_open", "unit_id", "order_id", postgresql_where=text("is_open")),
    Index("ix_car_orders_waiting", "unit_id", "order_id", postgresql_where=text("delivered_at IS NULL")),
    comment="The outbox: all that a car is told, in order",
)

vehicle_files = Table(
    "vehicle_files",
    metadata,
    Column("name", Text, primary_key=True),
    Column("etag", Text, nullable=False),
    Column("content", LargeBinary, nullable=False, comment="gzip; stored plain, so that pieces of it are read cheaply"),
    Column("changed_at", Timestamp, nullable=False, server_default=func.now()),
    comment="What cars fetch beside the link, with their device token: the streets of the car's map",
)

car_links = Table(
    "car_links",
    metadata,
    Column("unit_id", Uuid, primary_key=True),
    Column("connected_at", Timestamp, nullable=False),
    Column("connection_id", Uuid, nullable=False, comment="which connection holds the link"),
    Column("disconnected_at", Timestamp, comment="null while the link is up"),
    Column("close_code", SmallInteger),
    comment="Is the car's link up, and since when",
)
