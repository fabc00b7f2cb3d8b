"""What a component that was read out of a report's text was read from, and how sure the reading is."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "passage": sa.Text(),
    "passage_start": sa.Integer(),
    "passage_end": sa.Integer(),
    "extraction_confidence": sa.Float(),
    "extraction_flags": sa.JSON(),
}


def upgrade() -> None:
    with op.batch_alter_table("component", recreate="never") as batch:  # other tables point to it
        for name, kind in COLUMNS.items():
            batch.add_column(sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("component", recreate="never") as batch:  # other tables point to it
        for name in reversed(COLUMNS):
            batch.drop_column(name)
