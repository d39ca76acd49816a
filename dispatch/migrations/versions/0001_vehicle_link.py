"""What cars write and what they are told: devices, journals, fixes by day, inbox, outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build them."""
    op.create_table(
        "car_links",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False, comment="which connection holds the link"),
        sa.Column("disconnected_at", sa.DateTime(timezone=True), comment="null while the link is up"),
        sa.Column("close_code", sa.SmallInteger()),
        sa.PrimaryKeyConstraint("unit_id", name="pk_car_links"),
        comment="Is the car's link up, and since when",
    )
    op.create_table(
        "car_orders",
        sa.Column("order_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), comment="null for notices and refusals"),
        sa.Column("type", sa.Text(), nullable=False, comment="order, order_update, order_ended, notice, rejected"),
        sa.Column("body", postgresql.JSONB(), nullable=False, comment="the frame to send, without change"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "delivered_at",
            sa.DateTime(timezone=True),
            comment="when the car's socket confirmed it (pong after the frame)",
        ),
        sa.Column(
            "is_open",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="order, order_update: true until the assignment ends; sent again after each reconnect",
        ),
        sa.CheckConstraint(
            "type IN ('order','order_update','order_ended','notice','rejected')", name=op.f("ck_car_orders_type")
        ),
        sa.PrimaryKeyConstraint("order_id", name="pk_car_orders"),
        comment="The outbox: all that a car is told, in order",
    )
    op.create_index("ix_car_orders_open", "car_orders", ["unit_id", "order_id"], postgresql_where=sa.text("is_open"))
    op.create_index(
        "ix_car_orders_waiting", "car_orders", ["unit_id", "order_id"], postgresql_where=sa.text("delivered_at IS NULL")
    )
    op.create_table(
        "devices",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False, comment="the unit that this device speaks for"),
        sa.Column("unit_name", sa.Text(), nullable=False, comment="its call sign, as the welcome says it"),
        sa.Column("token_sha256", sa.Text(), comment="hex; null when no token is valid (revoked, never enrolled)"),
        sa.Column("enrolled_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("device_id", name="pk_devices"),
        sa.UniqueConstraint("token_sha256", name="uq_devices_token_sha256"),
        sa.UniqueConstraint("unit_id", name="uq_devices_unit_id"),
        comment="One in-car computer or phone each",
    )
    op.create_table(
        "fixes",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=False, comment="the receiver's (GNSS) time"),
        sa.Column("boot", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, comment="the gateway's clock"),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("accuracy_m", sa.Double()),
        sa.Column("speed_mps", sa.Double()),
        sa.Column("course_deg", sa.Double()),
        sa.Column("altitude_m", sa.Double()),
        sa.Column("source", sa.Text()),
        sa.PrimaryKeyConstraint("unit_id", "fixed_at", "boot", "seq", name="pk_fixes"),
        comment="Every position report, partitioned by day (UTC) of the receiver's time",
        postgresql_partition_by="RANGE (fixed_at)",
    )
    op.create_table(
        "unit_positions",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("accuracy_m", sa.Double()),
        sa.Column("speed_mps", sa.Double()),
        sa.Column("course_deg", sa.Double()),
        sa.PrimaryKeyConstraint("unit_id", name="pk_unit_positions"),
        comment="The newest fix of each unit by the receiver's time; a late fix never moves it backwards",
    )
    op.create_table(
        "car_messages",
        sa.Column("message_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("boot", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), comment="the car's time; null where it was unreadable"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, comment="the gateway's clock"),
        sa.Column("body", postgresql.JSONB(), nullable=False, comment="the message as it came"),
        sa.Column("rejected_code", sa.Text(), comment="set when refused for good: kept for audit"),
        sa.Column("rejected_reason", sa.Text()),
        sa.Column(
            "handled_at", sa.DateTime(timezone=True), comment="set by dispatch in the transaction that acted on it"
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.device_id"], name="fk_car_messages_device_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name="pk_car_messages"),
        comment="The inbox: all that cars report but fixes, in the order in which it became durable",
    )
    op.create_index(
        "ix_car_messages_unhandled", "car_messages", ["message_id"], postgresql_where=sa.text("handled_at IS NULL")
    )
    op.create_index("ix_car_messages_unit_received", "car_messages", ["unit_id", "received_at"])
    op.create_index("uq_car_messages_seq", "car_messages", ["device_id", "boot", "seq"], unique=True)
    op.create_table(
        "journals",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("boot", sa.Uuid(), nullable=False),
        sa.Column(
            "last_seq", sa.BigInteger(), nullable=False, comment="highest seq held durably; what resume_after answers"
        ),
        sa.Column("agent", sa.Text(), comment="name/version of the last hello"),
        sa.Column("clock_offset_ms", sa.BigInteger(), comment="server's clock minus the car's at the last hello"),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name="fk_journals_device_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("device_id", "boot", name="pk_journals"),
        comment="One row per run of a car's journal: the high-water mark that makes every message count once",
    )
    # A fix of a day that has no partition yet is kept all the same.
    op.execute("CREATE TABLE fixes_default PARTITION OF fixes DEFAULT")


def downgrade() -> None:
    """Take them away."""
    for table in ("journals", "car_messages", "unit_positions", "fixes", "devices", "car_orders", "car_links"):
        op.drop_table(table)
