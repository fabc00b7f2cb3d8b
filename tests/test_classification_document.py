"""docs/classification.md shows what the rules of this version reach on the rows that stand beside it."""

from pathlib import Path

from api.quality import measure, to_markdown
from db.ingest.labelled import read_texts
from models.classification import classify

ROOT = Path(__file__).parent.parent


def test_the_published_figures_are_those_of_these_rules():
    document = (ROOT / "docs" / "classification.md").read_text(encoding="utf-8")
    published = document.split("--markdown FILE` -->\n")[1].split("\n<!-- end of measured -->")[0]
    texts = list(read_texts(ROOT / "tests" / "data" / "classification_samples.csv", with_labels=True))
    measured = to_markdown(measure(texts, [classify(item.text) for item in texts])).replace("## ", "### ")
    assert published.strip() == measured.strip()
