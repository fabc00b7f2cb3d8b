"""`python -m api migrate`: prepare the database."""

from typing import Annotated

import typer

from api.cli.database import ready_engine
from api.cli.examples import example
from api.cli.reporting import out
from db.engine import missing_file
from db.migrate import upgrade
from db.revision import current_revision, known_revisions, require_known

app = typer.Typer(add_completion=False)


@app.command(epilog=example("migrate"))
def migrate(revision: Annotated[str, typer.Argument(help="Revision to migrate to.")] = "head") -> None:
    """Bring the database to the newest revision."""
    with ready_engine(needs_schema=False) as engine:
        before = None if missing_file(engine) else current_revision(engine)
        require_known(before)
        _require_target(revision, before)
        upgrade(engine, revision)
        after = current_revision(engine)
        out.print(f"database at revision {after}" + ("" if before == after else f", was {before or 'empty'}"))


def _require_target(revision: str, before: str | None) -> None:
    """Refuse a revision that there is not, or that lies behind the one that the database is at."""
    known = known_revisions()
    if revision != "head" and revision not in known:
        raise typer.BadParameter(f"there is no revision {revision!r}: give one of {known[0]} to {known[-1]}, or head")
    if before is not None and revision < before:  # "head" comes after all digits
        raise typer.BadParameter(f"the database is at revision {before} already, and a migration only goes forward")
