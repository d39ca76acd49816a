"""Files that cars fetch beside the link: the bureau's streets, for the map on the car's screen."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build it. The content is compressed already; stored plain, a piece of it is read without the rest."""
    op.create_table(
        "vehicle_files",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column(
            "content",
            sa.LargeBinary(),
            nullable=False,
            comment="gzip; stored plain, so that pieces of it are read cheaply",
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_vehicle_files")),
        comment="What cars fetch beside the link, with their device token: the streets of the car's map",
    )
    op.execute("ALTER TABLE vehicle_files ALTER COLUMN content SET STORAGE EXTERNAL")


def downgrade() -> None:
    """Take it away."""
    op.drop_table("vehicle_files")
