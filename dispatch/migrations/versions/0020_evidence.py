"""What a figure rests on stays: a report's ledger, each word on a target, who was free when a call came in."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

FOUR = "format IN ('ods','odt','pdf','csv')"
FIVE = "format IN ('ods','odt','pdf','csv','ledger')"
SUBJECT_BEFORE = "(ruling IN ('excluded','counted')) = (assignment_id IS NULL)"
SUBJECT = (
    "assignment_id IS NULL AND ruling IN ('excluded','counted','corrected','stands') "
    "OR assignment_id IS NOT NULL AND ruling NOT IN ('excluded','counted')"
)
SHARE = "of measured incidents within ten minutes, 0 to 1"


def upgrade() -> None:
    """Build it; targets that were set stay as the first word on their year."""
    _check("report_files", "format", FIVE)
    op.alter_column("report_files", "format", comment="ods, odt, pdf, csv, ledger")
    op.add_column("reports", sa.Column("counted_from", sa.Text(), comment="hash of the days' sheets; null: not known"))
    _check("reviews", "subject", SUBJECT)

    op.drop_constraint(op.f("pk_kpi_targets"), "kpi_targets")
    op.add_column("kpi_targets", sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False))
    op.create_primary_key(op.f("pk_kpi_targets"), "kpi_targets", ["number"])
    op.alter_column("kpi_targets", "share", nullable=True, comment=f"{SHARE}; null: taken back")
    op.create_index("ix_kpi_targets_year", "kpi_targets", ["year", "number"])
    op.create_table_comment("kpi_targets", "What the bureau promised for a year. Rows only come; the newest counts")

    op.create_table(
        "unit_looks",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("free_eta_s", sa.Double(), comment="of the nearest unit that was free; null: none was"),
        sa.Column("somebody", sa.Boolean(), nullable=False, comment="the plan had a unit for it"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name=op.f("fk_unit_looks_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "looked_at", name=op.f("pk_unit_looks")),
        comment="Who could go to an incident with nobody on it: at first, and when that changed. Rows only come",
    )
    for table in ("kpi_targets", "unit_looks"):
        op.execute(
            f"CREATE TRIGGER {table}_rows_stay BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_stay BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            "EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """Back to one target a year; what only the newer tables can hold is lost."""
    op.drop_table("unit_looks")
    for table in ("kpi_targets", "report_files", "reviews"):
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_rows_stay")
    op.execute("DELETE FROM report_files WHERE format = 'ledger'")
    op.execute("DELETE FROM reviews WHERE assignment_id IS NULL AND ruling IN ('corrected','stands')")
    op.execute(
        "DELETE FROM kpi_targets AS t WHERE share IS NULL "
        "OR EXISTS (SELECT FROM kpi_targets AS n WHERE n.year = t.year AND n.number > t.number)"
    )
    for table in ("report_files", "reviews"):
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_rows_stay")
    op.execute("DROP TRIGGER kpi_targets_rows_stay ON kpi_targets")
    op.execute("DROP TRIGGER kpi_targets_stay ON kpi_targets")
    op.drop_index("ix_kpi_targets_year", "kpi_targets")
    op.drop_constraint(op.f("pk_kpi_targets"), "kpi_targets")
    op.drop_column("kpi_targets", "number")
    op.create_primary_key(op.f("pk_kpi_targets"), "kpi_targets", ["year"])
    op.alter_column("kpi_targets", "share", nullable=False, comment=SHARE)
    op.create_table_comment("kpi_targets", "What the bureau promised for the year")
    _check("reviews", "subject", SUBJECT_BEFORE)
    op.drop_column("reports", "counted_from")
    op.alter_column("report_files", "format", comment="ods, odt, pdf, csv")
    _check("report_files", "format", FOUR)


def _check(table: str, name: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)
