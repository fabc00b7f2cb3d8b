"""When a source last confirmed the data, so that stale data can be told."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("release", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE release SET checked_at = created_at")


def downgrade() -> None:
    with op.batch_alter_table("release") as batch:
        batch.drop_column("checked_at")
