"""Figures of many years: a sheet for each day, what has to be made again, and the yearly targets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build it. The log before this is read whole by the first round of the sheets."""
    op.create_table(
        "kpi_sheets",
        sa.Column("day", sa.Date(), nullable=False, comment="of Asia/Taipei, by the receipt of the calls"),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="rises with each sheet that is made"),
        sa.Column(
            "layout", sa.Text(), nullable=False, comment="hash of the columns' layout; another one: to be made again"
        ),
        sa.Column("incidents", sa.Integer(), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=False, comment="as dispatch.domain.kpi_columns packs them"),
        sa.Column("places", postgresql.ARRAY(sa.Text()), nullable=False, comment="stations' ids; null: none"),
        sa.Column("unit_types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("late_reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("cells", postgresql.ARRAY(sa.Text()), nullable=False, comment="hexagons (h3)"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_kpi_sheets")),
        sa.UniqueConstraint("version", name=op.f("uq_kpi_sheets_version")),
        comment="The figures of each day's incidents; everything in it is computed from other tables",
    )
    op.create_table(
        "kpi_stale_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_kpi_stale_days")),
        comment="Days whose sheet has to be made again",
    )
    op.create_table(
        "kpi_progress",
        sa.Column("only", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "event_id", sa.BigInteger(), nullable=False, comment="sheets or stale days hold all up to this event"
        ),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="the last one given to a sheet"),
        sa.CheckConstraint('"only" = 1', name=op.f("ck_kpi_progress_only")),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_kpi_progress")),
        comment="One row",
    )
    op.create_table(
        "kpi_targets",
        sa.Column(
            "year",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="of the common era; 民國 is this minus 1911",
        ),
        sa.Column("share", sa.Double(), nullable=False, comment="of measured incidents within ten minutes, 0 to 1"),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.CheckConstraint("share > 0 AND share <= 1", name=op.f("ck_kpi_targets_share")),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_kpi_targets")),
        comment="What the bureau promised for the year",
    )
    op.create_index("ix_assignments_ended_at", "assignments", ["ended_at"])
    op.create_index("ix_incidents_ended_at", "incidents", ["ended_at"])
    op.create_index(
        "ix_incidents_merged_into", "incidents", ["merged_into"], postgresql_where=sa.text("merged_into IS NOT NULL")
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_incidents_merged_into", "incidents")
    op.drop_index("ix_incidents_ended_at", "incidents")
    op.drop_index("ix_assignments_ended_at", "assignments")
    for table in ("kpi_targets", "kpi_progress", "kpi_stale_days", "kpi_sheets"):
        op.drop_table(table)
