"""Reads a page as the tests look at it: its elements in order, and what is not well formed about it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

LANDMARKS = {"aside", "complementary", "form", "main", "nav", "navigation", "region", "search", "section"}
"""Tags and roles of the parts of a page that readers of screens list by their names, if they have one."""

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Element:
    """A start tag with its attributes, the tags around it, and the text inside."""

    tag: str
    attributes: dict[str, str | None]
    around: tuple["Element", ...]
    text: str = ""

    def __getitem__(self, name: str) -> str | None:
        return self.attributes.get(name)


@dataclass
class Page(HTMLParser):
    """A parsed page."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> "Page":
        """Parse a page."""
        page = cls()
        HTMLParser.__init__(page)
        page.feed(text)
        page.close()
        page.faults += [f"<{element.tag}> is never closed" for element in page.open]
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.faults.append(f"<{tag}> has an attribute twice: {names}")
        element = Element(tag, dict(attrs), tuple(self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1].tag != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1].tag if self.open else 'nothing'}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, *tags: str) -> list[Element]:
        """Every element of some tags."""
        return [element for element in self.elements if element.tag in tags]

    def by_id(self, name: str) -> Element | None:
        """The element of an id."""
        return next((element for element in self.elements if element["id"] == name), None)

    def landmarks(self) -> list[str]:
        """The names of the parts that have one, in order."""
        marked = (element for element in self.elements if (element["role"] or element.tag) in LANDMARKS)
        return [name for name in map(self.name_of, marked) if name]

    def name_of(self, element: Element) -> str:
        """The name of an element for those who hear it: its label, or the text of what labels it."""
        labels = (self.by_id(one) for one in (element["aria-labelledby"] or "").split())
        return " ".join((element["aria-label"] or " ".join(one.text for one in labels if one)).split())

    def levels(self) -> list[int]:
        """The levels of all headings, in order."""
        return [int(element.tag[1]) for element in self.all(*HEADINGS)]
