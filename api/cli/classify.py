"""`python -m api classify`: run the classifier on a table of texts, and measure it against labels."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.cli.examples import example
from api.cli.quality import measure, to_markdown
from db.errors import FileRefusedError
from db.ingest.adapters.labelled import read_texts
from models.classification import Verdict, classify
from models.words import counted

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Run the classifier on a table of texts; measure it against labels.",
)

PREDICTION_COLUMNS = ("project_id", "category", "secondary_categories", "relevance", "confidence", "evidence")
Table = Annotated[
    Path, typer.Argument(help="CSV with project_id, name, pdo, sectors, themes, borrower, implementing_agency.")
]


@app.command(epilog=example("classify predict texts.csv --out predictions.csv"))
def predict(
    file: Table, out: Annotated[Path, typer.Option(help="Where to write the predictions, a CSV file.")]
) -> None:
    """Classify each text and write category, relevance, confidence and the evidence as JSON."""
    with _refused_clearly():
        rows = [(item.project_id, classify(item.text)) for item in read_texts(file, with_labels=False)]
    with out.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(PREDICTION_COLUMNS)
        writer.writerows(_prediction(project_id, verdict) for project_id, verdict in rows)
    typer.echo(f"{counted(len(rows), 'text')} classified into {out}")


@app.command("evaluate", epilog=example("classify evaluate labelled.csv --markdown quality.md"))
def evaluate_labels(
    file: Table,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the measurement as JSON.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write it as Markdown.")] = None,
) -> None:
    """Compare with the columns category and relevance: precision, recall, F1, confusion, and every error."""
    with _refused_clearly():
        texts = list(read_texts(file, with_labels=True))
    document = measure(texts, [classify(item.text) for item in texts])
    text = to_markdown(document)
    if json_file:
        json_file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if markdown:
        markdown.write_text(text, encoding="utf-8")
    typer.echo(text)


def _prediction(project_id: str, verdict: Verdict) -> list[str]:
    evidence = [item.shown() for item in verdict.evidence]
    secondary = ";".join(verdict.secondary)
    confidence = f"{verdict.confidence:.2f}"
    return [
        project_id,
        verdict.category,
        secondary,
        verdict.relevance,
        confidence,
        json.dumps(evidence, ensure_ascii=False),
    ]


@contextmanager
def _refused_clearly() -> Iterator[None]:
    try:
        yield
    except FileRefusedError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
