"""What managers ask: what-ifs, with how far they are and what came of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build them."""
    op.create_table(
        "what_ifs",
        sa.Column("what_if_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column(
            "asked",
            postgresql.JSONB(),
            nullable=False,
            comment="all that was asked, resolved: dispatch.store.what_if_asked",
        ),
        sa.Column("repeats", sa.Uuid(), comment="the one that it runs again"),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="runs that are over"),
        sa.Column("total", sa.Integer(), nullable=False, comment="runs in all: variants times replications"),
        sa.Column("left_s", sa.Double(), comment="as the worker estimates it; null while it cannot say"),
        sa.Column("result", postgresql.JSONB(), comment="dispatch.simulator.study.StudyResult"),
        sa.Column("result_sha256", sa.Text(), comment="of the result's bytes: the same digits, the same digest"),
        sa.Column(
            "inputs",
            postgresql.JSONB(),
            comment="digests of what was asked and of the streets and calls that were read",
        ),
        sa.Column("engine", sa.Text(), comment="programs and versions that the digits depend on"),
        sa.Column("error_code", sa.Text()),
        sa.Column("error", sa.Text(), comment="one sentence"),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column(
            "attempts",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="how often it was started",
        ),
        sa.Column("worker", sa.Uuid(), comment="whose it is: a worker writes while this is its own mark"),
        sa.Column("worker_pid", sa.Integer()),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), comment="by the database's clock"),
        sa.CheckConstraint("state IN ('queued','running','done','failed','cancelled')", name=op.f("ck_what_ifs_state")),
        sa.ForeignKeyConstraint(["repeats"], ["what_ifs.what_if_id"], name="fk_what_ifs_repeats", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["created_by"], ["users.user_id"], name="fk_what_ifs_created_by"),
        sa.PrimaryKeyConstraint("what_if_id", name="pk_what_ifs"),
        comment="The row is the truth: a worker process takes it, writes its progress and its result here",
    )
    op.create_index("ix_what_ifs_created_at", "what_ifs", ["created_at"])
    op.create_index(
        "ix_what_ifs_unfinished",
        "what_ifs",
        ["created_at"],
        postgresql_where=sa.text("state IN ('queued','running')"),
    )
    op.alter_column("access_log", "what", comment="incident, track, period", existing_comment="incident, track")


def downgrade() -> None:
    """Take them away."""
    op.alter_column("access_log", "what", comment="incident, track", existing_comment="incident, track, period")
    op.drop_table("what_ifs")
