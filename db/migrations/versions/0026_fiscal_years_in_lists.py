"""Rows of lists say the fiscal year of their project's approval. `db.migrate` writes what is shown of them as JSON anew."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# The World Bank's fiscal year: July to June, named by its end.
FISCAL_YEAR = {
    "sqlite": "CAST(strftime('%Y', approval_date) AS INTEGER) + (strftime('%m', approval_date) >= '07')",
    "postgresql": "EXTRACT(YEAR FROM approval_date + INTERVAL '6 months')::integer",
}
FILL = """
UPDATE listed_row SET shown = '', fiscal_year = {fiscal_year}
FROM project
WHERE project.project_id = listed_row.project_id
"""

# A quote within a text has a backslash before it, so that only the members of the object themselves are found by these.
WITHOUT_FISCAL_YEARS = """
UPDATE listed_row
SET shown = substr(shown, 1, {place}(shown, ',"fiscal_year":') - 1) || substr(shown, {place}(shown, ',"method":'))
WHERE {place}(shown, ',"fiscal_year":') > 0
"""


def upgrade() -> None:
    op.add_column("listed_row", sa.Column("fiscal_year", sa.Integer()))
    op.execute(FILL.format(fiscal_year=FISCAL_YEAR[op.get_bind().dialect.name]))


def downgrade() -> None:
    place = "strpos" if op.get_bind().dialect.name == "postgresql" else "instr"
    op.execute(WITHOUT_FISCAL_YEARS.format(place=place))
    op.drop_column("listed_row", "fiscal_year")
