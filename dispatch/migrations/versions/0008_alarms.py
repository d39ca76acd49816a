"""Alarms of a third grade, that can be put off; calls that somebody has opened."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build it. Calls that ended before count as seen."""
    op.add_column(
        "alarms",
        sa.Column(
            "snoozed_until", sa.DateTime(timezone=True), comment="it is quiet until then, though its reason stands"
        ),
    )
    op.add_column("alarms", sa.Column("snoozed_by", sa.Text()))
    op.alter_column("alarms", "level", comment="alarm, warning, notice", existing_comment="alarm, warning")
    op.drop_constraint(op.f("ck_alarms_level"), "alarms", type_="check")
    op.create_check_constraint(op.f("ck_alarms_level"), "alarms", "level IN ('alarm','warning','notice')")
    op.add_column(
        "incidents",
        sa.Column("seen_at", sa.DateTime(timezone=True), comment="a dispatcher first opened it; null: nobody has"),
    )
    op.add_column("incidents", sa.Column("seen_by", sa.Text()))
    op.execute("UPDATE incidents SET seen_at = ended_at WHERE ended_at IS NOT NULL")


def downgrade() -> None:
    """Take it away; notices become warnings."""
    op.drop_column("incidents", "seen_by")
    op.drop_column("incidents", "seen_at")
    op.execute("UPDATE alarms SET level = 'warning' WHERE level = 'notice'")
    op.drop_constraint(op.f("ck_alarms_level"), "alarms", type_="check")
    op.create_check_constraint(op.f("ck_alarms_level"), "alarms", "level IN ('alarm','warning')")
    op.alter_column("alarms", "level", comment="alarm, warning", existing_comment="alarm, warning, notice")
    op.drop_column("alarms", "snoozed_by")
    op.drop_column("alarms", "snoozed_until")
