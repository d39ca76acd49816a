"""Reports, kept as they were made."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build it."""
    op.create_table(
        "reports",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="month, year"),
        sa.Column("period", sa.Text(), nullable=False, comment="2026-10, 2026"),
        sa.Column("language", sa.Text(), nullable=False, comment="zh-TW, en"),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="from 1; a new one where the figures came out otherwise"
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, comment="stands here alone, not in the files"),
        sa.Column("made_by", sa.Text(), nullable=False, comment="user name; server where the calendar made it"),
        sa.Column("ledger_sha256", sa.Text(), nullable=False),
        sa.Column("figures_sha256", sa.Text(), nullable=False, comment="of all that the files say"),
        sa.CheckConstraint("kind IN ('month','year')", name=op.f("ck_reports_kind")),
        sa.CheckConstraint("language IN ('zh-TW','en')", name=op.f("ck_reports_language")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_reports_version")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_reports")),
        sa.UniqueConstraint("period", "language", "version", name=op.f("uq_reports_period")),
        comment="Monthly and yearly reports of the ten-minute clock. Rows only come",
    )
    op.create_table(
        "report_files",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False, comment="ods, odt, pdf, csv"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("format IN ('ods','odt','pdf','csv')", name=op.f("ck_report_files_format")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.report_id"], name=op.f("fk_report_files_report_id")),
        sa.PrimaryKeyConstraint("report_id", "format", name=op.f("pk_report_files")),
        comment="Some hundred kilobytes each: here, so that a backup has them, and all servers. Rows only come",
    )
    for table in ("reports", "report_files"):
        op.execute(
            f"CREATE TRIGGER {table}_rows_stay BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_stay BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            "EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("report_files")
    op.drop_table("reports")
