"""Additional financings of which nobody says what they add to, found by an index: each answer looks for them."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_project_financing", "project", ["additional_financing", "parent_project_id"])


def downgrade() -> None:
    op.drop_index("ix_project_financing", "project")
