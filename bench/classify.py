"""Speed of the classifier on the projects of a World Bank export, beside a floor in the same run.

    python -m bench.classify EXPORT.csv

The floor is the least that any text classifier does: fold each text and search it for one word. One core, five rounds in
turn; the medians count. The ratio travels to other machines, the seconds do not.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from db.ingest.adapters.worldbank_export import WorldBankExportAdapter
from models.classification import ClassifierInput, classify

ROUNDS = 5


def floor(text: ClassifierInput) -> bool:
    """Fold a text and search it."""
    return "refugee" in f"{text.name} {text.objective}".casefold()


def seconds(work: Callable[[ClassifierInput], object], texts: list[ClassifierInput]) -> float:
    """Time one pass over the texts."""
    start = time.perf_counter()
    for text in texts:
        work(text)
    return time.perf_counter() - start


def main(path: Path) -> None:
    """Read the export, time both and print the table."""
    fields = [raw.fields for raw in WorldBankExportAdapter("2000-01-01").read(path)]
    texts = [ClassifierInput(name=f.get("name", ""), objective=f.get("objective", "")) for f in fields]
    rounds = [(seconds(floor, texts), seconds(classify, texts)) for _ in range(ROUNDS)]
    low, high = median(r[0] for r in rounds), median(r[1] for r in rounds)
    print(f"| {len(texts):,} projects | seconds | projects a second | × floor |\n|---|---:|---:|---:|")
    print(f"| floor: fold and search one word | {low:.3f} | {len(texts) / low:,.0f} | 1 |")
    print(f"| classify | {high:.2f} | {len(texts) / high:,.0f} | {median(b / a for a, b in rounds):.0f} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
