"""Summaries that tell how surely money is classified; they are all computed anew."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM spend_summary")
    op.add_column("spend_summary", sa.Column("confidence", sa.Float(), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM spend_summary WHERE confidence IS NOT NULL")
    with op.batch_alter_table("spend_summary", recreate="never") as batch:  # it may be large
        batch.drop_column("confidence")
