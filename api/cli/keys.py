"""`python -m api keys`: make, list and revoke the keys that open writing over HTTP."""

from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from api.cli.database import ready_engine
from api.cli.examples import example
from api.cli.reporting import err, out
from db import keys
from db.engine import reading, writing
from models.vocabulary import Scope

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Make, list and revoke the keys that open writing over HTTP."
)

Name = Annotated[str, typer.Argument(help="Name of the key.", show_default=False)]


@app.command(epilog=example("keys create --scope ingest --name 'statistics office'"))
def create(
    name: Annotated[str, typer.Option(help="Who holds it; runs and reviews show this name.", show_default=False)],
    scope: Annotated[list[Scope], typer.Option(help="What it opens; may be repeated.", show_default=False)],
) -> None:
    """Make a key and print its token, which is shown this once."""
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise typer.BadParameter("a name has 1 to 100 characters that can be printed", param_hint="--name")
    token = keys.new_token()
    with ready_engine() as engine, writing(engine) as connection:
        key = keys.add_key(connection, name.strip(), scope, token)
    told = f"key {key.key_id} {key.name!r} with {', '.join(key.scopes)}; it is shown this once:"
    err.print(told, highlight=False, markup=False)
    out.print(token, highlight=False, markup=False)


@app.command("list", epilog=example("keys list"))
def list_all() -> None:
    """List every key with its scopes, when it was last used to write, and whether it was revoked."""
    with ready_engine() as engine, reading(engine) as connection:
        found = keys.list_keys(connection)
    table = Table("key", "name", "begins with", "scopes", "made", "last used", "revoked")
    for key in found:
        moments = (_day(key[name]) for name in ("created_at", "last_used_at", "revoked_at"))
        table.add_row(str(key["key_id"]), escape(key["name"]), key["prefix"], ", ".join(key["scopes"]), *moments)
    out.print(table)


@app.command(epilog=example("keys revoke 'statistics office'"))
def revoke(name: Name) -> None:
    """End a key, at once and for ever; a body that is on its way with it is not taken in."""
    with ready_engine() as engine, writing(engine) as connection:
        done = keys.revoke_key(connection, name)
    out.print(f"key {name!r} " + ("is revoked" if done else "was revoked already"), highlight=False, markup=False)


def _day(moment: datetime | None) -> str:
    return "-" if moment is None else moment.isoformat(" ", "minutes")[:16]
