"""Sectors and themes of a project stand in its row, where lists and hashes find them, and not in tables of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# Codes compare byte by byte on every database (see models.types.Code).
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")

TABLES = {"sectors": "project_sector", "themes": "project_theme"}

FILL = {
    "sqlite": """
UPDATE project SET {column} = (SELECT json_group_array(name) FROM (SELECT name FROM {table}
WHERE {table}.project_id = project.project_id ORDER BY position))
""",
    "postgresql": """
UPDATE project SET {column} = (SELECT coalesce(json_agg(name ORDER BY position), '[]') FROM {table}
WHERE {table}.project_id = project.project_id)
""",
}
TAKE_OUT = {
    "sqlite": """
INSERT INTO {table} (project_id, position, name)
SELECT project_id, key + 1, value FROM project, json_each({column})
""",
    "postgresql": """
INSERT INTO {table} (project_id, position, name)
SELECT project_id, number, item FROM project, json_array_elements_text({column}) WITH ORDINALITY AS items(item, number)
""",
}


def upgrade() -> None:
    fill = FILL[op.get_bind().dialect.name]
    for column, table in TABLES.items():
        op.add_column("project", sa.Column(column, sa.JSON(), nullable=False, server_default="[]"))
        op.execute(fill.format(column=column, table=table))
        op.drop_table(table)
    op.execute("DELETE FROM project_hash")


def downgrade() -> None:
    take_out = TAKE_OUT[op.get_bind().dialect.name]
    for column, table in TABLES.items():
        op.create_table(
            table,
            sa.Column("project_id", CODE, nullable=False),
            sa.Column("position", sa.Integer(), nullable=False),
            sa.Column("name", sa.String(), nullable=False),
            sa.Column("percent", sa.Integer(), nullable=True),
            sa.ForeignKeyConstraint(["project_id"], ["project.project_id"]),
            sa.PrimaryKeyConstraint("project_id", "position"),
        )
        op.execute(take_out.format(column=column, table=table))
        op.drop_column("project", column)
    op.execute("DELETE FROM project_hash")
