"""What lists show of a row, as JSON beside its columns. `db.migrate` writes it where it is missing."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("listed_row", sa.Column("shown", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("listed_row") as table:
        table.drop_column("shown")
