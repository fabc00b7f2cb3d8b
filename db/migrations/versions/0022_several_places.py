"""Facts say whether their project has money in several places: what is counted once in each of these is found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INDEX = "ix_spend_fact_several_places"

FILL = """
UPDATE spend_fact SET several_places = :true WHERE EXISTS (
    SELECT 1 FROM spend_fact AS other
    WHERE other.project_id = spend_fact.project_id
        AND other.measure = spend_fact.measure
        AND other.country <> spend_fact.country
)
"""


def upgrade() -> None:
    mark: sa.Column[bool] = sa.Column("several_places", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("spend_fact", mark)
    op.execute(sa.text(FILL).bindparams(true=True))
    op.create_index(
        INDEX,
        "spend_fact",
        ["several_places", "measure", "category", "country"],
        sqlite_where=sa.text("several_places = 1"),
        postgresql_where=sa.text("several_places"),
    )


def downgrade() -> None:
    op.drop_index(INDEX, "spend_fact")
    with op.batch_alter_table("spend_fact", recreate="never") as batch:  # it may be large
        batch.drop_column("several_places")
