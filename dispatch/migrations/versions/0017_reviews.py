"""Rulings of supervisors on the figures; `reviews` refuses any change, as `events` does."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WORTH_A_LOOK = "review <> '{}' OR on_scene_at IS NULL AND state = 'cleared'"


def upgrade() -> None:
    """Build it."""
    op.create_table(
        "reviews",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="the order of rulings"),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), comment="null: about the whole incident"),
        sa.Column("ruling", sa.Text(), nullable=False),
        sa.Column(
            "on_scene_at",
            sa.DateTime(timezone=True),
            comment="the arrival that it stands for: of gps, button, corrected",
        ),
        sa.Column("exclusion", sa.Text(), comment="of excluded"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False, comment="user name"),
        sa.CheckConstraint(
            "ruling IN ('stands','gps','button','corrected','not_reached','excluded','counted')",
            name=op.f("ck_reviews_ruling"),
        ),
        sa.CheckConstraint(
            "(ruling IN ('excluded','counted')) = (assignment_id IS NULL)", name=op.f("ck_reviews_subject")
        ),
        sa.CheckConstraint(
            "(ruling IN ('gps','button','corrected')) = (on_scene_at IS NOT NULL)",
            name=op.f("ck_reviews_on_scene_at"),
        ),
        sa.CheckConstraint("(ruling = 'excluded') = (exclusion IS NOT NULL)", name=op.f("ck_reviews_excluded")),
        sa.CheckConstraint(
            "exclusion IN ('duplicate','officer_initiated','scheduled','test')", name=op.f("ck_reviews_exclusion")
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_reviews_reason")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name=op.f("fk_reviews_incident_id")),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.assignment_id"], name=op.f("fk_reviews_assignment_id")
        ),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("number", name=op.f("uq_reviews_number")),
        comment="Rulings of supervisors, append-only; the newest about each assignment, and about the incident, counts",
    )
    op.create_index("ix_reviews_incident", "reviews", ["incident_id", "number"])
    op.execute(
        "CREATE TRIGGER reviews_rows_stay BEFORE UPDATE OR DELETE ON reviews "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER reviews_stay BEFORE TRUNCATE ON reviews FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.create_index(
        "ix_assignments_worth_a_look", "assignments", ["incident_id"], postgresql_where=sa.text(WORTH_A_LOOK)
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_assignments_worth_a_look", "assignments")
    op.drop_table("reviews")
