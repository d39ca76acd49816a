"""Officers who sign on to a unit in a browser."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build it."""
    op.create_table(
        "officer_duties",
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), comment="null while it lasts"),
        sa.Column("end_reason", sa.Text(), comment="left, other_unit, taken_over"),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_officer_duties_ended")),
        sa.CheckConstraint(
            "end_reason IN ('left','other_unit','taken_over')", name=op.f("ck_officer_duties_end_reason")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_officer_duties_user_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.unit_id"], name=op.f("fk_officer_duties_unit_id")),
        sa.PrimaryKeyConstraint("duty_id", name=op.f("pk_officer_duties")),
        comment="An officer signed on to a unit. One at a time for each of both; what was pressed in it may come later",
    )
    for of in ("user", "unit"):
        op.create_index(
            f"uq_officer_duties_{of}",
            "officer_duties",
            [f"{of}_id"],
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("officer_duties")
