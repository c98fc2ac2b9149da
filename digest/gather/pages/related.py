"""Boxes and lines of a page that point to other pieces: taken out of its tree, kept as candidate links."""

from collections.abc import Iterable, Iterator
from itertools import islice

from lxml.html import HtmlElement

from digest.gather.pages.extracted import Teaser
from digest.gather.pages.tree import text_of
from digest.gather.piece import LONGEST_TITLE, absolute
from digest.gather.text import phrases
from digest.gather.text.clean import BLOCKS, cut

HEADS = ("h2", "h3", "h4", "h5", "h6", "p", "div", "span", "strong", "b")
LONGEST_HEAD = 120
#: A box around a head goes as a whole when so much of its text is links, and when it is no larger.
MOSTLY = 0.6
LONGEST_BOX, MOST_WITHIN = 2500, 60
LINKED_ITEM = 0.9
#: An item of a list of other pieces has so many words or more; menus have fewer.
WORDS_OF_TITLE = 3
MOST_LINKS = MOST_BOXES = 100


def take_out(tree: HtmlElement, *, base: str) -> tuple[Teaser, ...]:
    """Take the lists of other pieces out of *tree* and return these, their addresses made absolute by *base*."""
    taken: list[HtmlElement] = []
    for head in list(islice(_heads(tree), MOST_BOXES)):
        if _is_within(head, tree):
            taken += _box_of(head)
    for listed in list(islice(filter(_is_list_of_pieces, tree.iter("ul", "ol")), MOST_BOXES)):
        if _is_within(listed, tree):
            taken += _dropped([listed])
    found: dict[str, Teaser] = {}
    for element in taken:
        for link in element.iter("a"):
            title, url = cut(text_of(link), LONGEST_TITLE), absolute(base, link.get("href") or "")
            if url and title.count(" ") >= WORDS_OF_TITLE - 1 and len(found) < MOST_LINKS:
                found.setdefault(title, Teaser(title=title, url=url))
    return tuple(found.values())


def _heads(tree: HtmlElement) -> Iterator[HtmlElement]:
    for element in tree.iter(*HEADS):
        said = (element.text or "").strip()
        if said and len(said) <= LONGEST_HEAD and _is_head(said):
            yield element


def _is_head(text: str) -> bool:
    return bool(phrases.LINKS_HEAD.fullmatch(text) or phrases.TEASERS_HEAD.fullmatch(text))


def _box_of(head: HtmlElement) -> list[HtmlElement]:
    """Take out what *head* opens: the line that it begins, the box around it, or the links that follow."""
    block = next((one for one in (head, *head.iterancestors()) if one.tag in BLOCKS), head)
    text, linked = _rough(block), _linked(block)
    if not text or len(text) > LONGEST_BOX:
        return []
    rest = len(text) - len((head.text or "").strip())
    if rest > 0 and linked >= MOSTLY * rest:
        return _dropped([block])
    box = block.getparent()
    if box is None or not _is_head(text):
        return []
    around = _rough(box) if len(box) <= MOST_WITHIN else ""
    if len(text) < len(around) <= LONGEST_BOX and _linked(box) >= MOSTLY * (len(around) - len(text)):
        return _dropped([box])
    following: list[HtmlElement] = []
    for sibling in block.itersiblings():
        said = _rough(sibling)
        if said and _linked(sibling) < MOSTLY * len(said):
            break
        following.append(sibling)
    return _dropped([block, *following]) if any(_linked(one) for one in following) else []


def _is_list_of_pieces(listed: HtmlElement) -> bool:
    """Return whether each item of *listed* is the linked title of another piece, longer than those of a menu."""
    items = 0
    for item in listed.iterchildren("li"):
        text = _rough(item)
        if max(text.count(" ") + 1, len(text) / 8) < WORDS_OF_TITLE or _linked(item) < LINKED_ITEM * len(text):
            return False
        items += 1
    return items > 1


def _linked(element: HtmlElement) -> int:
    """Return how many characters of *element* are links."""
    links = [element] if element.tag == "a" else element.iter("a")
    return sum(len(_rough(link)) for link in links)


def _rough(element: HtmlElement) -> str:
    """Return the text of *element*, scripts and all: quicker than ``text_of``."""
    return " ".join("".join(element.itertext()).split())


def _is_within(element: HtmlElement, tree: HtmlElement) -> bool:
    return element is tree or any(one is tree for one in element.iterancestors())


def _dropped(elements: Iterable[HtmlElement]) -> list[HtmlElement]:
    found = list(elements)
    for element in found:
        if element.getparent() is not None and element.tag not in {"body", "html", "main", "article"}:
            element.drop_tree()
    return found
