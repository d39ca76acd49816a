"""Recordings: the index that cars tell, their files on the way here, incidents held as evidence."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build it."""
    op.create_table(
        "recordings",
        sa.Column("recording_id", sa.Uuid(), nullable=False, comment="ours; the car's own name for it is told_id"),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("told_id", sa.Text(), nullable=False, comment="recording_id as the car says"),
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("officer_id", sa.Text(), comment="as the camera says"),
        sa.Column("assignment_id", sa.Uuid(), comment="as the car says; which ones overlap is told by time"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, comment="the car's clock"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False, comment="hex, taken in the car when the recording was closed"),
        sa.Column("name", sa.Text(), nullable=False, comment="the file's name in the car"),
        sa.Column("media_type", sa.Text()),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False, comment="the gateway's clock"),
        sa.Column("state", sa.Text(), server_default="in_car", nullable=False),
        sa.Column("upload_id", sa.Uuid(), comment="of the upload that stands; null: none begun"),
        sa.Column("upload_metadata", sa.Text(), comment="Upload-Metadata as it was given"),
        sa.Column(
            "offset_bytes",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="received and synced to disk",
        ),
        sa.Column("path", sa.Text(), comment="below the recordings folder; null: no file here"),
        sa.Column(
            "checked_at",
            sa.DateTime(timezone=True),
            comment="its hash was compared here, or its file looked for in vain",
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), comment="by retention; the index stays"),
        sa.CheckConstraint(
            "state IN ('in_car','uploading','received','verified','quarantined','deleted','lost')",
            name=op.f("ck_recordings_state"),
        ),
        sa.CheckConstraint("offset_bytes BETWEEN 0 AND size_bytes", name=op.f("ck_recordings_offset")),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_recordings_times")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.unit_id"], name="fk_recordings_unit_id"),
        sa.PrimaryKeyConstraint("recording_id", name="pk_recordings"),
        sa.UniqueConstraint("upload_id", name="uq_recordings_upload_id"),
        sa.UniqueConstraint("unit_id", "told_id", name="uq_recordings_told"),
        comment="One row per recording that a car closed, for ever; the file comes later and may go again",
    )
    op.create_index("ix_recordings_unit", "recordings", ["unit_id", "started_at"])
    op.create_index("ix_recordings_started_at", "recordings", ["started_at"])
    op.create_index(
        "ix_recordings_received", "recordings", ["recording_id"], postgresql_where=sa.text("state = 'received'")
    )
    op.create_table(
        "incident_holds",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False, comment="user name"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name="fk_incident_holds_incident_id"),
        sa.PrimaryKeyConstraint("incident_id", name="pk_incident_holds"),
        comment="Incidents under evidence: retention deletes no recording of theirs",
    )
    op.create_index("ix_access_log_subject", "access_log", ["subject", "access_id"])


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_access_log_subject", "access_log")
    op.drop_table("incident_holds")
    op.drop_table("recordings")
