"""`python -m api backup` and `restore`: the whole database in one file, and back (docs/operations.md)."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.database import ready_engine
from api.cli.examples import example
from api.cli.reporting import out, progress_bar
from db.backups.restoring import restore as put_back
from db.backups.saving import save
from models.words import counted

app = typer.Typer(add_completion=False)

Target = Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.", show_default=False)]
Origin = Annotated[Path, typer.Argument(help="The file to read.", show_default=False)]


@app.command(epilog=example("backup /backups/finance-2026-11-26.backup"))
def backup(file: Target) -> None:
    """Save the whole database to one file, while it is read and written; PostgreSQL and SQLite alike."""
    with ready_engine() as engine, progress_bar("rows saved") as advance:
        manifest = save(engine, file, advance)
    size = file.stat().st_size
    out.print(
        f"{file}: release {manifest.release}, {counted(manifest.rows, 'row')}, {counted(size, 'byte')}",
        highlight=False,
        markup=False,
    )


@app.command(epilog=example("restore /backups/finance-2026-11-26.backup"))
def restore(
    file: Origin,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of what the database holds by now.")
    ] = False,
) -> None:
    """Make the database hold what a backup holds, at once and whole; into an empty database, unless --replace."""
    with ready_engine() as engine, progress_bar("rows restored") as advance:
        restored = put_back(engine, file, replace, advance)
    manifest = restored.manifest
    out.print(
        f"restored release {manifest.release}, saved {manifest.made_at.isoformat()}, as release {restored.release_id}; "
        f"{counted(manifest.rows, 'row')}",
        highlight=False,
    )
    if not restored.history_known:
        out.print(
            "what came after the backup is not known here: keys that were revoked since then work again, "
            "see `python -m api keys list`",
            highlight=False,
        )
