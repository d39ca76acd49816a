"""Enrolment by one-time code, tokens that renew themselves, and what the agents say of themselves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build it."""
    op.add_column(
        "devices",
        sa.Column(
            "next_token_sha256",
            sa.Text(),
            comment="hex; a fresh token that was given out and not used yet: its first use makes it the token",
        ),
    )
    op.create_unique_constraint(op.f("uq_devices_next_token_sha256"), "devices", ["next_token_sha256"])
    op.create_table(
        "enrolment_codes",
        sa.Column("code_hash", sa.Text(), nullable=False, comment="scrypt, hex; the code itself is kept nowhere"),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "used_at",
            sa.DateTime(timezone=True),
            comment="when a car exchanged it for a token; it is worth nothing since",
        ),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["devices.device_id"],
            name=op.f("fk_enrolment_codes_device_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_enrolment_codes")),
        comment="One-time codes with which a car gets its device token",
    )
    op.create_index("ix_enrolment_codes_device", "enrolment_codes", ["device_id"])
    op.create_table(
        "agent_health",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column(
            "said_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the car's time, no later than received_at",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, comment="the gateway's clock"),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("uptime_s", sa.BigInteger(), nullable=False),
        sa.Column("waiting", sa.BigInteger(), nullable=False, comment="messages in the car that are not acknowledged"),
        sa.Column("clock_offset_ms", sa.BigInteger(), comment="server's clock minus the car computer's"),
        sa.Column("gnss_offset_ms", sa.BigInteger(), comment="GNSS time minus the car computer's clock"),
        sa.Column("troubles", postgresql.JSONB(), nullable=False, comment="codes, the oldest first"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.unit_id"], name=op.f("fk_agent_health_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_agent_health")),
        comment="What the agent in the car last said of itself",
    )


def downgrade() -> None:
    """Take it away. A token that was given out and not used yet is lost: that car needs a new code."""
    op.drop_table("agent_health")
    op.drop_index("ix_enrolment_codes_device", "enrolment_codes")
    op.drop_table("enrolment_codes")
    op.drop_constraint(op.f("uq_devices_next_token_sha256"), "devices", type_="unique")
    op.drop_column("devices", "next_token_sha256")
