"""`python -m api reviews`: take decisions in and out, and see what to decide next."""

import csv
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from api.answers.encoding import with_dollars
from api.cli.database import ready_engine
from api.cli.examples import example
from api.cli.files import ingest_file
from api.exports.csv import harmless
from db.engine import reading
from db.ingest.adapters.records import RecordsAdapter
from db.queries.reviews import FORM, as_form, current_reviews, review_queue
from models.filters import Filters

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Take decisions on classifications in and out; see what to decide next.",
)


BESIDE = (
    *("component_id", "project_id", "project_name", "title", "granularity"),
    *("method", "confidence", "money_usd", "at_stake_usd", "source_url"),
)
"""What stands beside the form for the eye, as in that of `/v1/reviews/form`."""


@app.command("import", epilog=example("reviews import decided.csv"))
def import_reviews(file: Annotated[Path, typer.Argument(help="CSV, JSON or JSONL of reviews.")]) -> None:
    """Take decisions in. They win over the rules and outlive every new ingest and classification."""
    ingest_file(RecordsAdapter("reviews"), file)


@app.command("export", epilog=example("reviews export > reviews.csv"))
def export_reviews() -> None:
    """Print every decision that counts, as CSV that `reviews import` takes back."""
    with ready_engine() as engine, reading(engine) as connection:
        _print_csv(FORM, current_reviews(connection))


@app.command("queue", epilog=example("reviews queue --limit 50 > form.csv"))
def queue(limit: Annotated[int, typer.Option(min=1, max=1000, help="Subjects at most.")] = 20) -> None:
    """Print what is most worth reviewing, as a CSV form to fill in and import. What was reviewed has a line each category."""
    with ready_engine() as engine, reading(engine) as connection:
        rows = [with_dollars(row) for row in as_form(connection, review_queue(connection, Filters(), limit))]
    forms = ({f"_{name}": row[name] for name in BESIDE} | row for row in rows)
    _print_csv([*FORM, *(f"_{name}" for name in BESIDE)], forms)


def _print_csv(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> None:
    names = list(columns)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(name, row.get(name)) for name in names])


def _cell(name: str, value: Any) -> Any:
    """A value as it stands in the file. What is not read back (`_…`) is safe to open; what is must stay as it was written."""
    text = ";".join(value) if isinstance(value, list) else value
    return harmless(text) if name.startswith("_") and isinstance(text, str) else text
