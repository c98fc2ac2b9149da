"""The element tree of a page, within bounds that keep reading it quick, and the text of its elements."""

import re
from collections.abc import Iterator

from lxml.etree import ParserError, XPath
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from digest.errors import UnreadableInput
from digest.gather.text.clean import BLOCKS, UNSEEN, plain

#: Pages of newspapers have up to 2 million characters, most of them scripts, and up to 5,000 elements.
LONGEST_PAGE = 5_000_000
MOST_ELEMENTS = 20_000
#: The text of a page; what has more is a book or an attack.
LONGEST_TEXT = 1_000_000
#: In one tag. The parser compares each attribute with all before it; pages of newspapers have up to 1,300 by the count
#: below, which takes what their scripts compare with "<" for tags too.
MOST_ATTRIBUTES = 10_000
LONGEST_TAG = 600
#: Beyond it a name for style sheets says nothing more, and another attribute nothing that we read.
LONGEST_MARK = 300
LONGEST_ATTRIBUTE = 20_000
ELEMENTS = XPath("count(//*)")
LENGTH = XPath("string-length(/*/body)")
OVERLONG = XPath(f"//*[@*[string-length() > {LONGEST_ATTRIBUTE}]]")
# A quotation mark counts as one behind "=" only, as in the parser; within it a tag goes on whatever stands there.
VALUE = re.compile(r"""=\s*+(?:"[^"]*+"|'[^']*+')""")
TAG = re.compile(rf"<[a-zA-Z](?:[^>=]++|{VALUE.pattern}|=)*+")


def parse(text: str, *, url: str = "") -> HtmlElement:
    """Return the tree of the page *text*, without comments; UnreadableInput when it is empty, or beyond all measure."""
    if len(text) > LONGEST_PAGE:
        raise UnreadableInput(
            f"{url or 'The page'} has more than {LONGEST_PAGE:,} characters, too many for an article."
        )
    if _comparisons(text) > MOST_ATTRIBUTES**2:
        raise UnreadableInput(f"{url or 'The page'} has a tag of more than {MOST_ATTRIBUTES:,} words.")
    # A comment within a sentence would hide the rest of it from the extractor: many programs leave such marks.
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    try:
        tree = document_fromstring(text.replace("\0", "").encode("utf-8", "replace"), parser=parser)
    except (ParserError, ValueError):
        raise UnreadableInput(f"{url or 'The page'} is empty.") from None
    _keep_bounds(tree, url)
    return tree


def text_of(element: HtmlElement) -> str:
    """Return what a reader sees of *element*, on one line; blocks within it are set apart."""
    return plain("".join(_pieces(element)))


def marks_of(element: HtmlElement) -> str:
    """Return the words by which *element* is named for style sheets and machines, in lower case."""
    said = (element.get(name) for name in ("class", "id", "itemprop", "rel", "data-testid"))
    return " ".join(word[:LONGEST_MARK] for word in said if word).lower()


def elements(path: XPath, tree: HtmlElement) -> list[HtmlElement]:
    """Return the elements of *tree* that *path* finds, in their order."""
    found = path(tree)
    return [element for element in found if isinstance(element, HtmlElement)] if isinstance(found, list) else []


def _number(path: XPath, tree: HtmlElement) -> float:
    found = path(tree)
    return found if isinstance(found, float) else 0.0


def _keep_bounds(tree: HtmlElement, url: str) -> None:
    unseen = sum(len(element.text or "") for element in tree.iter("script", "style"))
    if _number(ELEMENTS, tree) > MOST_ELEMENTS or _number(LENGTH, tree) - unseen > LONGEST_TEXT:
        raise UnreadableInput(
            f"{url or 'The page'} has more than {MOST_ELEMENTS:,} elements or {LONGEST_TEXT:,} characters of text, "
            "too many for an article."
        )
    for element in elements(OVERLONG, tree):
        for name, value in element.attrib.items():
            if len(value) > LONGEST_ATTRIBUTE:
                del element.attrib[name]


def _comparisons(text: str) -> int:
    """Return at most how many comparisons of attributes the tags of *text* cost: the sum of their squares."""
    total = 0
    for tag in TAG.finditer(text):
        if tag.end() - tag.start() > LONGEST_TAG:
            rest = VALUE.sub(" ", tag[0])
            total += (len(rest.split()) + rest.count("/")) ** 2
    return total


def _pieces(element: HtmlElement) -> Iterator[str]:
    if element.tag in UNSEEN:
        return
    apart = " " if element.tag in BLOCKS else ""
    yield apart
    yield element.text or ""
    for child in element:
        yield from _pieces(child)
        yield child.tail or ""
    yield apart
