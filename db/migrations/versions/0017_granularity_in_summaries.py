"""Summaries that tell what rows of money stand for; they are all computed anew."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Identifiers and codes compare byte by byte on every database (see models.types.Code).
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.execute("DELETE FROM spend_summary")
    op.add_column("spend_summary", sa.Column("granularity", CODE, nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM spend_summary WHERE granularity IS NOT NULL")
    with op.batch_alter_table("spend_summary", recreate="never") as batch:  # it may be large
        batch.drop_column("granularity")
