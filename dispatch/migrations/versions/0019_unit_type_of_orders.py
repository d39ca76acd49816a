"""What kind of vehicle an order went to, kept with the order: past figures don't follow what the fleet is today."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Orders so far get what the unit's vehicle is today; there is nothing better."""
    op.add_column("assignments", sa.Column("unit_type", sa.Text(), comment="of the vehicle when the order was given"))
    op.execute("UPDATE assignments AS a SET unit_type = v.type FROM vehicles AS v WHERE v.unit_id = a.unit_id")


def downgrade() -> None:
    """Back to the vehicle of today."""
    op.drop_column("assignments", "unit_type")
