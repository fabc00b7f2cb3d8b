"""Code for every operation of the document (`x-codeSamples`), made from the first of its examples that is answered."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from api.explorer.snippets import ONE, ROWS, TABLE, WHOLE, sending, snippets
from api.openapi.example import Example

BASE = "http://127.0.0.1:8000"
"""Where the service listens unless told otherwise; pages put their own address in its place."""

FILES_OF_A_RELEASE = re.compile(r"^/v1/releases/\d+/(files/|datapackage\.json)")
"""Files of an old release may be gone, so that the code asks for those of the newest."""

KEPT_IN_ADDRESSES = "/?&=,:.-_~%"
LANGUAGES = {"curl": "Shell", "Python": "Python", "R": "R", "JavaScript": "JavaScript"}
"""The languages that are shown, by the names under which tools know them."""


def code_samples(example: Example, answer: Mapping[str, Any], keyed: bool) -> list[dict[str, str]]:
    """Write an example as code in every language. `answer` is the recorded one: it says what there is to read."""
    url = BASE + quote(FILES_OF_A_RELEASE.sub(r"/v1/releases/latest/\1", example.path), safe=KEPT_IN_ADDRESSES)
    if example.method == "GET" and not keyed:
        texts = {one.language: one.text for one in snippets(_templates(answer), url)}
    else:
        # A tag is different each time, so the samples send one that any row has.
        condition = {"If-Match": "*"} if example.etag_of else {}
        texts = sending(example.method, url, example.body, {**example.headers, **condition}, keyed)
    return [{"lang": name, "label": label, "source": texts[label]} for label, name in LANGUAGES.items()]


def _templates(answer: Mapping[str, Any]) -> dict[str, str]:
    if answer["media_type"] == "text/csv":
        return TABLE
    content = answer["content"]
    if not isinstance(content, dict) or "data" not in content:
        return WHOLE
    return ROWS if isinstance(content["data"], list) else ONE
