"""docs/classification.md shows what the rules of this version reach on the rows that stand beside it."""

import re
from pathlib import Path

from sqlalchemy import func, select

from api.cli.quality import measure, to_markdown
from db import tables
from db.engine import reading
from db.ingest.adapters.labelled import read_texts
from models.classification import classify
from models.vocabulary import Granularity, Method, Relevance

ROOT = Path(__file__).parent.parent


def test_the_published_figures_are_those_of_these_rules():
    document = (ROOT / "docs" / "classification.md").read_text(encoding="utf-8")
    published = document.split("--markdown FILE` -->\n")[1].split("\n<!-- end of measured -->")[0]
    texts = list(read_texts(ROOT / "tests" / "data" / "classification_samples.csv", with_labels=True))
    measured = to_markdown(measure(texts, [classify(item.text) for item in texts]))
    assert published.strip() == measured.strip()


def test_what_it_says_of_the_bundled_components_is_what_rules_and_reviews_say_of_them(loaded):
    verdict, component = tables.classification, tables.component
    query = select(verdict.c.component_id).join(component, component.c.component_id == verdict.c.component_id)
    query = query.where(component.c.granularity == Granularity.COMPONENT)
    with reading(loaded) as connection:
        read, found = (
            set(connection.scalars(query.where(verdict.c.method == method, verdict.c.relevance != Relevance.NONE)))
            for method in (Method.REVIEW, Method.RULES)
        )
        every = connection.scalar(
            select(func.count(component.c.component_id)).where(component.c.granularity == "component")
        )
    document = (ROOT / "docs" / "classification.md").read_text(encoding="utf-8")
    said = " ".join(document.partition("## Weak spots")[2].split())
    numbers = re.search(
        r"of the (\d+) bundled .* found (\d+) of the (\d+) that .*, and (\d+) that the reader did not", said
    )
    assert numbers is not None
    assert [int(number) for number in numbers.groups()] == [every, len(read & found), len(read), len(found - read)]
