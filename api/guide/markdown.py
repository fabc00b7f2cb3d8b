"""Writes a Markdown document as HTML that may stand on a strict page: no markup of its own, no scripts, links that lead on."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from api.guide.documents import Document, addresses
from api.openapi.samples import BASE

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

ELSEWHERE = re.compile(r"[a-z]+:|#|/")
TABLE = '<div class="scroll" role="region" aria-label="{}" tabindex="0">\n<table>\n'
COMMENT = re.compile(r"\s*<!--.*-->\s*", re.S)


@lru_cache(128)
def html_of(document: Document) -> str:
    """Write a document as HTML; links between documents become links between their pages."""
    parser = _parser(True).enable("table")
    parser.add_render_rule("html_block", _no_markup)
    parser.add_render_rule("html_inline", _no_markup)
    parser.add_render_rule("table_open", _table)
    parser.add_render_rule("table_close", lambda *_: "</table>\n</div>\n")
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("code_block", _fence)
    tokens = parser.parse(document.path.read_text(encoding="utf-8"))
    _name_headings(tokens)
    _set_links(tokens, document)
    _scope_heads(tokens)
    _name_tables(tokens)
    return str(parser.renderer.render(tokens, parser.options, {}))


def inline_html(text: str) -> Markup:
    """Write a sentence of ours as HTML: its code in backticks, its stresses."""
    return Markup(_inline().renderInline(text))


@cache
def _inline() -> MarkdownIt:
    return _parser(False)


def _parser(html: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt  # documents and pages need it, a start does not

    return MarkdownIt("commonmark", {"html": html})


def with_address(html: str, base: str) -> str:
    """Put the address at which the reader reached the service in the place of the one in the documents."""
    return html.replace(BASE, escape(base))


def _no_markup(_: RendererHTML, tokens: Sequence[Token], index: int, *__: Any) -> str:
    """Comments are for who edits a document; any other markup is shown as the text that it is."""
    content = tokens[index].content
    return "" if COMMENT.fullmatch(content) else escape(content)


def _fence(_: RendererHTML, tokens: Sequence[Token], index: int, *__: Any) -> str:
    token = tokens[index]
    return f'<pre tabindex="0"><code>{escape(token.content.rstrip())}</code></pre>\n'


def _table(_: RendererHTML, tokens: Sequence[Token], index: int, *__: Any) -> str:
    return TABLE.format(escape(str(tokens[index].meta["name"])))


def _name_tables(tokens: Sequence[Token]) -> None:
    """Name every table by the heading that it stands under, and by its number where that is not the first of the name: who
    goes from one to the next by ear must tell them apart."""
    heading, seen = "", Counter[str]()
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            heading = "".join(part.content for part in following.children or [])
        elif token.type == "table_open":
            name = f"Table: {heading}" if heading else "Table"
            seen[name] += 1
            token.meta["name"] = name if seen[name] == 1 else f"{name}, {seen[name]}"


def _name_headings(tokens: Sequence[Token]) -> None:
    """Give every heading an id made from its words, so that links can name it."""
    taken: set[str] = set()
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            words = re.sub(r"[^\w\s-]", "", inline.content.casefold())
            name = slug = re.sub(r"\s+", "-", words.strip()) or "part"
            number = 1
            while name in taken:
                number += 1
                name = f"{slug}-{number}"
            taken.add(name)
            token.attrSet("id", name)


def _scope_heads(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type == "th_open":
            token.attrSet("scope", "col")
        style = str(token.attrs.pop("style", ""))  # the policy of the pages allows no style on an element
        if "right" in style:
            token.attrSet("class", "n")


def _set_links(tokens: Sequence[Token], document: Document) -> None:
    """Turn links to files into links to pages; a link to what is not served stays as its words."""
    for token in tokens:
        children = token.children or []
        closing: list[bool] = []
        for child in children:
            if child.type == "image":
                child.attrSet("src", _target(str(child.attrs["src"]), document) or "")
            elif child.type == "link_open":
                target = _target(str(child.attrs["href"]), document)
                closing.append(target is not None)
                child.hidden = target is None
                child.attrSet("href", target or "")
            elif child.type == "link_close":
                child.hidden = not closing.pop()
        token.children = [child for child in children if not child.hidden] if token.children else token.children


def _target(link: str, document: Document) -> str | None:
    if ELSEWHERE.match(link):
        return link
    file, _, part = link.partition("#")
    name = addresses().get((document.path.parent / file).resolve())
    if name is None:
        return None
    return posixpath.relpath(name, posixpath.dirname(document.name) or ".") + (f"#{part}" if part else "")
