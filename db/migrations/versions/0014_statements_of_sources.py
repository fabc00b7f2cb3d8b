"""What two sources say of a project at one date, by the same way in, stands side by side: the source is part of the key."""

import warnings

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import SAWarning

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = "pk_project_statement"
OF_ONE_SOURCE = ["project_id", "origin", "as_of"]


def upgrade() -> None:
    _set_key([*OF_ONE_SOURCE, "source_id"])


def downgrade() -> None:
    one = sa.table("project_statement", *map(sa.column, [*OF_ONE_SOURCE, "source_id", "run_id"]))
    later = one.alias("later")
    comes_after = sa.or_(
        later.c.run_id > one.c.run_id, sa.and_(later.c.run_id == one.c.run_id, later.c.source_id > one.c.source_id)
    )
    same = (later.c[name] == one.c[name] for name in OF_ONE_SOURCE)
    op.execute(sa.delete(one).where(sa.exists(sa.select(1).select_from(later).where(*same, comes_after))))
    _set_key(OF_ONE_SOURCE)


def _set_key(columns: list[str]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # that the key is another than before
            with op.batch_alter_table("project_statement", recreate="always") as batch:
                batch.create_primary_key(KEY, columns)
        return
    op.execute("ALTER TABLE project_statement DROP CONSTRAINT project_statement_pkey")
    op.create_primary_key("project_statement_pkey", "project_statement", columns)
