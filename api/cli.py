"""The command line: migrate, load, ingest, serve."""

import csv
import sys
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from rich.table import Table

from api import backup_cli, classify_cli, extract_cli, keys_cli, people_cli, reviews_cli
from api.database import ingest_file, ready_engine
from api.observe.counts import shared_counts
from api.observe.logs import log_config
from api.reporting import out, print_outcome, print_report, progress_bar
from api.sync_cli import sync as sync_sources
from db import migrate as migrations
from db.engine import reading
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.adapters.worldbank_export import WorldBankExportAdapter
from db.ingest.bundle import load_bundle
from db.ingest.iati import ingest_iati as take_in_activities
from db.ingest.queue import resume
from db.ingest.reclassify import Move
from db.ingest.reclassify import reclassify as classify_anew
from db.ingest.validation import REMARK
from db.ingest.worldbank import Wanted
from db.ingest.worldbank import ingest_worldbank as take_in_projects
from db.ingest.worldbank_changes import ingest_worldbank_changes
from db.ingest.worldbank_documents import WantedReports, ingest_documents
from db.queries.runs import list_runs, rejected_records
from db.settings import get_settings
from models.money import usd

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
ingest_app = typer.Typer(no_args_is_help=True, help="Take records in; see what was taken and what was refused.")
app.add_typer(ingest_app, name="ingest", rich_help_panel="Bring data in")
app.add_typer(classify_cli.app, name="classify", rich_help_panel="Classify")
app.add_typer(reviews_cli.app, name="reviews", rich_help_panel="Classify")
app.add_typer(keys_cli.app, name="keys", rich_help_panel="Run the service")
people_cli.add_to(app)
backup_cli.add_to(app)
app.command("extract", rich_help_panel="Classify")(extract_cli.extract)

WORKER_SECONDS = 30
"""How long a worker may not answer the process that watches over it before another takes its place."""

File = Annotated[Path, typer.Argument(help="The file to read.", show_default=False)]


@app.command(rich_help_panel="Run the service")
def migrate(revision: Annotated[str, typer.Argument(help="Revision to migrate to.")] = "head") -> None:
    """Bring the database to the newest revision."""
    with ready_engine(needs_schema=False) as engine:
        before = migrations.current_revision(engine)
        migrations.upgrade(engine, revision)
        after = migrations.current_revision(engine)
        out.print(f"database at revision {after}" + ("" if before == after else f", was {before or 'empty'}"))


@app.command(rich_help_panel="Bring data in")
def load() -> None:
    """Load the data set that ships with the program, unless it is loaded already."""
    with ready_engine() as engine, progress_bar("bundled data") as advance:
        report = load_bundle(engine, progress=advance)
    if report is None:
        out.print("the bundled data set is loaded already")
    else:
        print_report(report)


@app.command(rich_help_panel="Bring data in")
def reclassify(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would move.")] = False,
) -> None:
    """Classify everything anew by the present rules, and print what moves: row, before, after, with amounts."""
    with ready_engine() as engine:
        moves, release = classify_anew(engine, dry_run)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["component_id", "state", "category", "relevance", "amount_usd", "partial_usd"])
    for move in moves:
        writer.writerows(_states(move))
    end = "nothing was written" if dry_run or release is None else f"release {release}"
    out.print(f"{len(moves)} rows move; {end}", highlight=False)


def _states(move: Move) -> list[list[object]]:
    states = (("before", move.before), ("after", move.after))
    return [
        [move.component_id, name, category, relevance, usd(amount), usd(partial)]
        for name, shares in states
        for category, relevance, amount, partial in shares or ()
    ]


@app.command(rich_help_panel="Bring data in")
def sync() -> None:
    """Ask every configured source and take in what is new; exit code 1 if one of them failed."""
    if sync_sources():
        raise typer.Exit(1)


