"""What a release moved besides amounts: where money counts, when it was approved, how surely it is classified."""

from typing import Any

import sqlalchemy as sa
from alembic import op

# Codes compare byte by byte on every database (see models.types.Code).
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "moved": CODE,
    "old_approval_date": sa.Date(),
    "new_approval_date": sa.Date(),
    "old_countries": CODE,
    "new_countries": CODE,
}


def upgrade() -> None:
    """Releases made before do not know these, and keep null."""
    for name, kind in COLUMNS.items():
        op.add_column("release_change", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("release_change") as table:
        for name in COLUMNS:
            table.drop_column(name)
