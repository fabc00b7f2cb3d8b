"""What the usual question counts of a row stands in the list, so that pages and files of all of it read nothing else."""

import sqlalchemy as sa
from alembic import op

# Codes compare byte by byte on every database (see models.types.Code).
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COLUMNS = ("counted", "amount_cents", "partial_cents", "scaled", "exceeds_total")

# The facts that the usual question counts, as they are when this revision comes.
FILL = """
UPDATE listed_row SET (counted, amount_cents, partial_cents, scaled, exceeds_total) = (
    SELECT
        CASE
            WHEN count(*) = 0 THEN 'nowhere'
            WHEN max(CASE WHEN fact.project_id <> listed_row.project_id THEN 1 ELSE 0 END) = 1 THEN 'elsewhere'
            ELSE 'here'
        END,
        CAST(sum(fact.amount_cents) AS BIGINT),
        CAST(sum(fact.partial_cents) AS BIGINT),
        coalesce(max(CASE WHEN fact.scaled THEN 1 ELSE 0 END), 0) = 1,
        coalesce(max(CASE WHEN fact.exceeds_total THEN 1 ELSE 0 END), 0) = 1
    FROM spend_fact AS fact
    WHERE fact.component_id = listed_row.component_id
        AND fact.measure = 'commitment'
        AND fact.relevance IN ('direct', 'partial')
        AND fact.category <> 'in_donor_refugee_costs'
        AND (fact.status IN ('Active', 'Closed', 'Pipeline') OR fact.status IS NULL)
)
"""


def upgrade() -> None:
    for column in (
        sa.Column("counted", CODE, nullable=False, server_default="nowhere"),
        sa.Column("amount_cents", sa.BigInteger()),
        sa.Column("partial_cents", sa.BigInteger()),
        sa.Column("scaled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("exceeds_total", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("listed_row", column)
    op.execute(FILL)


def downgrade() -> None:
    with op.batch_alter_table("listed_row") as table:
        for name in COLUMNS:
            table.drop_column(name)
