"""Summaries of spend that ingest keeps, marks on facts that warnings look for, and indexes of what is filtered by."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Identifiers and codes compare byte by byte on every database (see models.types.Code).
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")

KEYS = ("grouping", "measure", "scope", "cell")
CODES = ("category", "category_group", "set_code", "country", "region", "income_group", "lender")
OF_PROJECTS = ("status", "instrument", "source_id")
MONEY = ("amount", "partial", "whole_project", "whole_project_partial", "remainder", "remainder_partial")
MORE_MONEY = (
    "low_confidence",
    "low_confidence_partial",
    "by_review",
    "by_review_partial",
    "by_rules",
    "by_rules_partial",
)
COUNTS = (
    "facts_by_review",
    "facts_by_rules",
    "facts_derived",
    "projects",
    "rows",
    "components",
    "components_without_amount",
)
INDEXES = {
    "ix_spend_fact_category": ("spend_fact", ["category", "measure"]),
    "ix_spend_fact_country": ("spend_fact", ["country", "measure"]),
    "ix_spend_fact_year": ("spend_fact", ["year", "measure"]),
    "ix_project_included_in_parent": ("project", ["included_in_parent"]),
    "ix_component_place": ("component", ["project_id", "number"]),
}
RARE = {
    "ix_spend_fact_spread": ["spread", "measure", "granularity"],
    "ix_spend_fact_aim_unmet": ["aim_unmet", "measure"],
    "ix_spend_fact_beyond": ["exceeds_total", "measure"],
}
MARKS = ("spread", "aim_unmet")

SPREAD = (
    "UPDATE spend_fact SET spread = true WHERE component_id IN "
    "(SELECT component_id FROM spend_fact GROUP BY component_id HAVING count(DISTINCT project_id) > 1)"
)
AIM_UNMET = (
    "UPDATE spend_fact SET aim_unmet = true WHERE relevance = 'none' "
    "AND project_id IN (SELECT project_id FROM project WHERE relevance <> 'none') "
    "AND NOT EXISTS (SELECT 1 FROM spend_fact other WHERE other.project_id = spend_fact.project_id "
    "AND other.measure = spend_fact.measure AND other.relevance <> 'none')"
)


def upgrade() -> None:
    for name in MARKS:
        op.add_column("spend_fact", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(SPREAD)
    op.execute(AIM_UNMET)
    op.create_table(
        "spend_summary",
        *(sa.Column(name, CODE, nullable=False) for name in KEYS),
        *(sa.Column(name, CODE, nullable=True) for name in (*CODES, *OF_PROJECTS)),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in ("year", "fiscal_year")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in (*MONEY, *MORE_MONEY)),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.PrimaryKeyConstraint(*KEYS),
        sqlite_with_rowid=False,
    )
    for name in ("category", "country"):
        op.create_index(f"ix_spend_summary_{name}", "spend_summary", [*KEYS[:-1], name])
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)
    for name, columns in RARE.items():
        on_sqlite, on_postgresql = sa.text(f"{columns[0]} = 1"), sa.text(columns[0])
        op.create_index(name, "spend_fact", columns, sqlite_where=on_sqlite, postgresql_where=on_postgresql)
    op.drop_index("ix_component_project_id", "component")  # the index of a component's place begins with it


def downgrade() -> None:
    op.create_index("ix_component_project_id", "component", ["project_id"])
    for name in RARE:
        op.drop_index(name, "spend_fact")
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)
    op.drop_table("spend_summary")
    with op.batch_alter_table("spend_fact", recreate="never") as batch:  # it may be large
        for name in MARKS:
            batch.drop_column(name)
