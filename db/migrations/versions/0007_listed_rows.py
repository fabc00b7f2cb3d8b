"""The rows of lists, which ingest keeps: one row each, with all of it that does not depend on the question."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Identifiers and codes compare byte by byte on every database (see models.types.Code).
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "listed_row",
        sa.Column("project_id", CODE, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("component_id", CODE, nullable=False),
        sa.Column("project_name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        *(sa.Column(name, CODE, nullable=False) for name in ("granularity", "category", "categories")),
        *(sa.Column(name, CODE, nullable=False) for name in ("secondary_categories", "relevance")),
        sa.Column("stated_cents", sa.BigInteger(), nullable=True),
        sa.Column("stated_measure", CODE, nullable=True),
        sa.Column("countries", CODE, nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("method", CODE, nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("source_id", CODE, nullable=False),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("as_of", CODE, nullable=True),
        sa.PrimaryKeyConstraint("project_id", "number"),
        sa.ForeignKeyConstraint(["component_id"], ["component.component_id"]),
        sa.UniqueConstraint("component_id"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("listed_row")
