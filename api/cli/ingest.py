"""`python -m api ingest`: take records in from files and sources, and see what became of them."""

import csv
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from api.cli.database import ready_engine
from api.cli.examples import example
from api.cli.files import ingest_file
from api.cli.reporting import err, out, print_outcome, print_report, progress_bar
from api.exports.csv import harmless
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.adapters.worldbank_export import WorldBankExportAdapter
from db.ingest.queue import resume
from db.ingest.records.validation import REMARK
from db.ingest.sources.iati import ingest_iati as take_in_activities
from db.ingest.sources.worldbank import Wanted
from db.ingest.sources.worldbank import ingest_worldbank as take_in_projects
from db.ingest.sources.worldbank_changes import ingest_worldbank_changes
from db.ingest.sources.worldbank_documents import WantedReports, ingest_documents
from db.queries.runs import get_run, list_runs, reading_runs, rejected_records
from db.settings import get_settings
from models.dates import check_partial_date
from models.texts import with_p_number

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Take records in; see what was taken and what was refused."
)

File = Annotated[Path, typer.Argument(help="The file to read.", show_default=False)]


def _ids_of(named: list[str] | None) -> tuple[str, ...]:
    """The ids of projects that an option names, each once; one that is empty names none, and must not stand for all."""
    ids = [with_p_number(name.strip()) for name in named or ()]
    if not all(ids):
        raise typer.BadParameter("'' is no id of a project: expected one such as P174085", param_hint="--project")
    return tuple(dict.fromkeys(ids))


@app.command("worldbank-export", epilog=example("ingest worldbank-export all_projects.xlsx --as-of 2026-01-31"))
def ingest_worldbank_export(
    file: File,
    as_of: Annotated[
        str | None,
        typer.Option(help="Date of the export, YYYY-MM-DD; else its banner, its name or the file's own date."),
    ] = None,
) -> None:
    """Take in the World Bank's own export of all its projects (CSV or Excel)."""
    try:
        as_of = as_of and check_partial_date(as_of)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--as-of") from None
    ingest_file(WorldBankExportAdapter(as_of), file)


@app.command("worldbank", epilog=example("ingest worldbank --since 2014-01-01"))
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
    wanted = Wanted(since.date() if since else None, _ids_of(project), limit)
    with ready_engine() as engine, progress_bar("World Bank projects") as advance:
        if changed:
            report = ingest_worldbank_changes(engine, address, spool_dir, advance)
        else:
            report = take_in_projects(engine, address, spool_dir, wanted, fresh=fresh, progress=advance)
    print_report(report)


@app.command("worldbank-documents", epilog=example("ingest worldbank-documents --project P174085"))
def ingest_worldbank_documents(
    project: Annotated[
        list[str] | None,
        typer.Option(help="Only this stored project; may be repeated. Else all that concern migration."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="So many projects at most, to try it out.")] = None,
) -> None:
    """Read components with amounts out of reports that the World Bank's Documents API lists (docs/worldbank.md)."""
    settings = get_settings()
    wanted = WantedReports(_ids_of(project), limit)
    with ready_engine() as engine, progress_bar("projects with World Bank reports") as advance:
        report = ingest_documents(engine, settings.worldbank_documents_url, settings.spool_dir, wanted, advance)
    print_report(report)


@app.command("iati", epilog=example("ingest iati activities.xml folder/"))
def ingest_iati(
    places: Annotated[
        list[str], typer.Argument(help="Files (.xml, .xml.gz), folders of them, or addresses.", show_default=False)
    ],
) -> None:
    """Take in activities in the IATI standard, 1.01 to 2.03, each file as a run of its own (docs/iati.md)."""
    failed = 0
    with ready_engine() as engine, progress_bar("IATI files", in_bytes=True) as advance:
        for outcome in take_in_activities(engine, places, get_settings().spool_dir, advance):
            failed += outcome.report is None
            print_outcome(outcome.name, outcome.report, outcome.error)
    if failed:
        raise typer.Exit(1)


@app.command("records", epilog=example("ingest records projects.csv"))
def ingest_records(file: File) -> None:
    """Take in projects, components or reviews in our own form (CSV, JSON, JSONL; see docs/records.md)."""
    ingest_file(RecordsAdapter(), file)


@app.command("runs", epilog=example("ingest runs"))
def ingest_runs() -> None:
    """List the newest runs, with the key of those that came over HTTP; of those that were not done, why."""
    with ready_engine() as engine, reading_runs(engine) as connection:
        runs = list(list_runs(connection, limit=20))
    table = Table(
        "run", "adapter", "input", "status", "read", "added", "changed", "unchanged", "rejected", "release", "key"
    )
    for run in runs:
        names = ("run_id", "adapter", "input_name", "status", "read", "added", "changed", "unchanged", "rejected")
        cells = [*(run[name] for name in names), run["release_id"] or "-", run["key_name"] or ""]
        table.add_row(*(escape(str(cell)) for cell in cells))
    out.print(table)
    for run in runs:
        if run["detail"]:
            out.print(f"run {run['run_id']}: {run['detail']}", highlight=False, markup=False)


@app.command("resume", epilog=example("ingest resume 3"))
def ingest_resume(run: Annotated[int, typer.Argument(help="Number of the run.")]) -> None:
    """Take a run up again that came over HTTP and was interrupted, while its body is still there."""
    with ready_engine() as engine:
        report = resume(engine, get_settings().spool_dir, run)
    print_report(report)


@app.command("errors", epilog=example("ingest errors 2 > errors.csv"))
def ingest_errors(run: Annotated[int, typer.Argument(help="Number of the run.")]) -> None:
    """Print what a run refused, as CSV: place, record, field, value, reason; and its remarks on the way."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    with ready_engine() as engine, reading_runs(engine) as connection:
        if detail := get_run(connection, run)["detail"]:
            err.print(f"run {run}: {detail}", highlight=False, markup=False)
        names = ("place", "record_id", "field", "value", "reason")
        writer.writerow([*names, "kept"])
        for row in rejected_records(connection, run):
            kept = "no" if row["whole_record"] else "-" if row["field"] == REMARK else "without this value"
            writer.writerow([*(harmless(row[name] or "") for name in names), kept])
