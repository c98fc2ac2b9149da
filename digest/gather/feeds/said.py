"""What one element of a feed says, an item or the feed itself, collected child by child."""

import base64
import binascii
import html
import re
from collections.abc import Callable
from urllib.parse import urljoin

from lxml import etree

from digest.gather.feeds.names import (
    CONTENTS,
    DATES,
    DESCRIPTIONS,
    GUIDS,
    KEYWORDS,
    LABELS,
    LANGUAGES,
    PEOPLE,
    PICTURES,
    TITLES,
    short,
)
from digest.gather.text.clean import text_of

Element = etree._Element  # noqa: SLF001 - lxml gives the type of its elements no public name

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
BASE = "{http://www.w3.org/XML/1998/namespace}base"

# What leads elsewhere than to the piece: RFC 4287 §4.2.7.2, RFC 4685, RFC 5005, RFC 5023.
NOT_THE_PIECE = frozenset({
    "self", "edit", "replies", "hub", "next", "prev", "previous", "first", "last", "license", "enclosure",
})  # fmt: skip
OF_PAGES = frozenset({"", "text/html", "application/xhtml+xml", "application/xhtml"})
# RSS 2.0 writes a person as "desk@paper.example (Ada Quill)".
MAIL_ADDRESS = re.compile(r"[^\s<>()@]+@[^\s<>()@]+")
LONGEST_NAME = 1000
#: Of a title, as markup; and of a text that comes as elements. What lies beyond is cut off later in any case.
LONGEST_TITLE, LONGEST_XHTML = 10_000, 1_000_000
MOST_KEYWORDS = 100
# A title of RSS may be text or HTML and does not say which. It is HTML if it closes a tag or names a character, and
# holds no tag but those that publishers put into titles; any other tag is what the title is about.
CLOSED_OR_NAMED = re.compile(r"</\w+>|&#?\w+;")
TAG = re.compile(r"</?([a-zA-Z]\w*)")
IN_TITLES = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "blockquote", "br", "cite", "code", "del", "dfn", "div", "em",
    "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q",
    "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "ul", "var", "wbr",
})  # fmt: skip


class Said:
    """
    What one element says. *texts* goes by the short names of the elements, with "permalink", "other link" and "base".

    *pictures* goes by the names of what held them, the first address of each. Of a text that is said twice the last
    counts, unless it is empty.
    """

    __slots__ = (
        "channels", "items", "labels", "language", "names", "people", "pictures", "skipped_days", "skipped_hours",
        "source", "texts",
    )  # fmt: skip

    def __init__(self, names: "Names") -> None:
        self.names = names
        self.texts: dict[str, str] = {}
        self.pictures: dict[str, str] = {}
        self.people: list[str] = []
        self.labels: list[str] = []
        self.language: str | None = None
        self.channels: list[Element] = []
        self.items: list[Element] = []
        self.source: Element | None = None
        self.skipped_hours: list[str] = []
        self.skipped_days: list[str] = []

    def read(self, element: Element) -> None:
        """Take in the children of *element*."""
        names = self.names
        for node in element:
            if found := names[node.tag]:
                take, name = found
                take(self, node, name)

    def text(self, node: Element, name: str) -> None:
        """Take a plain text."""
        if text := text_in(node):
            self.texts[name] = text

    def guid(self, node: Element, name: str) -> None:
        """Take an identifier, which is also an address unless it says that it is none: RSS 2.0."""
        if text := text_in(node):
            self.texts[name] = text
            if text.startswith("http") and (node.get("isPermaLink") or "true") == "true":
                self.texts["permalink"] = text

    def title(self, node: Element, name: str) -> None:
        """Take a title, as plain text."""
        kind = node.get("type") or ""
        said = _markup(node, kind)[:LONGEST_TITLE]
        if not said or said.isspace():
            return
        self.language = node.get(LANG) or self.language
        if len(node) or "html" in kind or (self.names.guess and not kind and _looks_like_html(said)):
            said = text_of(said)
        self.texts[name] = said

    def body(self, node: Element, name: str) -> None:
        """Take a description or a content, as HTML."""
        said = _markup(node, node.get("type") or "")
        if said and not said.isspace():
            self.texts[name] = said
            if base := node.get(BASE):
                self.texts["base"] = base

    def link(self, node: Element, name: str) -> None:
        """Take a link: a text in RSS, which comes before all others, attributes in Atom."""
        href = node.get("href")
        if href is None:
            self.text(node, name)
            return
        href = joined(node.get(BASE), href)
        relation = (node.get("rel") or "alternate").rpartition("/")[2].lower()
        kind = node.get("type") or ""
        if relation == "alternate" and kind in OF_PAGES:
            self.texts.setdefault(name, href)
        elif relation == "enclosure" and kind.startswith("image/"):
            self.pictures.setdefault("enclosure", href)
        elif relation not in NOT_THE_PIECE:
            self.texts.setdefault("other link", href)

    def person(self, node: Element, _: str) -> None:
        """Take the name of a writer: an element of its own in Atom, beside the mail address in RSS."""
        name = text_in(node) if not len(node) else next((text_in(part) for part in node if _is_name(part)), "")
        if "@" in name:
            name = MAIL_ADDRESS.sub("", name[:LONGEST_NAME]).strip(" \t\n()<>[],;:-")
        if name:
            self.people.append(name)

    def label(self, node: Element, _: str) -> None:
        """Take a category."""
        self.labels.append(node.get("term") or text_in(node))

    def keywords(self, node: Element, _: str) -> None:
        """Take categories that stand in one text."""
        self.labels += text_in(node).split(",", MOST_KEYWORDS)[:MOST_KEYWORDS]

    def picture(self, node: Element, name: str) -> None:
        """Take the address of a picture."""
        address = node.get("url") or node.get("href")
        if not address and len(node):
            address = next((text_in(part) for part in node if str(part.tag).endswith("url")), "")
        if address and (name != "enclosure" or (node.get("type") or "").startswith("image/")):
            self.pictures.setdefault(name, address)

    def medium(self, node: Element, name: str) -> None:
        """Take a picture of Media RSS, and what is said within it or its group."""
        kind = f"{node.get('medium', '')} {node.get('type', '')}"
        if (address := node.get("url")) and ("image" in kind or kind.isspace()):
            self.pictures.setdefault(name, address)
        if len(node):
            self.read(node)

    def hours(self, node: Element, _: str) -> None:
        """Take the hours at which nobody should ask."""
        self.skipped_hours += map(text_in, node)

    def days(self, node: Element, _: str) -> None:
        """Take the days on which nobody should ask."""
        self.skipped_days += map(text_in, node)

    def item(self, node: Element, _: str) -> None:
        """Take note of an item, to be read on its own."""
        self.items.append(node)

    def head(self, node: Element, name: str) -> None:
        """Take note of a channel, or of the feed from which an entry was taken."""
        if name == "channel":
            self.channels.append(node)
        else:
            self.source = node


