"""Imported calls may have been cancelled before anybody arrived, and have the kind of unit that their file says."""

from alembic import op

revision = "0023"
down_revision = "0022"

BEFORE = "exclusion IN ('duplicate','officer_initiated','scheduled','test')"
AFTER = "exclusion IN ('cancelled','duplicate','officer_initiated','scheduled','test')"
WHY = "why the ten-minute clock leaves it out; a cancellation {}is told by state and arrival"
KIND = "of the vehicle when the order was given"
DAYS = """
    INSERT INTO kpi_stale_days
    SELECT DISTINCT CAST(received_at AT TIME ZONE 'Asia/Taipei' AS date) FROM incidents WHERE {} ON CONFLICT DO NOTHING
"""
MADE_UP = "incident_id IN (SELECT incident_id FROM assignments WHERE import_line IS NOT NULL AND unit_type IS NOT NULL)"
CANCELLED = "exclusion = 'cancelled' OR incident_id IN (SELECT incident_id FROM reviews WHERE exclusion = 'cancelled')"


def upgrade() -> None:
    """The kind of an imported unit was that of its call sign's vehicle of today; it is unknown, so that is said."""
    for table in ("incidents", "reviews"):
        _check(table, AFTER)
    op.create_check_constraint(
        op.f("ck_incidents_cancelled"), "incidents", "exclusion <> 'cancelled' OR import_id IS NOT NULL"
    )
    op.alter_column("incidents", "exclusion", comment=WHY.format("of ours "))
    op.alter_column("assignments", "unit_type", comment=f"{KIND}; of an imported one as its file says")
    op.execute(DAYS.format(MADE_UP))
    op.execute("UPDATE assignments SET unit_type = NULL WHERE import_line IS NOT NULL AND unit_type IS NOT NULL")


def downgrade() -> None:
    """Cancelled ones count as late again, and rulings that say so are lost."""
    op.execute(DAYS.format(CANCELLED))
    op.execute("UPDATE incidents SET exclusion = NULL WHERE exclusion = 'cancelled'")
    op.execute("ALTER TABLE reviews DISABLE TRIGGER reviews_rows_stay")
    op.execute("DELETE FROM reviews WHERE exclusion = 'cancelled'")
    op.execute("ALTER TABLE reviews ENABLE TRIGGER reviews_rows_stay")
    op.alter_column("assignments", "unit_type", comment=KIND)
    op.alter_column("incidents", "exclusion", comment=WHY.format(""))
    op.drop_constraint(op.f("ck_incidents_cancelled"), "incidents")
    for table in ("incidents", "reviews"):
        _check(table, BEFORE)


def _check(table: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_exclusion"), table)
    op.create_check_constraint(op.f(f"ck_{table}_exclusion"), table, rule)
