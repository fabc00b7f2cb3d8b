"""Summaries that hold the money of whole projects too, all of them computed anew; days in the index of years."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FIGURES = ("amount", "partial", "whole_project", "whole_project_partial", "low_confidence", "low_confidence_partial")


def upgrade() -> None:
    _index_years("year", "measure", "approval_date")
    op.execute("DELETE FROM spend_summary")
    for figure in FIGURES:
        op.add_column(
            "spend_summary", sa.Column(f"entire_{figure}", sa.BigInteger(), nullable=False, server_default="0")
        )


def downgrade() -> None:
    _index_years("year", "measure")
    for figure in reversed(FIGURES):
        op.drop_column("spend_summary", f"entire_{figure}")


def _index_years(*columns: str) -> None:
    op.drop_index("ix_spend_fact_year", "spend_fact")
    op.create_index("ix_spend_fact_year", "spend_fact", columns)
