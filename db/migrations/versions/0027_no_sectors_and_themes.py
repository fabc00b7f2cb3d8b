"""Sectors and themes of projects have no tables of their own, which nothing read: statements have them, as sources say them."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLES = ("project_sector", "project_theme")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    for name in TABLES:
        op.drop_table(name)


def downgrade() -> None:
    """An older program fills them again as it computes projects anew."""
    for name in TABLES:
        op.create_table(
            name,
            sa.Column("project_id", CODE, nullable=False),
            sa.Column("position", sa.Integer(), nullable=False),
            sa.Column("name", sa.String(), nullable=False),
            sa.Column("percent", sa.Integer(), nullable=True),
            sa.ForeignKeyConstraint(["project_id"], ["project.project_id"]),
            sa.PrimaryKeyConstraint("project_id", "position"),
        )
