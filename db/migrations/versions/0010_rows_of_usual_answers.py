"""Summaries that hold the rows of usual answers ready, without statuses to add up; they are all computed anew."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM spend_summary")


def downgrade() -> None:
    op.execute("DELETE FROM spend_summary WHERE scope = 'usual'")
