"""The command line: each command is loaded when it is asked for, so that help and questions need not wait for the rest."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from api.loading import loading

HELP = (
    "Migration finance on the command line: bring data in, ask, classify, run the service.\n\n"
    "Exit codes: 0 done; 1 failed or refused, for the reason printed; 2 a wrong command, option, value or setting; "
    "3 the database is missing, damaged, has no room to write, does not answer or is of another revision."
)
ASK, DATA, CLASSIFY, RUN = "Ask", "Bring data in", "Classify", "Run the service"


@dataclass(frozen=True, slots=True)
class Entry:
    """A command or a group of them: its name, the module that has it, and its line of help."""

    name: str
    module: str
    panel: str
    help: str


ENTRIES = (
    Entry("spend", "api.cli.people", ASK, "Spend by any dimensions, exact to the cent, as a table or JSON."),
    Entry("project", "api.cli.people", ASK, "One project with its amounts and what each source said of it."),
    Entry("component", "api.cli.people", ASK, "One component, and why it is counted where it is."),
    Entry("load", "api.cli.data", DATA, "Load the data set that ships with the program, unless it is loaded already."),
    Entry("ingest", "api.cli.ingest", DATA, "Take records in; see what was taken and what was refused."),
    Entry("sync", "api.cli.data", DATA, "Ask every configured source and take in what is new."),
    Entry("reclassify", "api.cli.data", DATA, "Classify everything anew by the present rules, and print what moves."),
    Entry(
        "classify", "api.cli.classify", CLASSIFY, "Run the classifier on a table of texts; measure it against labels."
    ),
    Entry("extract", "api.cli.extract", CLASSIFY, "Read components with titles and amounts out of report texts."),
    Entry(
        "reviews", "api.cli.reviews", CLASSIFY, "Take decisions on classifications in and out; see what to decide next."
    ),
    Entry("migrate", "api.cli.migrating", RUN, "Bring the database to the newest revision."),
    Entry("serve", "api.cli.service", RUN, "Serve the API."),
    Entry("backup", "api.cli.backup", RUN, "Save the whole database to one file, while it is read and written."),
    Entry("restore", "api.cli.backup", RUN, "Make the database hold what a backup holds, at once and whole."),
    Entry("keys", "api.cli.keys", RUN, "Make, list and revoke the keys that open writing over HTTP."),
)
"""Every command, in the order in which help lists them."""

MODULES = {entry.name: entry.module for entry in ENTRIES}


def command_of(name: str) -> Any:
    """Load a command, or a group of them, by its name."""
    with loading():
        found = get_command(import_module(MODULES[name]).app)
    return getattr(found, "commands", {}).get(name, found)


class Later(TyperCommand):
    """Stands for a command until it is asked for; then the command itself takes over."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Hand over to the command."""
        return command_of(str(self.name)).make_context(info_name, args, parent, **extra)


app = typer.Typer(no_args_is_help=True, add_completion=False, help=HELP, pretty_exceptions_enable=False)
for _entry in ENTRIES:
    app.command(_entry.name, cls=Later, help=_entry.help, rich_help_panel=_entry.panel)(lambda: None)
