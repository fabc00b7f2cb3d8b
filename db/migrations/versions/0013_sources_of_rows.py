"""Rows by their own source, which can be another than that of their project: answers say how much rests on copies."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_component_source_id", "component", ["source_id"])


def downgrade() -> None:
    op.drop_index("ix_component_source_id", "component")
