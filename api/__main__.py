"""`python -m api`: the command line."""

import sys

from pydantic import ValidationError

from api.cli.commands import app
from models.wrong_values import words_for

try:
    app(prog_name="python -m api")
except ValidationError as error:
    if error.title != "Settings":
        raise
    for wrong in error.errors():
        name = "".join(str(part).upper() + ": " for part in wrong["loc"][:1])  # not the place in a list
        words = words_for(wrong["type"], wrong.get("ctx", {}))
        # What our own checks say names what may be shown: an address may hold a password.
        said = f"{wrong['input']!r} {words}" if words else wrong["msg"].removeprefix("Value error, ")
        print(f"error: {name}{said}", file=sys.stderr)  # noqa: T201
    sys.exit(2)
