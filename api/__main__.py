"""`python -m api`: the command line."""

import sys

from pydantic import ValidationError

from api.cli.commands import app

try:
    app(prog_name="python -m api")
except ValidationError as error:
    if error.title != "Settings":
        raise
    for wrong in error.errors():
        name = "".join(str(part).upper() + ": " for part in wrong["loc"])
        print(f"error: {name}{wrong['msg'].removeprefix('Value error, ')}", file=sys.stderr)  # noqa: T201
    sys.exit(2)
