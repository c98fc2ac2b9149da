"""Read a sitemap: addresses with dates, as news sites list them for search engines (sitemaps.org 0.9, Google News)."""

import gzip
import html
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from lxml import etree

from digest.errors import UnreadableInput
from digest.gather.feeds.feed import NOTHING, Feed
from digest.gather.feeds.gate import Element, let_in, root_name
from digest.gather.identity import url_key
from digest.gather.listings import site
from digest.gather.piece import Piece, absolute, distinct, entry_of
from digest.gather.text.dates import EARLIEST, parse_date
from digest.gather.text.decode import as_utf8
from digest.model.entry import Entry

#: Of one sitemap, unpacked.
LARGEST = 10_000_000
MOST_ENTRIES = 1000
MOST_FURTHER = 5
#: From so many addresses on, one lastmod for all of them is the day of the last build and dates nothing.
BUILT_AT_ONCE = 10
#: What a thing is shows at its beginning.
BEGINNING = 65_536

GZIP = b"\x1f\x8b"
ROOTS = frozenset({"urlset", "sitemapindex"})
OTHERS = {"html": "an HTML page", "rss": "a feed", "feed": "a feed", "rdf": "a feed", "opml": "an OPML list"}
NEWS = re.compile(r"news|google-?news|latest|recent", re.IGNORECASE)
# What content systems list in sitemaps of their own beside the pieces.
BESIDE = re.compile(
    r"categor|tags?\b|taxonom|authors?|users|(?:^|[^a-z])pages?(?:[^a-z]|$)|image|video|product|static|section|topic",
    re.IGNORECASE,
)


def read(body: bytes, *, url: str, content_type: str = "", fetched_at: datetime) -> Feed:
    """
    Return what the sitemap *body* lists, packed by gzip or not: the newest 1,000 pieces of its site, newest first.

    Titles come from the news extension, else from the words of the address; dates from there, else ``lastmod``. Of an
    index of sitemaps, up to five addresses to read instead are in ``further``. Without *url* every site counts.
    Raises UnreadableInput, which says what the body is, when it is no sitemap or one that could harm.
    """
    name = url or "The sitemap"
    text = as_utf8(unpacked(body, name=name), content_type).lstrip(NOTHING)
    kind = root_name(text)
    if kind not in ROOTS:
        raise UnreadableInput(f"{name} is {_kind(text, kind)}, not a sitemap.")
    root = _tree(text, name)
    if kind == "sitemapindex":
        return Feed(entries=(), further=_further(root, url, fetched_at))
    pieces = [piece for node in root if _local(node) == "url" and (piece := _piece(node, url, fetched_at))]
    entries = (entry_of(piece) for piece in _articles(pieces))
    dated = [entry for entry in entries if entry is not None]
    dated.sort(key=_age, reverse=True)
    return Feed(entries=distinct(dated)[:MOST_ENTRIES], language=next((e.language for e in dated if e.language), None))


def looks_like_one(body: bytes, content_type: str = "") -> bool:
    """Return whether *body*, packed or not, begins as a sitemap or an index of such does."""
    try:
        start = unpacked(body, name="")
    except UnreadableInput:
        return False
    return root_name(as_utf8(start[:BEGINNING], content_type).lstrip(NOTHING)) in ROOTS


def unpacked(body: bytes, *, name: str) -> bytes:
    """Return *body*, unpacked where it is packed by gzip; UnreadableInput when it is damaged or above 10 MB."""
    if not body.startswith(GZIP):
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            content = file.read(LARGEST + 1)
    except (EOFError, zlib.error, OSError):
        raise UnreadableInput(f"{name} is damaged and cannot be unpacked.") from None
    if len(content) > LARGEST:
        raise UnreadableInput(f"{name} holds more than {LARGEST / 1e6:g} MB when unpacked.")
    return content


def _kind(text: bytes, root: str) -> str:
    if not text:
        return "empty"
    return OTHERS.get(root) or (f"XML with the root element {root[:40]}" if root else "plain text")


