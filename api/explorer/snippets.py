"""The request of a view as code: one text for each language, filled in here and, as the view turns, by the page's script."""

from dataclasses import dataclass

ROWS = {
    "Address": "{url}",
    "curl": 'curl "{csv}"',
    "Python": 'import pandas\n\ntable = pandas.read_csv("{csv}")\nprint(table)',
    "R": 'table <- read.csv("{csv}")\nprint(table)',
}
"""For answers of rows: `{url}` is the address of the JSON, `{csv}` that of the same rows as CSV."""

ONE = {
    "Address": "{url}",
    "curl": 'curl "{url}"',
    "Python": "import json\nfrom urllib.request import urlopen\n\n"
    'with urlopen("{url}") as answer:\n    found = json.load(answer)["data"]\nprint(found)',
    "R": 'found <- jsonlite::fromJSON("{url}")$data\nstr(found)',
}
"""For an answer about a single thing."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of code in a language, and the text with gaps that it was made from."""

    language: str
    template: str
    text: str


def snippets(templates: dict[str, str], url: str) -> list[Snippet]:
    """Fill the address of a request into each text."""
    csv = f"{url}{'&' if '?' in url else '?'}format=csv"
    return [Snippet(name, text, fill(text, url, csv)) for name, text in templates.items()]


def fill(text: str, url: str, csv: str) -> str:
    """Fill the gaps of one text; addresses are percent-encoded, so they end no string and start no command."""
    return text.replace("{url}", url).replace("{csv}", csv)
