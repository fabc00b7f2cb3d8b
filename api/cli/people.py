"""`python -m api spend|project|component`: the API's own questions, asked of the local database without a server."""

import inspect
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import anyio
import httpx
import msgspec
import typer
from fastapi import FastAPI
from pydantic import BaseModel
from rich.table import Table

from api.answers.asked import OF_PICTURES
from api.cli.database import NO_DATABASE, ready_engine
from api.cli.examples import example
from api.cli.refusing import print_error
from api.cli.reporting import err, out
from api.params.spend import SpendParams
from api.routers.components import ComponentParams
from api.routers.projects import ProjectParams
from db.settings import get_settings

app = typer.Typer(add_completion=False)

FIGURES = ("amount_usd", "partial_usd", "projects", "components", "share")
"""Columns of a table of spend beside what it is grouped by, where `--fields` names none."""


def _question(model: type[BaseModel], path: str, text: str) -> Callable[..., None]:
    """Make a command of a path: one option for each of its parameters, handed on as it was written."""

    def command(**given: Any) -> None:
        as_json, identifier = given.pop("json"), given.pop("id", None)
        if identifier is not None and not identifier.strip():
            raise typer.BadParameter("an empty text is no identifier: expected one such as P174085 or P167506-1")
        if identifier is not None and "/" in identifier:  # which no path could hold, nor any identifier
            print_error(f"there is no {path.split('/')[2].removesuffix('s')} {identifier!r}")
            raise typer.Exit(2)
        pairs = [(name, value) for name, values in given.items() for value in values or ()]
        if not as_json and path == "/v1/spend" and not given["fields"]:
            groups = [part.strip() for value in given["group_by"] or () for part in value.split(",")]
            pairs += [("fields", name) for name in (*groups, *FIGURES)]
        _show(_ask(path, identifier or "", pairs), as_json)

    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = []
    if "{id}" in path:
        identifier = Annotated[str, typer.Argument(help="Its identifier.", show_default=False)]
        parameters.append(inspect.Parameter("id", kind, annotation=identifier))
    for name, field in model.model_fields.items():
        if name in (*OF_PICTURES, "format"):
            continue
        option = typer.Option(f"--{name.replace('_', '-')}", help=_short(field.description), show_default=False)
        annotation = Annotated[list[str] | None, option]
        parameters.append(inspect.Parameter(name, kind, default=None, annotation=annotation))
    flag = Annotated[bool, typer.Option("--json", help="Print the document that the API answers with.")]
    parameters.append(inspect.Parameter("json", kind, default=False, annotation=flag))
    command.__doc__ = text
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def _short(description: str | None) -> str:
    return (description or "").replace("[", "(").replace("]", ")")


def _ask(path: str, identifier: str, pairs: list[tuple[str, str]]) -> httpx.Response:
    """Ask the application itself, within this process: so a question has one answer, and one set of messages."""
    from api.main import create_app  # late: help need not wait for the whole application

    with ready_engine() as engine:
        return anyio.run(_send, create_app(engine), path, identifier, pairs)


async def _send(app: FastAPI, path: str, identifier: str, pairs: list[tuple[str, str]]) -> httpx.Response:
    settings = get_settings()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{settings.host}:{settings.port}") as client:
        address = path.replace("{id}", quote(identifier, safe=""))
        return await client.get(address, params=urlencode(pairs), headers={"accept": "application/json"})


def _show(answer: httpx.Response, as_json: bool) -> None:
    document = json.loads(answer.content, parse_float=Decimal)
    if answer.is_error:
        _refuse(answer.status_code, document)
    if as_json:
        sys.stdout.write(msgspec.json.format(answer.content, indent=2).decode() + "\n")
        return
    rows = document["data"]
    out.print(_table(rows, document.get("totals")) if isinstance(rows, list) else _sheet(rows))
    if document["meta"].get("additive") is False:
        err.print("the rows overlap and do not sum to the totals", highlight=False)
    for warning in document["meta"]["warnings"]:
        err.print(warning, markup=False, highlight=False)
    if document["links"].get("next"):
        err.print("there are more rows: ask with --limit, or with --json and --cursor", highlight=False)


def _refuse(status: int, document: Mapping[str, Any]) -> None:
    """Print what is wrong in the words of the API; exit code 2 for a wrong question, 3 without a database."""
    for item in document["errors"] or [{"message": document["detail"]}]:
        print_error(item["message"] + _instead(item))
    if document["type"].endswith("/database-not-ready"):
        raise typer.Exit(NO_DATABASE)
    raise typer.Exit(2 if status < 500 else 1)


def _instead(item: Mapping[str, Any]) -> str:
    """What to write instead: the nearest, or where none is near what is allowed, if the message does not say so itself."""
    if item.get("suggestion"):
        return f"; did you mean {item['suggestion']!r}?"
    allowed = item.get("allowed") or []
    return f": expected one of {', '.join(allowed)}" if allowed and allowed[0] not in item["message"] else ""


def _table(rows: list[dict[str, Any]], totals: Mapping[str, Any] | None) -> Table:
    table = Table(show_footer=bool(totals))
    names = list(rows[0]) if rows else ["amount_usd", "partial_usd"]
    for name in names:
        number = any(isinstance(row[name], int | Decimal) for row in rows) and "year" not in name
        foot = _cell(name, (totals or {}).get(name))
        table.add_column(name, foot, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(name, row[name]) for name in names))
    return table


def _sheet(row: Mapping[str, Any]) -> Table:
    table = Table("field", "value", show_header=False)
    for name, value in row.items():
        table.add_row(name, _cell(name, value))
    return table


def _cell(name: str, value: Any) -> str:
    """Write a value for people. Money comes exact, as the API writes it, and only gets its thousands parted."""
    return "\n".join(_lines(name, value)).replace("[", "\\[")


def _lines(name: str, value: Any) -> list[str]:
    """Write a value on lines, what is nested further in; nothing for what is not known."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in _named(key, _lines(key, inner))]
    if isinstance(value, list):
        parts = [_lines(name, one) for one in value]
        if any(isinstance(one, dict) for one in value):
            return [("  " if number else "- ") + line for part in parts for number, line in enumerate(part)]
        return [", ".join(line for part in parts for line in part)] if parts else []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [f"{value:,.2f}" if name.endswith("_usd") else str(value)]


def _named(name: str, lines: Sequence[str]) -> list[str]:
    return [f"{name}: {line}" for line in lines] if len(lines) < 2 else [f"{name}:", *(f"  {line}" for line in lines)]


QUESTIONS = (
    ("spend", SpendParams, "/v1/spend", "Spend by any dimensions, exact to the cent, as a table or JSON."),
    ("project", ProjectParams, "/v1/projects/{id}", "One project with its amounts and what each source said of it."),
    ("component", ComponentParams, "/v1/components/{id}", "One component, and why it is counted where it is."),
)
EXAMPLES = {
    "spend": "spend --group-by category,year --country JOR",
    "project": "project P174085",
    "component": "component P167506-1 --json",
}

for _name, _model, _path, _text in QUESTIONS:
    app.command(_name, epilog=example(EXAMPLES[_name]))(_question(_model, _path, _text))
