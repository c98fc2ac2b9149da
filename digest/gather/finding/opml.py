"""Lists of feeds as feed readers exchange them: OPML 1.0 and 2.0 (opml.org/spec2.opml)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import unescape
from itertools import groupby
from typing import cast
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from digest.errors import UnreadableInput
from digest.gather.feeds.gate import Element, let_in, root_name
from digest.gather.piece import LONGEST_URL, absolute
from digest.gather.text.clean import cut, plain
from digest.gather.text.decode import as_utf8
from digest.gather.text.language import primary
from digest.model.newsletter import SourceKind

MOST_FEEDS = 5000
#: The rest are counted.
MOST_FAULTS = 100
LONGEST_TITLE = 200
#: Of one outline; the description of a feed may be long.
LONGEST_OUTLINE = 20_000

OUTLINE = re.compile(r"<outline\b", re.IGNORECASE)
# Where the outline at hand has ended, whatever its own end is like.
NEXT_MARK = re.compile(r"<(?=/?(?:outline|body|opml)\b)", re.IGNORECASE)
ATTRIBUTE = re.compile(r"\s([A-Za-z_][\w:.-]{0,60})\s*=\s*([\"'])")
TAG_END = re.compile(r"\s*(/?)>\s*\Z")
# Two ways to write feed: addresses, as browsers once did.
WITHIN = re.compile(r"^feed:(?://)?(?=https?:)", re.IGNORECASE)
HTTP = re.compile(r"^feed:(?=//)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineFeed:
    """One feed of a list. *category* is its path, the outermost first; only lists of ours give another *kind*."""

    title: str
    address: str
    category: tuple[str, ...] = ()
    kind: SourceKind = SourceKind.FEED
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A list of feeds, and what of it could not be read, each with the number of its line."""

    title: str
    feeds: tuple[OutlineFeed, ...]
    faults: tuple[str, ...] = ()


def read(body: bytes, *, name: str) -> Outline:
    """
    Return the feeds of the list *body*, in its order; *name* is what faults call it.

    Categories are the outlines around a feed, else its ``category``. Bare ampersands, doubled quotes and outlines that
    are never closed do not hinder. Raises UnreadableInput, which says what the body is, when it is no such list or
    could harm.
    """
    text = as_utf8(body)
    if root_name(text) != "opml":
        raise UnreadableInput(f"{name} is no OPML list of feeds; export one from your feed reader.")
    # The gate begins with the root element; lines count from the start of the file.
    above = text.count(b"\n", 0, text.lower().find(b"<opml"))
    document = let_in(text, name=name)
    faults: list[str] = []
    root = _mended(document, above, faults) if isinstance(document, str) else document
    if root is None:
        raise UnreadableInput(f"{name} is not well-formed and cannot be read.")
    found: list[OutlineFeed] = []
    for element, path in _outlines(root):
        feed = _feed(element, path, above, faults)
        if feed is not None:
            found.append(feed)
    if len(found) > MOST_FEEDS:
        faults.append(f"it names {len(found):,} feeds; only the first {MOST_FEEDS:,} were read")
    return Outline(title=_head(root), feeds=tuple(found[:MOST_FEEDS]), faults=_bounded(faults))


