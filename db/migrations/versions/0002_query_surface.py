"""What queries need: money by lender, the whole of a row beside its facts, changes of releases, full-text search."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Identifiers and codes compare byte by byte on every database (see models.types.Code).
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")

FACT_KEYS = ("component_id", "project_id", "measure", "category", "country")
FACT_KEPT = (
    "granularity, category_group, relevance, method, confidence, region, income_group, status, instrument, source_id, "
    "approval_date, year, fiscal_year"
)


def upgrade() -> None:
    # Figures are derived: what was computed before stands as it is, without a lender, until it is computed anew.
    _rebuild("spend_fact", _facts(lender=True))
    columns = f"{', '.join(FACT_KEYS)}, {FACT_KEPT}, amount_cents, partial_cents, scaled, exceeds_total"
    whole = (
        "SELECT sum(coalesce(amount_cents, 0) + coalesce(partial_cents, 0)) FROM before whole "
        "WHERE whole.component_id = before.component_id AND whole.measure = before.measure "
        "AND (amount_cents IS NOT NULL OR partial_cents IS NOT NULL)"
    )
    op.execute(
        f"INSERT INTO spend_fact ({columns}, lender, row_cents) SELECT {columns}, 'not_stated', ({whole}) FROM before"  # noqa: S608  # constants
    )
    op.execute("DROP TABLE before")
    _rebuild("project_amount", _amounts(lender=True))
    op.execute(
        "INSERT INTO project_amount (project_id, country_code, measure, lender, amount_cents) "
        "SELECT project_id, country_code, measure, 'not_stated', amount_cents FROM before"
    )
    op.execute("DROP TABLE before")
    with op.batch_alter_table("release") as batch:
        batch.add_column(sa.Column("method_version", sa.String(), nullable=False, server_default="1.0.0"))
        for name in ("rows_added", "rows_changed", "rows_removed"):
            batch.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("release") as batch:
        for name in ("method_version", "rows_added", "rows_changed", "rows_removed"):
            batch.alter_column(name, server_default=None)
    _create_changes()
    _create_search()


def _rebuild(name: str, columns: list[sa.schema.SchemaItem]) -> None:
    """Make a table anew; its rows are in the temporary table `before`."""
    op.execute(f"CREATE TEMPORARY TABLE before AS SELECT * FROM {name}")  # noqa: S608  # constants
    op.drop_table(name)
    op.create_table(name, *columns)
    if name == "spend_fact":
        op.create_index("ix_spend_fact_project_id", "spend_fact", ["project_id"])


def _facts(lender: bool) -> list[sa.schema.SchemaItem]:
    keys = [sa.Column(name, CODE, nullable=False) for name in FACT_KEYS]
    more = [sa.Column("lender", CODE, nullable=False)] if lender else []
    row = [sa.Column("row_cents", sa.BigInteger(), nullable=True)] if lender else []
    return [
        *keys,
        *more,
        sa.Column("granularity", CODE, nullable=False),
        sa.Column("category_group", CODE, nullable=False),
        sa.Column("relevance", CODE, nullable=False),
        sa.Column("method", CODE, nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        *(sa.Column(name, CODE, nullable=True) for name in ("region", "income_group", "status", "instrument")),
        sa.Column("source_id", CODE, nullable=False),
        sa.Column("approval_date", sa.Date(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("fiscal_year", sa.Integer(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("partial_cents", sa.BigInteger(), nullable=True),
        *row,
        sa.Column("scaled", sa.Boolean(), nullable=False),
        sa.Column("exceeds_total", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["category"], ["category.code"]),
        sa.ForeignKeyConstraint(["component_id"], ["component.component_id"]),
        sa.ForeignKeyConstraint(["country"], ["country.code"]),
        sa.ForeignKeyConstraint(["project_id"], ["project.project_id"]),
        sa.PrimaryKeyConstraint(*FACT_KEYS, *(["lender"] if lender else [])),
    ]


def _amounts(lender: bool) -> list[sa.schema.SchemaItem]:
    keys = ["project_id", "country_code", "measure", *(["lender"] if lender else [])]
    return [
        *(sa.Column(name, CODE, nullable=False) for name in keys),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["country_code"], ["country.code"]),
        sa.ForeignKeyConstraint(["project_id"], ["project.project_id"]),
        sa.PrimaryKeyConstraint(*keys),
    ]


def _create_changes() -> None:
    codes = ("component_id", "project_id", "measure", "category", "change", "granularity")
    op.create_table(
        "release_change",
        sa.Column("release_id", sa.Integer(), nullable=False),
        *(sa.Column(name, CODE, nullable=False) for name in codes),
        *(
            sa.Column(f"{side}_{name}", CODE, nullable=True)
            for name in ("relevance", "status")
            for side in ("old", "new")
        ),
        *(
            sa.Column(f"{side}_{name}_cents", sa.BigInteger(), nullable=True)
            for name in ("amount", "partial")
            for side in ("old", "new")
        ),
        sa.PrimaryKeyConstraint("release_id", "component_id", "project_id", "measure", "category"),
    )


def _create_search() -> None:
    op.create_table(
        "search_text",
        sa.Column("component_id", CODE, nullable=False),
        sa.Column("project_id", CODE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("objective", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["component_id"], ["component.component_id"]),
        sa.ForeignKeyConstraint(["project_id"], ["project.project_id"]),
        sa.PrimaryKeyConstraint("component_id"),
    )
    op.create_index("ix_search_text_project_id", "search_text", ["project_id"])
    if op.get_bind().dialect.name == "postgresql":
        # The function is the one place that says what is searched: the index and the queries both call it. The word
        # between two fields keeps phrases from running from one into the next.
        op.execute(
            "CREATE FUNCTION search_vector(name text, title text, objective text) RETURNS tsvector "
            "LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT "
            "setweight(to_tsvector('simple', name), 'A') || "
            "setweight(to_tsvector('simple', 'xfieldx ' || title), 'B') || "
            "setweight(to_tsvector('simple', 'xfieldx ' || objective), 'C') $$"
        )
        op.execute("CREATE INDEX search_text_vector ON search_text USING gin (search_vector(name, title, objective))")
        return
    op.execute(
        "CREATE VIRTUAL TABLE search_text_index USING fts5"
        "(name, title, objective, content='search_text', content_rowid='rowid', tokenize='unicode61')"
    )
    fields = "rowid, name, title, objective"
    for event in ("insert", "delete", "update"):
        gone = (
            f"INSERT INTO search_text_index(search_text_index, {fields}) "  # noqa: S608  # constants
            "VALUES ('delete', old.rowid, old.name, old.title, old.objective);"
        )
        come = f"INSERT INTO search_text_index({fields}) VALUES (new.rowid, new.name, new.title, new.objective);"  # noqa: S608
        steps = {"insert": come, "delete": gone, "update": gone + come}[event]
        op.execute(f"CREATE TRIGGER search_text_{event} AFTER {event} ON search_text BEGIN {steps} END")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_text_index")
    op.drop_table("search_text")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION search_vector")
    op.drop_table("release_change")
    with op.batch_alter_table("release") as batch:
        for name in ("method_version", "rows_added", "rows_changed", "rows_removed"):
            batch.drop_column(name)
    _rebuild("project_amount", _amounts(lender=False))
    op.execute(
        "INSERT INTO project_amount (project_id, country_code, measure, amount_cents) "
        "SELECT project_id, country_code, measure, sum(amount_cents) FROM before GROUP BY 1, 2, 3"
    )
    op.execute("DROP TABLE before")
    _rebuild("spend_fact", _facts(lender=False))
    columns = f"{', '.join(FACT_KEYS)}, {FACT_KEPT}, scaled, exceeds_total"
    op.execute(
        f"INSERT INTO spend_fact ({columns}, amount_cents, partial_cents) "  # noqa: S608  # constants
        f"SELECT {columns}, sum(amount_cents), sum(partial_cents) FROM before GROUP BY {columns}"
    )
    op.execute("DROP TABLE before")
