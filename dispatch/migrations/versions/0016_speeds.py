"""Versions of the speeds, and of each ETA the version that it was made with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build it."""
    op.create_table(
        "speed_versions",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column(
            "factors",
            postgresql.JSONB(),
            nullable=False,
            comment="cells that differ from the priors, with the drives behind each",
        ),
        sa.Column(
            "learned_from",
            postgresql.JSONB(),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="days, drives, map",
        ),
        sa.Column(
            "errors",
            postgresql.JSONB(),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="before and after, on held-out days",
        ),
        sa.CheckConstraint("version >= 0", name=op.f("ck_speed_versions_version")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_speed_versions")),
        comment="Never changed: an ETA of any day names the version that it was made with. 0 is the priors",
    )
    op.execute("INSERT INTO speed_versions (version, made_by, factors) VALUES (0, 'priors', '[]')")
    op.execute(
        "CREATE TRIGGER speed_versions_rows_stay BEFORE UPDATE OR DELETE ON speed_versions "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.create_table(
        "speeds_applied",
        sa.Column("application_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("applied_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["speed_versions.version"], name=op.f("fk_speeds_applied_version")),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_speeds_applied")),
        comment="The newest row is in force; without any, the priors are",
    )
    op.add_column(
        "assignments",
        sa.Column(
            "eta_version",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="of the speeds that eta_s was made with",
        ),
    )
    op.add_column(
        "assignments",
        sa.Column(
            "eta_street_class",
            sa.Text(),
            comment="on which most of the planned way lay; null where it was not over the streets, or not noted",
        ),
    )
    op.create_index("ix_assignments_dispatched_at", "assignments", ["dispatched_at"])


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_assignments_dispatched_at", "assignments")
    op.drop_column("assignments", "eta_street_class")
    op.drop_column("assignments", "eta_version")
    op.drop_table("speeds_applied")
    op.drop_table("speed_versions")