Taker = Callable[[Said, Element, str], None]

TAKERS: dict[str, Taker] = {
    **dict.fromkeys((*DATES, *LANGUAGES), Said.text),
    **dict.fromkeys(("feedburner:origlink", "ttl", "sy:updateperiod", "sy:updatefrequency"), Said.text),
    **dict.fromkeys(GUIDS, Said.guid),
    **dict.fromkeys(TITLES, Said.title),
    **dict.fromkeys((*DESCRIPTIONS, *CONTENTS), Said.body),
    **dict.fromkeys(PEOPLE, Said.person),
    **dict.fromkeys(LABELS, Said.label),
    **dict.fromkeys(KEYWORDS, Said.keywords),
    **dict.fromkeys(PICTURES, Said.picture),
    **dict.fromkeys(("media:content", "media:group"), Said.medium),
    **dict.fromkeys(("item", "entry"), Said.item),
    **dict.fromkeys(("channel", "source"), Said.head),
    "link": Said.link,
    "skiphours": Said.hours,
    "skipdays": Said.days,
}


class Names(dict[str, tuple[Taker, str] | None]):
    """
    The tags of one document, each with its short name and how to take it in; None for what is passed over.

    *own* is the namespace of its root. *guess* says that titles may be HTML without saying so.
    """

    def __init__(self, own: str, *, guess: bool) -> None:
        super().__init__()
        self._own = own
        self.guess = guess

    def __missing__(self, tag: str) -> tuple[Taker, str] | None:
        name = short(tag, own=self._own)
        taker = TAKERS.get(name)
        self[tag] = found = None if taker is None else (taker, name)
        return found


def text_in(node: Element) -> str:
    """Return the text of *node*, with that of the elements in it, without white space around."""
    return ("".join(map(str, node.itertext())) if len(node) else node.text or "").strip()


def joined(base: str | None, address: str) -> str:
    """Return *address* as it reads from *base*; as it is where that cannot be."""
    try:
        return urljoin(base, address.strip()) if base else address
    except ValueError:
        return address


def _is_name(node: Element) -> bool:
    return str(node.tag).rpartition("}")[2].lower() == "name"


def _markup(node: Element, kind: str) -> str:
    """Return what stands in *node* as HTML, or as the text that it is; *kind* is its ``type``: RFC 4287 §4.1.3.3."""
    if len(node):
        return _serialised(node)
    text = node.text or ""
    is_media_type = "/" in kind and not kind.startswith("text/") and not kind.endswith(("xml", "html"))
    return _unpacked(text) if is_media_type or node.get("mode") == "base64" else text


def _serialised(node: Element) -> str:
    """Return the content of *node* as markup, up to the element that reaches beyond a million characters."""
    parts = [html.escape(node.text or "", quote=False)]
    length = len(parts[0])
    for part in node:
        if length > LONGEST_XHTML:
            break
        parts.append(str(etree.tostring(part, encoding="unicode")))
        length += len(parts[-1])
    return "".join(parts)


def _unpacked(text: str) -> str:
    """Return what the base64 *text* stands for; empty when that is no text."""
    try:
        return base64.b64decode(text).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _looks_like_html(title: str) -> bool:
    if "&" not in title and "</" not in title:
        return False
    return bool(CLOSED_OR_NAMED.search(title)) and all(tag.lower() in IN_TITLES for tag in TAG.findall(title))
