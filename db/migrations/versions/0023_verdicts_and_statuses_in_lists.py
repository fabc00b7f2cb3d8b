"""Projects say how sure the verdict on them is, and rows of lists the status of their project.

`db.migrate` writes what is shown of the rows as JSON anew, and hashes the projects, whose content has these columns.
"""

import sqlalchemy as sa
from alembic import op

# Codes compare byte by byte on every database (see models.types.Code).
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

VERDICTS = """
UPDATE project SET method = verdict.method, confidence = verdict.confidence
FROM classification AS verdict
WHERE verdict.component_id = project.project_id || '-whole' AND verdict.effective AND verdict.position = 0
"""
STATUSES = """
UPDATE listed_row SET shown = '', status = project.status
FROM project
WHERE project.project_id = listed_row.project_id
"""

# A quote within a text has a backslash before it, so that only the members of the object themselves are found by these.
WITHOUT_STATUSES = """
UPDATE listed_row
SET shown = substr(shown, 1, {place}(shown, ',"status":') - 1) || substr(shown, {place}(shown, ',"year":'))
WHERE {place}(shown, ',"status":') > 0
"""


def upgrade() -> None:
    op.add_column("project", sa.Column("method", CODE, nullable=False, server_default="rules"))
    op.add_column("project", sa.Column("confidence", sa.Float(), nullable=False, server_default="0"))
    op.add_column("listed_row", sa.Column("status", CODE))
    op.execute(VERDICTS)
    op.execute(STATUSES)
    op.execute("DELETE FROM project_hash")


def downgrade() -> None:
    place = "strpos" if op.get_bind().dialect.name == "postgresql" else "instr"
    op.execute(WITHOUT_STATUSES.format(place=place))
    op.drop_column("listed_row", "status")
    op.drop_column("project", "confidence")
    op.drop_column("project", "method")
    op.execute("DELETE FROM project_hash")
