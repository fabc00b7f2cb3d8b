"""`python -m api load|reclassify|sync`: the data set that ships, the rules anew, every live source."""

import csv
import sys
from typing import Annotated

import typer

from api.cli.database import ready_engine
from api.cli.examples import example
from api.cli.files import records_in
from api.cli.reporting import out, print_report, progress_bar
from api.cli.sync import sync as sync_sources
from db.ingest.bundle import FILES, load_bundle
from db.ingest.reclassify import Move
from db.ingest.reclassify import reclassify as classify_anew
from db.settings import DATA_DIR
from models.money import usd
from models.release import Release
from models.words import counted

app = typer.Typer(add_completion=False)


@app.command(epilog=example("load"))
def load() -> None:
    """Load the data set that ships with the program, unless it is loaded already."""
    with (
        ready_engine() as engine,
        progress_bar("bundled data", records_in(*(DATA_DIR / name for name in FILES))) as advance,
    ):
        report = load_bundle(engine, progress=advance)
    if report is None:
        out.print("the bundled data set is loaded already")
    else:
        print_report(report)


@app.command(epilog=example("reclassify --dry-run > moves.csv"))
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
    end = "nothing was written" if release is None else f"release {release.release_id}, {_all_changes(release)}"
    out.print(f"{counted(len(moves), 'row moves', 'rows move')}; {end}", highlight=False)


def _all_changes(release: Release) -> str:
    """How many rows a release lists: also those that count the same under other lenders, places or dates."""
    rows = release.rows_added + release.rows_changed + release.rows_removed
    return f"which lists {counted(rows, 'row', 'rows')} in all: /v1/releases/{release.release_id}/changes"


def _states(move: Move) -> list[list[object]]:
    states = (("before", move.before), ("after", move.after))
    return [
        [move.component_id, name, category, relevance, usd(amount), usd(partial)]
        for name, shares in states
        for category, relevance, amount, partial in shares or ()
    ]


@app.command(epilog=example("sync"))
def sync() -> None:
    """Ask every configured source and take in what is new; exit code 1 if one of them failed."""
    if sync_sources():
        raise typer.Exit(1)
