"""A request as code: one text for each language, filled in here and, as a view turns, by the page's script."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

ROWS = {
    "Address": "{url}",
    "curl": 'curl "{csv}"',
    "Python": 'import pandas\n\ntable = pandas.read_csv("{csv}")\nprint(table)',
    "R": 'table <- read.csv("{csv}")\nprint(table)',
    "JavaScript": 'const answer = await fetch("{url}");\nconst { data } = await answer.json();\nconsole.table(data);',
}
"""For answers of rows: `{url}` is the address of the JSON, `{csv}` that of the same rows as CSV."""

ONE = {
    "Address": "{url}",
    "curl": 'curl "{url}"',
    "Python": "import json\nfrom urllib.request import urlopen\n\n"
    'with urlopen("{url}") as answer:\n    found = json.load(answer)["data"]\nprint(found)',
    "R": 'found <- jsonlite::fromJSON("{url}")$data\nstr(found)',
    "JavaScript": 'const answer = await fetch("{url}");\nconst { data } = await answer.json();\nconsole.log(data);',
}
"""For an answer about a single thing."""

TABLE = {name: text.replace("{csv}", "{url}") for name, text in ROWS.items()} | {
    "curl": 'curl --location "{url}"',
    "JavaScript": 'const answer = await fetch("{url}");\nconsole.log(await answer.text());',
}
"""For an address that is a table of its own, as CSV."""

WHOLE = {
    name: text.replace('["data"]', "").replace("$data", "").replace("{ data }", "data") for name, text in ONE.items()
}
"""For an answer of JSON that has no frame around its data."""


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


def sending(method: str, url: str, body: bytes | None, headers: Mapping[str, str], keyed: bool) -> dict[str, str]:
    """Write a request that sends something or shows a key, which each text takes from the variable KEY of its environment."""
    content = None if body is None else json.dumps(json.loads(body), ensure_ascii=False)
    return {
        "curl": _curl(method, url, content, headers, keyed),
        "Python": _python(method, url, content, headers, keyed),
        "R": _r(method, url, content, headers, keyed),
        "JavaScript": _javascript(method, url, content, headers, keyed),
    }


def _curl(method: str, url: str, content: str | None, headers: Mapping[str, str], keyed: bool) -> str:
    shown = [f"'{name}: {value}'" for name, value in headers.items()]
    shown += ['"Authorization: Bearer $KEY"'] if keyed else []
    parts = [f"curl --request {method}", *(f"--header {one}" for one in shown)]
    parts += [] if content is None else [f"--data '{content}'"]
    return " \\\n  ".join([*parts, f'"{url}"'])


def _python(method: str, url: str, content: str | None, headers: Mapping[str, str], keyed: bool) -> str:
    shown = [f'"{name}": {_quoted(value)}' for name, value in headers.items()]
    shown += ['"Authorization": f"Bearer {os.environ[\'KEY\']}"'] if keyed else []
    data = "" if content is None else ", data=body.encode()"
    return "\n".join(
        [
            "import json",
            *(["import os"] if keyed else []),
            "from urllib.request import Request, urlopen\n",
            *([] if content is None else [f'body = r"""{content}"""']),
            f"headers = {{{', '.join(shown)}}}",
            f'request = Request("{url}", method="{method}", headers=headers{data})',
            "with urlopen(request) as answer:",
            "    print(json.load(answer))",
        ]
    )


def _r(method: str, url: str, content: str | None, headers: Mapping[str, str], keyed: bool) -> str:
    other = [f"`{name}` = {_quoted(value)}" for name, value in headers.items() if name != "Content-Type"]
    parts = [f'request("{url}")', f'req_method("{method}")']
    parts += [f"req_headers({', '.join(other)})"] if other else []
    parts += ['req_auth_bearer_token(Sys.getenv("KEY"))'] if keyed else []
    parts += [] if content is None else [f'req_body_raw(r"---({content})---", "{headers["Content-Type"]}")']
    parts += ["req_perform()", "resp_body_json()"]
    return "library(httr2)\n\nfound <- " + " |>\n  ".join(parts) + "\nstr(found)"


def _javascript(method: str, url: str, content: str | None, headers: Mapping[str, str], keyed: bool) -> str:
    shown = [f'"{name}": {_quoted(value)}' for name, value in headers.items()]
    shown += ['"Authorization": `Bearer ${process.env.KEY}`'] if keyed else []
    body = "" if content is None else f"\n  body: JSON.stringify({content}),"
    return (
        f'const answer = await fetch("{url}", {{\n  method: "{method}",\n  headers: {{ {", ".join(shown)} }},{body}\n}});\n'
        "console.log(await answer.json());"
    )


def _quoted(text: str) -> str:
    return json.dumps(text)