@app.command(rich_help_panel="Run the service")
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; HOST in the environment.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; PORT in the environment.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that answer; WORKERS in the environment.")
    ] = None,
) -> None:
    """Serve the API."""
    settings = get_settings()
    with ready_engine(url=settings.reading_url):
        pass
    workers = workers or settings.workers
    with shared_counts() if workers > 1 else nullcontext():
        uvicorn.run(
            "api.main:create_service",
            factory=True,
            host=host or settings.host,
            port=settings.port if port is None else port,
            log_config=log_config(),
            access_log=False,  # `api.observe` writes a line for each request
            server_header=False,
            workers=workers,
            timeout_worker_healthcheck=WORKER_SECONDS,
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
    ingest_file(WorldBankExportAdapter(as_of), file)


@ingest_app.command("worldbank")
def ingest_worldbank(
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Only projects approved on or after this day; else all, with pipeline."
        ),
    ] = None,
    project: Annotated[list[str] | None, typer.Option(help="Only this project; may be repeated.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="So many projects at most, to try it out.")] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only what changed since the last run; the whole list once a month.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do not go on with what an earlier run left.")] = False,
) -> None:
    """Fetch projects from the World Bank's Projects API and take them in (docs/worldbank.md)."""
    if project and (since or limit):
        raise typer.BadParameter("single projects are asked for by their ids alone, without --since or --limit")
    if changed and (project or since or limit or fresh):
        raise typer.BadParameter("--changed stands alone, without --since, --project, --limit or --fresh")
    settings = get_settings()
    address, spool_dir = settings.worldbank_api_url, settings.spool_dir
    wanted = Wanted(since.date() if since else None, tuple(dict.fromkeys(project or ())), limit)
    with ready_engine() as engine, progress_bar("World Bank projects") as advance:
        if changed:
            report = ingest_worldbank_changes(engine, address, spool_dir, advance)
        else:
            report = take_in_projects(engine, address, spool_dir, wanted, fresh=fresh, progress=advance)
    print_report(report)


@ingest_app.command("worldbank-documents")
def ingest_worldbank_documents(
    project: Annotated[
        list[str] | None,
        typer.Option(help="Only this stored project; may be repeated. Else all that concern migration."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="So many projects at most, to try it out.")] = None,
) -> None:
    """Read components with amounts out of reports that the World Bank's Documents API lists (docs/worldbank.md)."""
    settings = get_settings()
    wanted = WantedReports(tuple(dict.fromkeys(project or ())), limit)
    with ready_engine() as engine, progress_bar("projects with World Bank reports") as advance:
        report = ingest_documents(engine, settings.worldbank_documents_url, settings.spool_dir, wanted, advance)
    print_report(report)


@ingest_app.command("iati")
def ingest_iati(
    places: Annotated[
        list[str], typer.Argument(help="Files (.xml, .xml.gz), folders of them, or addresses.", show_default=False)
    ],
) -> None:
    """Take in activities in the IATI standard, 1.01 to 2.03, each file as a run of its own (docs/iati.md)."""
    failed = 0
    with ready_engine() as engine, progress_bar("IATI activities") as advance:
        for outcome in take_in_activities(engine, places, get_settings().spool_dir, advance):
            failed += outcome.report is None
            print_outcome(outcome.name, outcome.report, outcome.error)
    if failed:
        raise typer.Exit(1)


@ingest_app.command("records")
def ingest_records(file: File) -> None:
    """Take in projects, components or reviews in our own form (CSV, JSON, JSONL; see docs/records.md)."""
    ingest_file(RecordsAdapter(), file)


@ingest_app.command("runs")
def ingest_runs() -> None:
    """List the newest runs; of those that were not done, why."""
    with ready_engine() as engine, reading(engine) as connection:
        runs = list(list_runs(connection, limit=20))
    table = Table("run", "adapter", "input", "status", "read", "added", "changed", "unchanged", "rejected", "release")
    for run in runs:
        names = ("run_id", "adapter", "input_name", "status", "read", "added", "changed", "unchanged", "rejected")
        table.add_row(*(str(run[name]) for name in names), str(run["release_id"] or "-"))
    out.print(table)
    for run in runs:
        if run["detail"]:
            out.print(f"run {run['run_id']}: {run['detail']}", highlight=False, markup=False)


@ingest_app.command("resume")
def ingest_resume(run: Annotated[int, typer.Argument(help="Number of the run.")]) -> None:
    """Take a run up again that came over HTTP and was interrupted, while its body is still there."""
    with ready_engine() as engine:
        report = resume(engine, get_settings().spool_dir, run)
    print_report(report)


@ingest_app.command("errors")
def ingest_errors(run: Annotated[int, typer.Argument(help="Number of the run.")]) -> None:
    """Print what a run refused, as CSV: place, record, field, value, reason; and its remarks on the way."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    with ready_engine() as engine, reading(engine) as connection:
        writer.writerow(["place", "record_id", "field", "value", "reason", "kept"])
        for row in rejected_records(connection, run):
            kept = "no" if row["whole_record"] else "-" if row["field"] == REMARK else "without this value"
            writer.writerow([row["place"], row["record_id"], row["field"], row["value"], row["reason"], kept])