def write(title: str, feeds: Sequence[OutlineFeed], *, at: datetime) -> bytes:
    """Return *feeds* as an OPML 2.0 list made *at*, in UTF-8; ``read`` gives the same feeds in the same order."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"  <head><title>{escape(plain(title))}</title><dateCreated>{format_datetime(at)}</dateCreated></head>",
        "  <body>",
        *_lines(feeds, 0),
        "  </body>",
        "</opml>",
        "",
    ]
    return "\n".join(lines).encode()


def _lines(feeds: Sequence[OutlineFeed], depth: int) -> Iterator[str]:
    """Yield the outlines of *feeds*, whose categories agree up to *depth*."""
    indent = "    " + "  " * depth
    for category, group in groupby(feeds, key=lambda feed: feed.category[depth : depth + 1]):
        if category:
            yield f"{indent}<outline text={quoteattr(plain(category[0]))}>"
            yield from _lines(list(group), depth + 1)
            yield f"{indent}</outline>"
        else:
            yield from (f"{indent}{_line(feed)}" for feed in group)


def _line(feed: OutlineFeed) -> str:
    title = quoteattr(plain(feed.title))
    kind = "rss" if feed.kind is SourceKind.FEED else feed.kind.value
    language = f" language={quoteattr(feed.language)}" if feed.language else ""
    return f'<outline type="{kind}" text={title} title={title} xmlUrl={quoteattr(feed.address)}{language}/>'


def _outlines(root: Element) -> Iterator[tuple[Element, tuple[str, ...]]]:
    """Yield each outline with the titles of those around it; without recursion, for lists may be deep."""
    waiting: list[tuple[Element, tuple[str, ...]]] = [(root, ())]
    while waiting:
        element, path = waiting.pop()
        if _local(element) == "outline":
            yield element, path
            inner = (*path, title) if (title := _title(element)) else path
        else:
            inner = path
        waiting.extend((child, inner) for child in reversed(element))


def _feed(element: Element, path: tuple[str, ...], above: int, faults: list[str]) -> OutlineFeed | None:
    """Return the feed that *element* names; None for a category, and for what it adds to *faults*."""
    said = _attributes(element)
    address, kind, title = said.get("xmlurl", ""), said.get("type", "").lower(), _title(element)
    place = f"line {above + cast('int', element.sourceline)}"
    if not address:
        if kind == "rss":
            faults.append(f'{place}: "{title}" has no xmlUrl')
        return None
    url = absolute("", HTTP.sub("http:", WITHIN.sub("", address)))
    if not url:
        faults.append(
            f'{place}: "{cut(plain(address), LONGEST_TITLE)}" is no web address of up to {LONGEST_URL} characters'
        )
        return None
    return OutlineFeed(
        title=title or url,
        address=url,
        category=path or _category(said.get("category", "")),
        kind=SourceKind(kind) if kind in {SourceKind.SITEMAP, SourceKind.PAGE} else SourceKind.FEED,
        language=primary(said.get("language")),
    )


def _category(text: str) -> tuple[str, ...]:
    """Return the first path of the attribute ``category``: "/Politics/Local,World"."""
    return tuple(part for part in map(plain, text.partition(",")[0].split("/")) if part)


def _title(element: Element) -> str:
    said = _attributes(element)
    return cut(plain(said.get("title") or said.get("text") or ""), LONGEST_TITLE)


def _attributes(element: Element) -> dict[str, str]:
    """Return the attributes by their names in lower case: writers disagree on xmlUrl and xmlURL."""
    return {str(name).lower(): str(value).strip() for name, value in element.attrib.items()}


def _head(root: Element) -> str:
    titles = (child for head in root if _local(head) == "head" for child in head if _local(child) == "title")
    return next((cut(plain(title.text or ""), LONGEST_TITLE) for title in titles), "")


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _mended(document: str, above: int, faults: list[str]) -> Element | None:
    """Return the root of an ill-formed *document*, each outline written anew; what cannot be is added to *faults*."""
    pieces, place = [], 0
    for found in OUTLINE.finditer(document):
        if found.start() < place:
            continue
        following = NEXT_MARK.search(document, found.end())
        end = following.start() if following else len(document)
        tag = _written_anew(document[found.start() : end])
        if tag is None:
            line = above + document.count("\n", 0, found.start()) + 1
            faults.append(f"line {line}: cannot be read: {cut(plain(document[found.start() : end]), 80)}")
        pieces += [document[place : found.start()], tag or ""]
        # Lines keep their numbers.
        pieces.append("\n" * (document.count("\n", found.start(), end) - (tag or "").count("\n")))
        place = end
    pieces.append(document[place:])
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, remove_comments=True
    )
    return etree.fromstring("".join(pieces).encode("utf-8", "replace"), parser)


def _written_anew(tag: str) -> str | None:
    """
    Return the opening *tag* of an outline as well-formed XML; None when it has no attributes or no end.

    A value ends where the next attribute begins, so that stray quotes, ampersands and brackets within it are text.
    """
    end = TAG_END.search(tag[-200:])
    starts = list(ATTRIBUTE.finditer(tag))
    if end is None or not starts or len(tag) > LONGEST_OUTLINE:
        return None
    last = len(tag) - len(end[0])
    values: dict[str, str] = {}
    for start, after in zip(starts, [found.start() for found in starts[1:]] + [last], strict=True):
        raw = tag[start.end() : after].rstrip()
        values.setdefault(start[1], unescape(raw.removesuffix(start[2])).strip())
    written = " ".join(
        f"{name}={quoteattr(' '.join(value.split()))}" for name, value in values.items() if ":" not in name
    )
    return f"<outline {written}{end[1]}>"


def _bounded(faults: list[str]) -> tuple[str, ...]:
    if len(faults) <= MOST_FAULTS:
        return tuple(faults)
    return (*faults[:MOST_FAULTS], f"and {len(faults) - MOST_FAULTS:,} more")
