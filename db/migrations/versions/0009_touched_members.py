"""What the money of projects touches, by which summaries count over several members; they are all computed anew."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Identifiers and codes compare byte by byte on every database (see models.types.Code).
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")


INDEX = "ix_spend_summary_category"
COLUMNS = ("grouping", "measure", "scope", "category")

# SQLite looks at no data to choose an index: untold, it takes the key's first columns for nearly as good as a country.
# The numbers say of a million cells how many share the first column, the first two, and so on.
SELECTIVE = {
    "spend_summary": "1000000 20000 10000 5000 1",
    "ix_spend_summary_country": "1000000 20000 10000 5000 50",
    INDEX: "1000000 20000 10000 5000 500 20",
}


def _say_what_is_selective() -> None:
    stat = sa.table("sqlite_stat1", *map(sa.column, ("tbl", "idx", "stat")))
    op.execute("ANALYZE sqlite_schema")  # makes the table, and looks at nothing
    op.execute(stat.delete().where(stat.c.tbl == "spend_summary"))
    for name, numbers in SELECTIVE.items():
        op.execute(stat.insert().values(tbl="spend_summary", idx=name, stat=numbers))
    op.execute("ANALYZE sqlite_schema")  # has this connection read it


def upgrade() -> None:
    op.execute("DELETE FROM spend_summary")
    op.add_column("spend_summary", sa.Column("touched", CODE, nullable=True))
    op.drop_index(INDEX, "spend_summary")
    op.create_index(INDEX, "spend_summary", [*COLUMNS, "country"])
    if op.get_bind().dialect.name == "sqlite":
        _say_what_is_selective()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DELETE FROM sqlite_stat1 WHERE tbl = 'spend_summary'")
    op.execute("DELETE FROM spend_summary WHERE touched IS NOT NULL")
    op.drop_index(INDEX, "spend_summary")
    op.create_index(INDEX, "spend_summary", COLUMNS)
    with op.batch_alter_table("spend_summary", recreate="never") as batch:  # it may be large
        batch.drop_column("touched")
