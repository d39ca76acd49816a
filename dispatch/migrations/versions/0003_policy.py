"""Decisions over all incidents at once: rounds, crews, shifts, roles, diversions, and the mode set at run time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build them."""
    op.create_table(
        "decision_rounds",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("settings", postgresql.JSONB(), nullable=False, comment="of the policy, as they were"),
        sa.Column("method", sa.Text(), nullable=False, comment="batch, greedy"),
        sa.Column("fallback", sa.Boolean(), nullable=False, comment="the solver gave no answer in time"),
        sa.Column("took_ms", sa.Double(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False, comment="needs of incidents that were decided"),
        sa.Column("columns", sa.Integer(), nullable=False, comment="units that might go"),
        sa.Column(
            "seen",
            postgresql.JSONB(),
            comment="all that was decided on, to decide it again; null once positions of its age go",
        ),
        sa.Column(
            "planned",
            postgresql.JSONB(),
            nullable=False,
            comment="orders, releases and who waits, with what was carried out",
        ),
        sa.CheckConstraint("method IN ('batch','greedy')", name=op.f("ck_decision_rounds_method")),
        sa.PrimaryKeyConstraint("round_id", name="pk_decision_rounds"),
        comment="Rounds that changed something: ordered, released, recommended, or found nobody for the first time",
    )
    op.create_index("ix_decision_rounds_decided_at", "decision_rounds", ["decided_at"])
    op.create_index(
        "ix_decision_rounds_seen", "decision_rounds", ["decided_at"], postgresql_where=sa.text("seen IS NOT NULL")
    )
    op.create_table(
        "policy_modes",
        sa.Column("mode_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False, comment="user name"),
        sa.CheckConstraint(
            "mode IN ('automatic','recommend','by_priority','night')", name=op.f("ck_policy_modes_mode")
        ),
        sa.PrimaryKeyConstraint("mode_id", name="pk_policy_modes"),
        comment="The newest row is in force; without any, the mode of the settings is",
    )
    op.add_column(
        "vehicles",
        sa.Column("crew", sa.SmallInteger(), server_default=sa.text("2"), nullable=False, comment="officers on it"),
    )
    op.execute("UPDATE vehicles SET crew = 1 WHERE type = 'motorcycle'")
    op.create_check_constraint(op.f("ck_vehicles_crew"), "vehicles", "crew BETWEEN 1 AND 20")
    op.add_column("units", sa.Column("shift_ends_at", sa.DateTime(timezone=True), comment="null: not said"))
    op.add_column("assignments", sa.Column("role", sa.Text(), comment="first, second, specialist; null: by hand"))
    op.add_column(
        "assignments",
        sa.Column(
            "diversions",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="how often its unit was sent elsewhere since it last was free",
        ),
    )
    op.add_column("decisions", sa.Column("round_id", sa.Uuid(), comment="null: by hand"))
    op.add_column("decisions", sa.Column("method", sa.Text(), comment="batch, greedy; null: by hand"))
    op.add_column("decisions", sa.Column("fallback", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("decisions", sa.Column("role", sa.Text(), comment="which of the incident's needs the unit meets"))
    op.add_column("decisions", sa.Column("leaves", sa.Uuid(), comment="the incident that the unit was under way to"))
    op.create_foreign_key("fk_decisions_round_id", "decisions", "decision_rounds", ["round_id"], ["round_id"])
    op.create_foreign_key("fk_decisions_leaves", "decisions", "incidents", ["leaves"], ["incident_id"])


def downgrade() -> None:
    """Take them away."""
    for column in ("leaves", "role", "fallback", "method", "round_id"):
        op.drop_column("decisions", column)
    for column in ("diversions", "role"):
        op.drop_column("assignments", column)
    op.drop_column("units", "shift_ends_at")
    op.drop_constraint(op.f("ck_vehicles_crew"), "vehicles")
    op.drop_column("vehicles", "crew")
    op.drop_table("policy_modes")
    op.drop_table("decision_rounds")
