"""Late fixes are noted and looked at however old they are; the witness knows where it has got to."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# What nobody has looked at of the days whose fixes are still there: an arrival or an end that a crew pressed, without a
# word of GPS and without a mark. It was pressed or seen long after it happened, or all is well with it.
NEVER_LOOKED_AT = """
INSERT INTO late_fixes (unit_id, first_fixed_at, last_fixed_at)
SELECT a.unit_id, a.dispatched_at, a.ended_at
FROM assignments a
WHERE a.import_line IS NULL AND a.state <> 'declined' AND a.review = '{}' AND a.ended_at >= a.dispatched_at
  AND (a.on_scene_at IS NOT NULL OR a.state = 'cleared')
  AND a.dispatched_at >= (
      SELECT min(to_date(substr(c.relname, 7), 'YYYYMMDD')) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'fixes'::regclass AND c.relname ~ '^fixes_[0-9]{8}$')
  AND NOT EXISTS (
      SELECT FROM events e WHERE e.incident_id = a.incident_id AND e.assignment_id = a.assignment_id
      AND e.kind = 'unit_on_scene' AND e.said_by = 'gps')
ORDER BY a.ended_at"""


def upgrade() -> None:
    """Build it; the witness begins with what it has missed so far."""
    op.create_table(
        "late_fixes",
        sa.Column("note_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("first_fixed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_fixed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_late_fixes")),
        comment="Of which unit and time fixes came in late. Dispatch looks at that time and takes the row out",
    )
    op.create_table(
        "witness_progress",
        sa.Column("only", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "swept_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="fixes that were received before have been looked at",
        ),
        sa.Column("event_id", sa.BigInteger(), nullable=False, comment="presses up to this event have been looked at"),
        sa.CheckConstraint('"only" = 1', name=op.f("ck_witness_progress_only")),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_witness_progress")),
        comment="One row",
    )
    op.create_index(
        "ix_assignments_unit_ended_at",
        "assignments",
        ["unit_id", "ended_at"],
        postgresql_where=sa.text("import_line IS NULL"),
    )
    op.execute(
        "INSERT INTO witness_progress SELECT 1, least(now() - interval '15 minutes', max(recorded_at)), "
        "coalesce(max(event_id), 0) FROM events"
    )
    op.execute(NEVER_LOOKED_AT)


def downgrade() -> None:
    """Notes that nobody has looked at are lost."""
    op.drop_index("ix_assignments_unit_ended_at", "assignments")
    op.drop_table("witness_progress")
    op.drop_table("late_fixes")
