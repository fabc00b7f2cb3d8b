"""Summaries hold every pair of kinds of money, and each kind by instrument and source; they are all computed anew."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM spend_summary")


def downgrade() -> None:
    """Nothing is to be done: cells of groupings that an older program does not know are not looked at by it."""
