"""Keys that open writing, and what was sent with them."""

import sqlalchemy as sa
from alembic import op

from models.types import Code

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CODE = Code()
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("prefix", CODE, nullable=False),
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("key_id"),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("prefix"),
    )
    op.create_table(
        "submission",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("on_error", CODE, nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("folder", CODE, nullable=True),
        sa.Column("idempotency_key", CODE, nullable=True),
        sa.Column("fingerprint", CODE, nullable=False),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["ingest_run.run_id"]),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.key_id"]),
        sa.PrimaryKeyConstraint("run_id"),
        sa.UniqueConstraint("key_id", "idempotency_key"),
    )
    with op.batch_alter_table("ingest_run", recreate="never") as batch:  # other tables point to it
        batch.add_column(sa.Column("withdrawn", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("ingest_run", recreate="never") as batch:  # other tables point to it
        batch.drop_column("withdrawn")
    op.drop_table("submission")
    op.drop_table("api_key")
