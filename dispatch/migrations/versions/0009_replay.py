"""Replay of past hours: what was overwritten, and ways to find fixes, events and decisions by time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build it. Only block ranges of fixes are indexed: they come in by time, and an insert costs nothing more."""
    op.create_table(
        "overwritten",
        sa.Column("overwritten_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False, comment="an incident or an alarm"),
        sa.Column(
            "until",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the server's clock, as in the event that tells of the change",
        ),
        sa.Column(
            "members",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what they held until then",
        ),
        sa.PrimaryKeyConstraint("overwritten_id", name=op.f("pk_overwritten")),
        comment="For the replay of past hours; goes with the fixes of its time",
    )
    op.create_index("ix_overwritten_subject", "overwritten", ["subject_id", "until"])
    op.create_index("ix_overwritten_until", "overwritten", ["until"])
    op.create_index(
        "ix_fixes_received_at",
        "fixes",
        ["received_at"],
        postgresql_using="brin",
        postgresql_with={"autosummarize": True, "pages_per_range": 32},
    )
    op.create_index("ix_events_recorded_at", "events", ["recorded_at", "event_id"])
    op.create_index(
        "ix_events_unit_says",
        "events",
        ["unit_id", "kind", "event_id"],
        postgresql_where=sa.text(
            "kind IN ('unit_availability_changed','unit_changed','unit_connected','unit_disconnected','camera_changed')"
        ),
    )
    op.create_index("ix_decisions_decided_at", "decisions", ["decided_at"])


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_decisions_decided_at", "decisions")
    op.drop_index("ix_events_unit_says", "events")
    op.drop_index("ix_events_recorded_at", "events")
    op.drop_index("ix_fixes_received_at", "fixes")
    op.drop_table("overwritten")
