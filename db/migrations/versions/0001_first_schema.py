"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Identifiers and codes compare byte by byte on every database (see models.types.Code).
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "category",
        sa.Column("code", CODE, nullable=False),
        sa.Column("group_code", CODE, nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("definition", sa.String(), nullable=False),
        sa.Column("includes", sa.JSON(), nullable=False),
        sa.Column("excludes", sa.JSON(), nullable=False),
        sa.Column("mappings", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("taxonomy_version", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "country",
        sa.Column("code", CODE, nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("region_code", CODE, nullable=True),
        sa.Column("income_group", CODE, nullable=True),
        sa.Column("income_as_of", sa.String(), nullable=True),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "ingest_run",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("adapter", CODE, nullable=False),
        sa.Column("input_name", sa.String(), nullable=False),
        sa.Column("input_sha256", sa.String(), nullable=True),
        sa.Column("status", CODE, nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_table(
        "source",
        sa.Column("source_id", CODE, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("publisher", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("licence", sa.String(), nullable=False),
        sa.Column("attribution", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("source_id"),
    )
    op.create_table(
        "project",
        sa.Column("project_id", CODE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("objective", sa.Text(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("regional", sa.Boolean(), nullable=False),
        sa.Column("status", CODE, nullable=True),
        sa.Column("approval_date", sa.Date(), nullable=True),
        sa.Column("closing_date", sa.Date(), nullable=True),
        sa.Column("instrument", CODE, nullable=True),
        sa.Column("additional_financing", sa.Boolean(), nullable=False),
        sa.Column("parent_project_id", CODE, nullable=True),
        sa.Column("included_in_parent", CODE, nullable=True),
        sa.Column("parent_evidence", sa.Text(), nullable=True),
        sa.Column("ibrd_cents", sa.BigInteger(), nullable=True),
        sa.Column("ida_cents", sa.BigInteger(), nullable=True),
        sa.Column("grant_cents", sa.BigInteger(), nullable=True),
        sa.Column("other_cents", sa.BigInteger(), nullable=True),
        sa.Column("commitment_cents", sa.BigInteger(), nullable=True),
        sa.Column("counted_cents", sa.BigInteger(), nullable=True),
        sa.Column("counted_note", sa.Text(), nullable=True),
        sa.Column("cost_cents", sa.BigInteger(), nullable=True),
        sa.Column("disbursement_cents", sa.BigInteger(), nullable=True),
        sa.Column("borrower", sa.Text(), nullable=True),
        sa.Column("implementing_agency", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("source_id", CODE, nullable=False),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("as_of", CODE, nullable=True),
        sa.Column("category", CODE, nullable=False),
        sa.Column("relevance", CODE, nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.source_id"],
        ),
        sa.PrimaryKeyConstraint("project_id"),
    )
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_parent_project_id"), ["parent_project_id"], unique=False)

    op.create_table(
        "project_statement",
        sa.Column("project_id", CODE, nullable=False),
        sa.Column("origin", CODE, nullable=False),
        sa.Column("as_of", CODE, nullable=False),
        sa.Column("source_id", CODE, nullable=False),
        sa.Column("parent_project_id", CODE, nullable=True),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("retrieved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["ingest_run.run_id"],
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.source_id"],
        ),
        sa.PrimaryKeyConstraint("project_id", "origin", "as_of"),
    )
    with op.batch_alter_table("project_statement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_statement_parent_project_id"), ["parent_project_id"], unique=False)

    op.create_table(
        "rejected_record",
        sa.Column("rejected_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=True),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("whole_record", sa.Boolean(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["ingest_run.run_id"],
        ),
        sa.PrimaryKeyConstraint("rejected_id"),
    )
    with op.batch_alter_table("rejected_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rejected_record_run_id"), ["run_id"], unique=False)

    op.create_table(
        "release",
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("as_of", CODE, nullable=True),
        sa.Column("taxonomy_version", sa.String(), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("projects", sa.Integer(), nullable=False),
        sa.Column("components", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["ingest_run.run_id"],
        ),
        sa.PrimaryKeyConstraint("release_id"),
    )
    op.create_table(
        "review",
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("subject_id", CODE, nullable=False),
        sa.Column("category_code", CODE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("share_ppm", sa.Integer(), nullable=True),
        sa.Column("secondary", sa.JSON(), nullable=False),
        sa.Column("relevance", CODE, nullable=False),
        sa.Column("certainty", CODE, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_code"],
            ["category.code"],
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["ingest_run.run_id"],
        ),
        sa.PrimaryKeyConstraint("review_id"),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "component",
        sa.Column("component_id", CODE, nullable=False),
        sa.Column("project_id", CODE, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=True),
        sa.Column("granularity", CODE, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("stated_cents", sa.BigInteger(), nullable=True),
        sa.Column("stated_measure", CODE, nullable=True),
        sa.Column("list_complete", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("source_id", CODE, nullable=False),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("as_of", CODE, nullable=True),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.project_id"],
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["ingest_run.run_id"],
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.source_id"],
        ),
        sa.PrimaryKeyConstraint("component_id"),
    )
    with op.batch_alter_table("component", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_component_project_id"), ["project_id"], unique=False)

    op.create_table(
        "project_amount",
        sa.Column("project_id", CODE, nullable=False),
        sa.Column("country_code", CODE, nullable=False),
        sa.Column("measure", CODE, nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["country_code"],
            ["country.code"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.project_id"],
        ),
        sa.PrimaryKeyConstraint("project_id", "country_code", "measure"),
    )
    op.create_table(
        "project_country",
        sa.Column("project_id", CODE, nullable=False),
        sa.Column("country_code", CODE, nullable=False),
        sa.Column("share_ppm", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["country_code"],
            ["country.code"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.project_id"],
        ),
        sa.PrimaryKeyConstraint("project_id", "country_code"),
    )
    op.create_table(
        "project_sector",
        sa.Column("project_id", CODE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.project_id"],
        ),
        sa.PrimaryKeyConstraint("project_id", "position"),
    )
    op.create_table(
        "project_theme",
        sa.Column("project_id", CODE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.project_id"],
        ),
        sa.PrimaryKeyConstraint("project_id", "position"),
    )
    op.create_table(
        "classification",
        sa.Column("component_id", CODE, nullable=False),
        sa.Column("method", CODE, nullable=False),
        sa.Column("category_code", CODE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("share_ppm", sa.Integer(), nullable=False),
        sa.Column("share_known", sa.Boolean(), nullable=False),
        sa.Column("relevance", CODE, nullable=False),
        sa.Column("secondary", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("certainty", CODE, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reviewer", sa.String(), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("taxonomy_version", sa.String(), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=True),
        sa.Column("effective", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_code"],
            ["category.code"],
        ),
        sa.ForeignKeyConstraint(
            ["component_id"],
            ["component.component_id"],
        ),
        sa.PrimaryKeyConstraint("component_id", "method", "category_code"),
    )
    op.create_table(
        "spend_fact",
        sa.Column("component_id", CODE, nullable=False),
        sa.Column("project_id", CODE, nullable=False),
        sa.Column("measure", CODE, nullable=False),
        sa.Column("category", CODE, nullable=False),
        sa.Column("country", CODE, nullable=False),
        sa.Column("granularity", CODE, nullable=False),
        sa.Column("category_group", CODE, nullable=False),
        sa.Column("relevance", CODE, nullable=False),
        sa.Column("method", CODE, nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("region", CODE, nullable=True),
        sa.Column("income_group", CODE, nullable=True),
        sa.Column("status", CODE, nullable=True),
        sa.Column("instrument", CODE, nullable=True),
        sa.Column("source_id", CODE, nullable=False),
        sa.Column("approval_date", sa.Date(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("fiscal_year", sa.Integer(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("partial_cents", sa.BigInteger(), nullable=True),
        sa.Column("scaled", sa.Boolean(), nullable=False),
        sa.Column("exceeds_total", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category"],
            ["category.code"],
        ),
        sa.ForeignKeyConstraint(
            ["component_id"],
            ["component.component_id"],
        ),
        sa.ForeignKeyConstraint(
            ["country"],
            ["country.code"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.project_id"],
        ),
        sa.PrimaryKeyConstraint("component_id", "project_id", "measure", "category", "country"),
    )
    with op.batch_alter_table("spend_fact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spend_fact_project_id"), ["project_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("spend_fact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spend_fact_project_id"))

    op.drop_table("spend_fact")
    op.drop_table("classification")
    op.drop_table("project_theme")
    op.drop_table("project_sector")
    op.drop_table("project_country")
    op.drop_table("project_amount")
    with op.batch_alter_table("component", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_component_project_id"))

    op.drop_table("component")
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_subject_id"))

    op.drop_table("review")
    op.drop_table("release")
    with op.batch_alter_table("rejected_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rejected_record_run_id"))

    op.drop_table("rejected_record")
    with op.batch_alter_table("project_statement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_statement_parent_project_id"))

    op.drop_table("project_statement")
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_parent_project_id"))

    op.drop_table("project")
    op.drop_table("source")
    op.drop_table("ingest_run")
    op.drop_table("country")
    op.drop_table("category")
