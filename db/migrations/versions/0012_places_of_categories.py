"""Facts by category and country at once."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_spend_fact_category_country", "spend_fact", ["category", "country", "measure"])


def downgrade() -> None:
    op.drop_index("ix_spend_fact_category_country", "spend_fact")