def _tree(text: bytes, name: str) -> Element:
    """Return the root element of what the gate lets in; what it could not mend is read as far as it goes."""
    document = let_in(text, name=name)
    if not isinstance(document, str):
        return document
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, remove_pis=True)
    root = etree.fromstring(document.encode("utf-8", "replace"), parser)
    if root is None:
        raise UnreadableInput(f"{name} is not well-formed and cannot be read.")
    return root


def _piece(node: Element, base: str, fetched_at: datetime) -> Piece | None:
    """Return what one ``url`` says; None when its address is none or leads to another site."""
    said = dict(_said(node))
    link = absolute(base, said.get("loc", ""))
    if not link or (base and not site.is_same_site(link, base)):
        return None
    published = _date(said.get("news:publication_date", ""), fetched_at)
    day, changed = site.day_in(link, fetched_at=fetched_at), _date(said.get("lastmod", ""), fetched_at)
    if published is None:
        published = changed if day is None or (changed and changed.date() == day.date()) else day
    return Piece(
        base=base or link,
        guid=link,
        link=link,
        title=html.unescape(said.get("news:title", "")),
        image=said.get("image:loc", ""),
        language=said.get("news:language"),
        labels=tuple(said.get("news:keywords", "").split(",")),
        published=published,
    )


def _said(node: Element) -> Iterator[tuple[str, str]]:
    """Yield the texts of a ``url`` by name, those of an extension with its short name before them; the first counts."""
    told: set[str] = set()
    for child in node:
        space = _local(child)
        # Names count, not namespaces: publishers write both of these in a dozen ways.
        inner = [(f"{space}:{_local(part)}", part) for part in child.iter() if part is not child]
        for name, part in inner or [(space, child)]:
            text = (part.text or "").strip()
            if text and name not in told:
                told.add(name)
                yield name, text


def _articles(pieces: list[Piece]) -> list[Piece]:
    """Return *pieces* with a title each; where none has one, only those that look like articles, if any does."""
    if any(piece.title for piece in pieces):
        return [piece if piece.title else _named(piece) for piece in pieces]
    offered = [piece for piece in pieces if not site.leads_nowhere(piece.link)]
    told = [piece for piece in offered if site.likeness(piece.link) >= site.ARTICLE] or offered
    dates = {piece.published for piece in told}
    undated = len(told) >= BUILT_AT_ONCE and len(dates) == 1
    named = [_named(piece) for piece in told]
    return [replace(piece, published=None) for piece in named] if undated else named


def _named(piece: Piece) -> Piece:
    return replace(piece, title=site.title_in(piece.link))


def _further(root: Element, base: str, fetched_at: datetime) -> tuple[str, ...]:
    """Return the sitemaps to read: those of news first, those of lists last, the newest before older ones."""
    found: dict[str, tuple[bool, bool, datetime, tuple[int, ...]]] = {}
    for node in root:
        said = dict(_said(node))
        link = absolute(base, said.get("loc", ""))
        if link and (not base or (site.is_same_site(link, base) and url_key(link) != url_key(base))):
            path = link.partition("://")[2].partition("/")[2]
            numbers = tuple(int(number[:12]) for number in re.findall(r"\d+", path))
            changed = _date(said.get("lastmod", ""), fetched_at) or EARLIEST
            found.setdefault(link, (bool(NEWS.search(path)), not BESIDE.search(path), changed, numbers))
    return tuple(sorted(found, key=lambda link: found[link], reverse=True)[:MOST_FURTHER])


def _date(text: str, fetched_at: datetime) -> datetime | None:
    return parse_date(text, fetched_at=fetched_at) if text else None


def _age(entry: Entry) -> datetime:
    return entry.published or EARLIEST


def _local(node: Element) -> str:
    """Return the name of *node* without its namespace, and without a prefix that nobody has declared."""
    return str(node.tag).rpartition("}")[2].rpartition(":")[2]
