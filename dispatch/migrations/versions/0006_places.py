"""What can be looked for besides streets: addresses, landmarks and localities of the loaded map."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build them; a map that is loaded already has none until it is imported again."""
    op.create_table(
        "places",
        sa.Column("place_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="of an address its street"),
        sa.Column("number", sa.Text(), server_default="", nullable=False, comment="house number, with lane and alley"),
        sa.Column("sort", sa.Text(), server_default="", nullable=False, comment="hospital, station, village …"),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.CheckConstraint("kind IN ('address','landmark','locality')", name=op.f("ck_places_kind")),
        sa.ForeignKeyConstraint(["map_id"], ["street_maps.map_id"], name="fk_places_map_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("place_id", name="pk_places"),
        comment="Comes and goes with its street map",
    )
    op.create_index("ix_places_map_id", "places", ["map_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("places")
