"""Lists by their most usual orders are found by indexes: the largest amounts first, and the latest."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

FROM_THE_MOST = {
    "ix_order_listed_row_amount": "listed_row (amount_cents {order}, project_id, number) WHERE counted = 'here'",
    "ix_order_listed_row_year": "listed_row (year {order}, project_id, number) WHERE counted = 'here'",
    "ix_order_project_approval_date": "project (approval_date {order}, project_id)",
    "ix_order_project_commitment": "project (commitment_cents {order}, project_id)",
}


def upgrade() -> None:
    # Nulls come last. They are the least of all to SQLite, which has no words for their place, and the most to PostgreSQL.
    order = "DESC NULLS LAST" if op.get_bind().dialect.name == "postgresql" else "DESC"
    for name, on in FROM_THE_MOST.items():
        op.execute(f"CREATE INDEX {name} ON {on.format(order=order)}")
    op.execute("CREATE INDEX ix_listed_row_elsewhere ON listed_row (component_id) WHERE counted = 'elsewhere'")


def downgrade() -> None:
    for name in (*FROM_THE_MOST, "ix_listed_row_elsewhere"):
        op.execute(f"DROP INDEX {name}")
