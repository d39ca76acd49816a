"""Recordings: their index as cars told it, where each file is on its way here, and what is held as evidence."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, UniqueConstraint, Uuid, text

from gateway.store import Timestamp, metadata

recordings = Table(
    "recordings",
    metadata,
    Column("recording_id", Uuid, primary_key=True, comment="ours; the car's own name for it is told_id"),
    Column("unit_id", Uuid, ForeignKey("units.unit_id"), nullable=False),
    Column("told_id", Text, nullable=False, comment="recording_id as the car says"),
    Column("camera_id", Text, nullable=False),
    Column("officer_id", Text, comment="as the camera says"),
    Column("assignment_id", Uuid, comment="as the car says; which ones overlap is told by time"),
    Column("started_at", Timestamp, nullable=False, comment="the car's clock"),
    Column("ended_at", Timestamp, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False, comment="hex, taken in the car when the recording was closed"),
    Column("name", Text, nullable=False, comment="the file's name in the car"),
    Column("media_type", Text),
    Column("told_at", Timestamp, nullable=False, comment="the gateway's clock"),
    Column("state", Text, nullable=False, server_default="in_car"),
    Column("upload_id", Uuid, unique=True, comment="of the upload that stands; null: none begun"),
    Column("upload_metadata", Text, comment="Upload-Metadata as it was given"),
    Column("offset_bytes", BigInteger, nullable=False, server_default=text("0"), comment="received and synced to disk"),
    Column("path", Text, comment="below the recordings folder; null: no file here"),
    Column("checked_at", Timestamp, comment="its hash was compared here, or its file looked for in vain"),
    Column("deleted_at", Timestamp, comment="by retention; the index stays"),
    CheckConstraint(
        "state IN ('in_car','uploading','received','verified','quarantined','deleted','lost')",
        name="state",
    ),
    CheckConstraint("offset_bytes BETWEEN 0 AND size_bytes", name="offset"),
    CheckConstraint("ended_at >= started_at", name="times"),
    UniqueConstraint("unit_id", "told_id", name="uq_recordings_told"),
    Index("ix_recordings_unit", "unit_id", "started_at"),
    Index("ix_recordings_started_at", "started_at"),
    Index("ix_recordings_received", "recording_id", postgresql_where=text("state = 'received'")),
    comment="One row per recording that a car closed, for ever; the file comes later and may go again",
)

incident_holds = Table(
    "incident_holds",
    metadata,
    Column("incident_id", Uuid, ForeignKey("incidents.incident_id"), primary_key=True),
    Column("held_at", Timestamp, nullable=False),
    Column("held_by", Text, nullable=False, comment="user name"),
    Column("reason", Text, nullable=False),
    comment="Incidents under evidence: retention deletes no recording of theirs",
)
