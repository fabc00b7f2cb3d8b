"""The command line: migrate, load, ingest, serve."""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from api import classify_cli
from db import migrate as migrations
from db.engine import make_engine, reading
from db.errors import DataError
from db.ingest import pipeline
from db.ingest.adapter import Adapter
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.adapters.worldbank_export import WorldBankExportAdapter
from db.ingest.bundle import load_bundle
from db.ingest.report import Report
from db.queries.runs import list_runs, rejected_records
from db.settings import get_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
ingest_app = typer.Typer(no_args_is_help=True, help="Take records in; see what was taken and what was refused.")
app.add_typer(ingest_app, name="ingest")
app.add_typer(classify_cli.app, name="classify")
PIPED_WIDTH = None if sys.stdout.isatty() else 160
out, err = Console(soft_wrap=True, width=PIPED_WIDTH), Console(stderr=True, soft_wrap=True)

File = Annotated[Path, typer.Argument(help="The file to read.", show_default=False)]


@contextmanager
def ready_engine(needs_schema: bool = True) -> Iterator[Engine]:
    """Open the database, and turn what goes wrong into one clear line and exit code 1 (2 where no database answers)."""
    engine = make_engine(get_settings().database_url)
    try:
        if needs_schema:
            migrations.require_current(engine)
        yield engine
    except DataError as error:
        err.print(f"error: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    except OperationalError as error:
        err.print(f"error: the database does not answer: {error.orig}", style="red", markup=False, highlight=False)
        raise typer.Exit(2) from None
    finally:
        engine.dispose()


@app.command()
def migrate(revision: Annotated[str, typer.Argument(help="Revision to migrate to.")] = "head") -> None:
    """Bring the database to the newest revision."""
    with ready_engine(needs_schema=False) as engine:
        before = migrations.current_revision(engine)
        migrations.upgrade(engine, revision)
        after = migrations.current_revision(engine)
        out.print(f"database at revision {after}" + ("" if before == after else f", was {before or 'empty'}"))


@app.command()
def load() -> None:
    """Load the data set that ships with the program, unless it is loaded already."""
    with ready_engine() as engine, _progress("bundled data") as advance:
        report = load_bundle(engine, progress=advance)
    if report is None:
        out.print("the bundled data set is loaded already")
    else:
        _print_report(report)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; HOST in the environment.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; PORT in the environment.")] = None,
) -> None:
    """Serve the API."""
    settings = get_settings()
    with ready_engine():
        pass
    uvicorn.run(
        "api.main:create_app",
        factory=True,
        host=host or settings.host,
        port=settings.port if port is None else port,
        log_level="info",
        server_header=False,
    )


@ingest_app.command("worldbank-export")
def ingest_worldbank_export(
    file: File,
    as_of: Annotated[
        str | None,
        typer.Option(help="Date of the export, YYYY-MM-DD; else its banner, its name or the file's own date."),
    ] = None,
) -> None:
    """Take in the World Bank's own export of all its projects (CSV or Excel)."""
    _ingest(WorldBankExportAdapter(as_of), file)


@ingest_app.command("records")
def ingest_records(file: File) -> None:
    """Take in projects, components or reviews in our own form (CSV, JSON, JSONL; see docs/records.md)."""
    _ingest(RecordsAdapter(), file)


@ingest_app.command("runs")
def ingest_runs() -> None:
    """List the newest runs."""
    with ready_engine() as engine, reading(engine) as connection:
        runs = list_runs(connection)
    table = Table("run", "adapter", "input", "status", "read", "added", "changed", "unchanged", "rejected", "release")
    for run in runs:
        names = ("run_id", "adapter", "input_name", "status", "read", "added", "changed", "unchanged", "rejected")
        table.add_row(*(str(run[name]) for name in names), str(run["release_id"] or "-"))
    out.print(table)


@ingest_app.command("errors")
def ingest_errors(run: Annotated[int, typer.Argument(help="Number of the run.")]) -> None:
    """Print what a run refused, as CSV: place, record, field, value, reason."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    with ready_engine() as engine, reading(engine) as connection:
        writer.writerow(["place", "record_id", "field", "value", "reason", "kept"])
        for row in rejected_records(connection, run):
            kept = "no" if row["whole_record"] else "without this value"
            writer.writerow([row["place"], row["record_id"], row["field"], row["value"], row["reason"], kept])


def _ingest(adapter: Adapter, file: Path) -> None:
    with ready_engine() as engine, _progress(file.name) as advance:
        report = pipeline.ingest(engine, adapter, [file], advance)
    _print_report(report)


@contextmanager
def _progress(label: str) -> Iterator[pipeline.Progress]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("records"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(label, total=None)
        yield lambda count: progress.advance(task, count)


def _print_report(report: Report) -> None:
    out.print(
        f"run {report.run_id}: read {report.read}, added {report.added}, changed {report.changed}, "
        f"unchanged {report.unchanged}, rejected {report.rejected}",
        highlight=False,
    )
    if report.withdrawn:
        out.print(f"withdrawn: {report.withdrawn} components that a newer list no longer names", highlight=False)
    for note in report.notes:
        out.print(note, highlight=False, markup=False)
    if report.rejected or report.set_aside:
        out.print(
            f"{report.rejected} records rejected, {report.set_aside} values set aside: "
            f"`python -m api ingest errors {report.run_id}` lists them with their reasons",
            highlight=False,
        )
    release = f"release {report.release_id}" if report.release_id else "nothing changed, no new release"
    out.print(release, highlight=False)
