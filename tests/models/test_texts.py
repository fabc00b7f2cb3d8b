"""Texts that pydantic's core takes by itself are those that reading them in Python would leave as they are."""

import re
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError

import models.texts
from models.texts import AS_TEXT, PLAIN, PLAIN_FROM, problems_of, text_of

MENDED = [
    "  two ",
    "two  blanks",
    "tab\tin it",
    "no\u00a0break",
    "e\u0301tat",
    "\u00c3\u00a9tat",
    "N/A",
    "n/a ",
    "",
    "\u212bngstr\u00f6m",
]


class Titled(BaseModel):
    title: Annotated[Annotated[str, Field(max_length=30)] | None, AS_TEXT] = None


@given(st.from_regex(PLAIN, fullmatch=True))
def test_a_plain_text_is_left_as_it_is(text):
    assert text_of(text) == text or len(text) < PLAIN_FROM


def test_no_sign_of_a_plain_text_is_mended_alone_or_beside_others():
    signs = [chr(code) for code in range(0x10000) if re.fullmatch(PLAIN, chr(code))]
    assert len(signs) > 150
    everything = "".join(signs) + "".join(reversed(signs))
    assert text_of(everything) == everything


@given(st.one_of(st.text(max_size=12), st.from_regex(PLAIN, fullmatch=True).map(lambda text: text[:30].strip())))
def test_a_field_reads_a_text_as_python_does(text):
    if "\x00" not in text:
        assert Titled(title=text).title == text_of(text)


def test_python_is_asked_about_what_is_not_plain_alone(monkeypatch):
    asked = []
    monkeypatch.setattr(models.texts, "text_of", lambda value: (asked.append(value), text_of(value))[1])

    class Watched(BaseModel):
        title: Annotated[str | None, AS_TEXT]

    plain = ["Schools for hosts", "\u00c9coles \u2013 r\u00e9fugi\u00e9s \u20ac", "  blanks around it  "]
    assert [Watched(title=text).title for text in [*plain, *MENDED]] == [text_of(text) for text in [*plain, *MENDED]]
    assert asked == MENDED


@pytest.mark.parametrize("value", ["a" * 31, "a  b" * 11, ["a"], True, "nul\x00 in it"])
def test_a_fault_is_told_once(value):
    with pytest.raises(ValidationError) as caught:
        Titled(title=value)
    (problem,) = problems_of(caught.value)
    assert problem["loc"][0] == "title"
