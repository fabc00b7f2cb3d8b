"""Facts by category and country at once; and PostgreSQL is told how many rows a project has.

Rows of a project lie side by side, and a server that looks at some pages of a large table takes what it sees there for
common: of six million components it thought that a project has 56. So it read the table through, for every 500 projects
of a run anew. With what it is told here it looks them up. A negative number is a part of all rows.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PROJECTS_A_ROW = {"component": -0.3, "listed_row": -0.3, "spend_fact": -0.15}


def upgrade() -> None:
    op.create_index("ix_spend_fact_category_country", "spend_fact", ["category", "country", "measure"])
    _tell("SET (n_distinct = {ratio})")


def downgrade() -> None:
    op.drop_index("ix_spend_fact_category_country", "spend_fact")
    _tell("RESET (n_distinct)")


def _tell(what: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, ratio in PROJECTS_A_ROW.items():
            op.execute(f"ALTER TABLE {table} ALTER COLUMN project_id {what.format(ratio=ratio)}")
