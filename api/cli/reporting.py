"""What commands print: progress while they work, and the report of a run."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.segment import Segment
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from db.engine import make_engine
from db.ingest.report import Report
from db.progress import Progress as Counted
from db.settings import get_settings
from db.watch.watch import ReleaseWatch
from models.texts import storable
from models.words import counted

REPLICA_SECONDS = 5
"""How long a command waits for what it wrote to reach the replica."""

PIPED_WIDTH = None if sys.stdout.isatty() else 160


class PlainConsole(Console):
    """Prints texts of data and files as they are: signs that a terminal obeys are ours alone to send."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Render as usual, with such signs written out."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


def visible(text: str) -> str:
    """Write control characters as Python does, but for line breaks and tabs, and those that turn the direction of a text."""
    return _OBEYED.sub(lambda sign: ascii(sign[0])[1:-1], text)


_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

out, err = PlainConsole(soft_wrap=True, width=PIPED_WIDTH), PlainConsole(stderr=True, soft_wrap=True)


class RateColumn(ProgressColumn):
    """Shows how many records a second are read."""

    def render(self, task: Task) -> Text:
        """Write the rate of late, or of the whole once it is over."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


class LeftColumn(TimeRemainingColumn):
    """Shows how long the rest takes, once it is known how much there is."""

    def render(self, task: Task) -> Text:
        """Write the time that is left, or nothing."""
        return Text("") if task.total is None else Text("left ") + super().render(task)


@contextmanager
def progress_bar(label: str, total: int | None = None, in_bytes: bool = False) -> Iterator[Counted]:
    """Show how much is done, how fast, and, once the total is known, how long the rest takes; on a terminal only.

    Yields:
        The function to call with each further number of records (or of bytes), and with the total as it is known by then.
    """
    columns: tuple[ProgressColumn, ...] = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        *(
            [DownloadColumn(), TransferSpeedColumn()]
            if in_bytes
            else [MofNCompleteColumn(), TextColumn("records"), RateColumn()]
        ),
        TimeElapsedColumn(),
        LeftColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(label, total=total)

        def advance(count: int, newest: int | None = None, /) -> None:
            progress.update(task, total=newest)  # None changes nothing
            progress.advance(task, count)

        yield advance


def print_outcome(name: str, report: Report | None, error: str | None) -> None:
    """Print what became of one of several inputs."""
    if report is None:
        err.print(f"{name}: {error}", style="red", markup=False, highlight=False)
    else:
        out.print(f"{storable(name, 4_096)}:", highlight=False, markup=False, end=" ")
        print_report(report)


def print_report(report: Report) -> None:
    """Print what a run did."""
    out.print(
        f"run {report.run_id}: read {report.read}, added {report.added}, changed {report.changed}, "
        f"unchanged {report.unchanged}, rejected {report.rejected}",
        highlight=False,
    )
    if not report.read:
        out.print("there is no record in what was read", highlight=False)
    if report.withdrawn:
        out.print(
            f"withdrawn: {counted(report.withdrawn, 'component')}, no longer named by a newer list", highlight=False
        )
    for note in report.notes:
        out.print(note, highlight=False, markup=False)
    documents = f", {counted(report.passed_over, 'document')} set aside" if report.passed_over else ""
    if report.rejected or report.set_aside or documents:
        out.print(
            f"{counted(report.rejected, 'record')} rejected, {counted(report.set_aside, 'value')} set aside{documents}: "
            f"`python -m api ingest errors {report.run_id}` lists them with their reasons",
            highlight=False,
        )
    release = f"release {report.release_id}" if report.release_id else "nothing changed, no new release"
    out.print(release + _at_the_replica(report.release_id), highlight=False)


def _at_the_replica(release_id: int | None) -> str:
    """Wait for a release to reach the replica that answers are read from, where there is one, and say if it has not."""
    url = get_settings().database_read_url
    if url is None or release_id is None:
        return ""
    engine = make_engine(url)
    try:
        seen = ReleaseWatch(engine).wait_for(release_id, REPLICA_SECONDS)
    except SQLAlchemyError:
        return "; DATABASE_READ_URL does not answer"
    finally:
        engine.dispose()
    return "" if seen else f"; DATABASE_READ_URL has not got it after {REPLICA_SECONDS} seconds"
