"""A finished page as the rules look at it: read once, with its texts and style sheets in their order."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from lxml import etree
from lxml import html as lxml_html

from digest.render.lint import sheets
from digest.render.lint.sheets import Declaration, Sheet

Element: TypeAlias = lxml_html.HtmlElement

#: Elements whose text is no text of the page.
UNSEEN = frozenset({"head", "title", "style", "script", "template", "noscript"})
_UNSHOWN = re.compile(r"(?:^|;)\s*display\s*:\s*none", re.IGNORECASE)
_NOWHERE = SplitResult("", "", "", "", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """
    What a page is checked against.

    *accepted* are the features that some mail programs do not know and that are used all the same, by slug, each with
    its reason.
    """

    #: Our own public address.
    base_url: str
    #: Bytes of the HTML part as it is sent, with the longest values; None: those of the page in UTF-8.
    size_bytes: int | None = None
    #: Empty for mails that nobody unsubscribes from, such as a confirmation.
    unsubscribe_url: str = ""
    keeps_tracking: bool = False
    accepted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """The *html* of a mail and the tree that mail programs read in it, whatever is wrong with it."""

    html: str
    root: Element
    yardstick: Yardstick

    @classmethod
    def read(cls, html: str, yardstick: Yardstick) -> "Page":
        """Return the page *html*; one that holds nothing is an empty document."""
        # Bytes, for text may hold what lxml takes for a fault of its caller; no comments, for only Outlook reads them.
        parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
        try:
            root = lxml_html.document_fromstring(html.encode("utf-8", "replace"), parser)
        except etree.LxmlError:
            root = lxml_html.document_fromstring(b"<html><head></head><body></body></html>", parser)
        _complete_tables(root)
        return cls(html, root, yardstick)

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """Return all elements in their order; keeping them keeps their identity."""
        return tuple(self.root.iter("*"))

    def named(self, *tags: str) -> Iterator[Element]:
        """Return the elements called one of *tags*, in their order."""
        return (element for element in self.elements if element.tag in tags)

    @cached_property
    def texts(self) -> tuple[tuple[Element, str], ...]:
        """Return all text that may be shown, with the elements that it stands in, in its order."""
        return tuple(_texts(self.root))

    @cached_property
    def sheets(self) -> tuple[Sheet, ...]:
        """Return the style sheets in their order."""
        return tuple(sheets.read(text_of(style), style.get("media", "")) for style in self.named("style"))

    @cached_property
    def styles(self) -> Mapping[Element, tuple[Declaration, ...]]:
        """Return what the ``style`` attributes declare, by their elements."""
        read: dict[str, tuple[Declaration, ...]] = {}
        styles: dict[Element, tuple[Declaration, ...]] = {}
        for element in self.elements:
            if text := element.get("style"):
                styles[element] = read.get(text) or read.setdefault(text, sheets.declarations(text))
        return styles


def _complete_tables(root: Element) -> None:
    """Put rows that stand in a table itself into a tbody, as browsers do: selectors may ask for it."""
    for table in root.iter("table"):
        body: Element | None = None
        for child in list(table):
            if child.tag != "tr":
                body = None
                continue
            if body is None:
                body = table.makeelement("tbody")
                child.addprevious(body)
            body.append(child)


def _texts(root: Element) -> Iterator[tuple[Element, str]]:
    unseen: Element | None = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if unseen is None and event == "start":
            if element.tag in UNSEEN or _UNSHOWN.search(element.get("style", "")):
                unseen = element
            elif element.text:
                yield element, element.text
        elif event == "end":
            unseen = None if unseen is element else unseen
            parent = element.getparent()
            if unseen is None and element.tail and parent is not None:
                yield parent, element.tail


def text_of(element: Element) -> str:
    """Return all text in *element*."""
    return "".join(str(text) for text in element.itertext())


def split(url: str) -> SplitResult:
    """Return the parts of *url*, all of them empty when it is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return _NOWHERE
