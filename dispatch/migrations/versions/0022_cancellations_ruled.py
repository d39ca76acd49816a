"""A supervisor may rule that a cancellation after the ten minutes stands."""

from alembic import op

revision = "0022"
down_revision = "0021"

BEFORE = "exclusion IN ('duplicate','officer_initiated','scheduled','test')"
AFTER = "exclusion IN ('duplicate','officer_initiated','scheduled','test','cancelled')"


def upgrade() -> None:
    """One more word for what is left out."""
    op.drop_constraint(op.f("ck_reviews_exclusion"), "reviews", type_="check")
    op.create_check_constraint(op.f("ck_reviews_exclusion"), "reviews", AFTER)


def downgrade() -> None:
    """Rulings with that word stay as they are: none is ever deleted."""
    op.drop_constraint(op.f("ck_reviews_exclusion"), "reviews", type_="check")
    op.create_check_constraint(op.f("ck_reviews_exclusion"), "reviews", BEFORE, postgresql_not_valid=True)
