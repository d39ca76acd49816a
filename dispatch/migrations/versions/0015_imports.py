"""Past calls from files: where they came from, and what such a file may leave out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MAY_BE_UNKNOWN = (
    ("incidents", "created_at"),
    ("incidents", "lat"),
    ("incidents", "lon"),
    ("assignments", "dispatched_at"),
)


def upgrade() -> None:
    """Build it. Of our own calls everything is known still: checks hold that."""
    op.create_table(
        "imports",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False, comment="its name, without folders"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column(
            "reading",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="columns, zone, words: how it was read",
        ),
        sa.Column("file_rows", sa.Integer(), nullable=False),
        sa.Column(
            "calls",
            sa.Integer(),
            nullable=False,
            comment="that came with it; those that were here already are not of it",
        ),
        sa.Column("units", sa.Integer(), nullable=False, comment="assignments that came with it"),
        sa.CheckConstraint("calls > 0", name=op.f("ck_imports_calls")),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_imports")),
        comment="Files of past calls that were taken, each in one transaction",
    )
    for table, comment in (
        ("incidents", "the file it came from; null: a call of ours"),
        ("units", "it is known from that file alone, and on duty nowhere; null: a unit of ours"),
    ):
        op.add_column(table, sa.Column("import_id", sa.Uuid(), comment=comment))
        op.create_foreign_key(op.f(f"fk_{table}_import_id"), table, "imports", ["import_id"], ["import_id"])
    for table in ("incidents", "assignments"):
        op.add_column(
            table, sa.Column("import_line", sa.Integer(), comment="of the file it came from; null: one of ours")
        )
    for table, column in MAY_BE_UNKNOWN:
        op.alter_column(table, column, nullable=True)
    for table, name, rule in (
        ("incidents", "known", "import_id IS NOT NULL OR num_nulls(created_at, lat, lon) = 0"),
        ("incidents", "place", "(lat IS NULL) = (lon IS NULL)"),
        ("incidents", "imported", "import_id IS NULL OR state = 'closed'"),
        ("assignments", "known", "import_line IS NOT NULL OR dispatched_at IS NOT NULL"),
        ("assignments", "imported", "import_line IS NULL OR ended_at IS NOT NULL"),
    ):
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)


def downgrade() -> None:
    """Take it away, and what came from files with it."""
    for table in ("incidents", "assignments"):
        op.drop_constraint(f"ck_{table}_imported", table)
        op.drop_constraint(f"ck_{table}_known", table)
    op.drop_constraint("ck_incidents_place", "incidents")
    op.execute("DELETE FROM assignments WHERE import_line IS NOT NULL")
    op.execute("DELETE FROM incidents WHERE import_id IS NOT NULL")
    op.execute("DELETE FROM units WHERE import_id IS NOT NULL")
    for table, column in MAY_BE_UNKNOWN:
        op.alter_column(table, column, nullable=False)
    for table in ("incidents", "assignments"):
        op.drop_column(table, "import_line")
    for table in ("incidents", "units"):
        op.drop_column(table, "import_id")
    op.drop_table("imports")
