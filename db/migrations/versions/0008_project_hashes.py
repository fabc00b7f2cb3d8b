"""The hash of each project's content, which ingest keeps, so that a small run need not read everything."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Identifiers and codes compare byte by byte on every database (see models.types.Code).
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "project_hash",
        sa.Column("project_id", CODE, nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("project_id"),
        sa.ForeignKeyConstraint(["project_id"], ["project.project_id"]),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("project_hash")
