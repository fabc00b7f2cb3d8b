"""`python -m api load|reclassify|sync`: the data set that ships, the rules anew, every live source."""

import csv
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from api.cli.database import ready_engine
from api.cli.examples import example
from api.cli.files import records_in
from api.cli.reporting import err, out, print_report, progress_bar
from api.cli.sync import sync as sync_sources
from db.ingest.bundle import FILES, load_bundle
from db.ingest.reclassify import Move
from db.ingest.reclassify import reclassify as classify_anew
from db.settings import DATA_DIR
from models.money import usd
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
    """Classify everything anew by the present rules, and print what moves: row, before, after, with amounts by each measure.

    `moved` names what differs: the same amounts can count in other countries or for other lenders.
    """
    with ready_engine() as engine:
        moves, release = classify_anew(engine, dry_run)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["component_id", "state", "category", "relevance", "amount_usd", "partial_usd", "measure", "moved"])
    for move in moves:
        writer.writerows(_states(move))
    end = "nothing was written" if release is None else f"release {release.release_id}"
    err.print(f"{_rows_that_move(moves)}; {end}", highlight=False)


def _rows_that_move(moves: Sequence[Move]) -> str:
    """Say how many rows move, and how many of them under each measure: a row can move under several."""
    rows = len({move.component_id for move in moves})
    named = Counter(measure for measure, _ in {(move.measure, move.component_id) for move in moves})
    by_measure = f" ({', '.join(f'{measure} {named[measure]}' for measure in sorted(named))})" if named else ""
    return f"{counted(rows, 'row moves', 'rows move')}{by_measure}"


def _states(move: Move) -> list[tuple[object, ...]]:
    return [
        (move.component_id, state, move.category, relevance, usd(amount), usd(partial), move.measure, move.moved)
        for state, counts in (("before", move.before), ("after", move.after))
        if counts
        for relevance, amount, partial in [counts]
    ]


@app.command(epilog=example("sync"))
def sync() -> None:
    """Ask every configured source and take in what is new; exit code 1 if one of them failed."""
    if sync_sources():
        raise typer.Exit(1)
