"""Notes that dispatchers write about an incident."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build it."""
    op.create_table(
        "incident_notes",
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False, comment="user name"),
        sa.Column("idempotency_key", sa.Text(), comment="of the request that wrote it"),
        sa.Column("struck_at", sa.DateTime(timezone=True), comment="taken back; what was written stays"),
        sa.Column("struck_by", sa.Text(), comment="user name"),
        sa.CheckConstraint("(struck_at IS NULL) = (struck_by IS NULL)", name=op.f("ck_incident_notes_struck")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name="fk_incident_notes_incident_id"),
        sa.PrimaryKeyConstraint("note_id", name="pk_incident_notes"),
        sa.UniqueConstraint("written_by", "idempotency_key", name="uq_incident_notes_written_by"),
        comment="Free text, which may name people: here, not in the append-only log, so that retention can reach it",
    )
    op.create_index("ix_incident_notes_incident", "incident_notes", ["incident_id", "written_at"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("incident_notes")
