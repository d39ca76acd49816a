"""Suggestions where idle units should wait."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build it."""
    op.create_table(
        "standby_suggestions",
        sa.Column("suggestion_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False, comment="the post by its streets, or its station"),
        sa.Column("drive_s", sa.Double(), nullable=False),
        sa.Column(
            "gain_share", sa.Double(), nullable=False, comment="of the expected calls, so many more within the limit"
        ),
        sa.Column("gain_s", sa.Double(), nullable=False, comment="off the expected drive of the first unit"),
        sa.Column("share_before", sa.Double(), nullable=False),
        sa.Column("share_after", sa.Double(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("decided_by", sa.Text(), comment="user name"),
        sa.Column("decided_at", sa.DateTime(timezone=True), comment="accepted or dismissed"),
        sa.Column("ended_at", sa.DateTime(timezone=True), comment="neither open nor accepted any longer"),
        sa.Column("reason", sa.Text(), comment="of a dismissal, in a person's words; of an end by itself, as a code"),
        sa.CheckConstraint(
            "state IN ('open','accepted','dismissed','expired','done')", name=op.f("ck_standby_suggestions_state")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.unit_id"], name="fk_standby_suggestions_unit_id"),
        sa.PrimaryKeyConstraint("suggestion_id", name="pk_standby_suggestions"),
        comment="One unit has one standing suggestion at most, whichever server made it",
    )
    op.create_index("ix_standby_suggestions_made_at", "standby_suggestions", ["made_at"])
    op.create_index(
        "uq_standby_suggestions_standing",
        "standby_suggestions",
        ["unit_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("standby_suggestions")
