"""How a measurement of the classifier is written down: as a document for programs and as one for readers."""

from collections.abc import Mapping, Sequence
from typing import Any

from db.ingest.adapters.labelled import LabelledText
from models.classification import Evaluation, Score, Verdict, evaluate, load_rules, load_taxonomy
from models.words import counted


def measure(texts: Sequence[LabelledText], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Measure verdicts against labels; labels that rest on more than the text are measured apart.

    Returns:
        A document of plain values: versions, and for each part the scores, confusion and errors with their evidence.
    """
    document: dict[str, Any] = {"taxonomy_version": load_taxonomy().version, "rules_version": load_rules().version}
    for name, wanted in (("from_text", True), ("outside_text", False)):
        part = [(text, verdict) for text, verdict in zip(texts, verdicts, strict=True) if text.from_text is wanted]
        gold = [text.gold for text, _ in part if text.gold]
        result = evaluate(gold, [verdict for _, verdict in part])
        document[name] = _document(result, {text.project_id: (text, verdict) for text, verdict in part})
    return document


def _document(result: Evaluation, by_id: Mapping[str, tuple[LabelledText, Verdict]]) -> dict[str, Any]:
    return {
        "rows": result.rows,
        "migration": _score(result.migration),
        "category_accuracy_of_positives": round(result.category_accuracy, 4),
        "pooled_accuracy_of_positives": round(result.pooled_accuracy, 4),
        "pooled_weighted_f1": round(result.pooled_weighted_f1, 4),
        "relevance_accuracy": round(result.relevance_accuracy, 4),
        "categories": {name: _score(score) for name, score in result.categories.items()},
        "pooled": {name: _score(score) for name, score in result.pooled.items()},
        "groups": {name: _score(score) for name, score in result.groups.items()},
        "confusion": [
            {"label": wanted, "verdict": found, "rows": count}
            for (wanted, found), count in result.confusion.items()
            if wanted != found
        ],
        "errors": [
            {
                "project_id": error.project_id,
                "name": by_id[error.project_id][0].text.name,
                "label": list(error.expected),
                "verdict": list(error.found),
                "evidence": [item.shown() for item in by_id[error.project_id][1].evidence],
            }
            for error in result.errors
        ],
    }


def _score(score: Score) -> dict[str, Any]:
    found = {"labelled": score.support, "predicted": score.predicted, "correct": score.correct}
    return found | {name: round(getattr(score, name), 4) for name in ("precision", "recall", "f1")}


def to_markdown(document: Mapping[str, Any]) -> str:
    """Write a measurement for readers."""
    lines = [f"Rules {document['rules_version']}, taxonomy {document['taxonomy_version']}.", ""]
    for name, title in (("from_text", "Labels that rest on the text"), ("outside_text", "Labels that rest on more")):
        part = document[name]
        lines += [f"### {title} ({counted(part['rows'], 'row')})", ""]
        if part["rows"]:
            lines += _part_lines(part)
    return "\n".join(lines).rstrip() + "\n"


def _part_lines(part: Mapping[str, Any]) -> list[str]:
    migration = part["migration"]
    lines = [
        "| measure | value |",
        "|---|---:|",
        f"| migration or not: precision | {migration['precision']:.3f} |",
        f"| migration or not: recall | {migration['recall']:.3f} |",
        f"| refugee categories as one: weighted F1 | {part['pooled_weighted_f1']:.3f} |",
        f"| refugee categories as one: accuracy on the positives | {part['pooled_accuracy_of_positives']:.3f} |",
        f"| full category: accuracy on the positives | {part['category_accuracy_of_positives']:.3f} |",
        f"| relevance: accuracy | {part['relevance_accuracy']:.3f} |",
        "",
    ]
    for name, title in (("categories", "category"), ("pooled", "refugee categories as one"), ("groups", "group")):
        lines += [f"| {title} | labelled | predicted | precision | recall | F1 |", "|---|---:|---:|---:|---:|---:|"]
        for label, score in part[name].items():
            figures = f"{score['precision']:.3f} | {score['recall']:.3f} | {score['f1']:.3f}"
            lines.append(f"| {label} | {score['labelled']} | {score['predicted']} | {figures} |")
        lines.append("")
    for item in part["confusion"]:
        lines.append(f"* labelled {item['label']}, came out {item['verdict']}: {item['rows']}")
    lines += ["", "Errors:", ""] if part["errors"] else []
    for error in part["errors"]:
        evidence = "; ".join(
            f"{e['rule']} on {e['words']!r} in {e['field']} at {e['start']}" for e in error["evidence"]
        )
        wanted, found = "/".join(error["label"]), "/".join(error["verdict"])
        lines.append(
            f"* {error['project_id']} {error['name'][:80]}: {wanted}, came out {found} ({evidence or 'no rule matched'})"
        )
    return [*lines, ""]
