"""Read a feed: RSS of all versions, Atom, RDF and JSON Feed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.errors import UnreadableInput
from digest.gather.feeds.channel import Channel
from digest.gather.feeds.gate import let_in, root_name
from digest.gather.feeds.jsonfeed import read_json
from digest.gather.feeds.loose import read_loosely
from digest.gather.feeds.walk import walk
from digest.gather.piece import LONGEST_TITLE, absolute, distinct, entry_of
from digest.gather.text.clean import cut, text_of
from digest.gather.text.decode import as_utf8
from digest.gather.text.language import primary
from digest.model.entry import Entry

NOTHING = b"\xef\xbb\xbf\0 \t\r\n"
FEED_ROOTS = frozenset({"rss", "feed", "rdf", "channel"})
KNOWN_ROOTS = {"html": "an HTML page", "opml": "an OPML list", "urlset": "a sitemap", "sitemapindex": "a sitemap index"}
KNOWN_STARTS = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """
    What a feed said: its Entries in its order, each guid once, and what it says of itself, cleaned.

    *site* is the absolute web address of its home page. *ttl*, at most 24 hours, *skip_hours* (0 to 23, UTC) and
    *skip_days* (ISO weekdays, 1 to 7) say how often its publisher wants to be asked.
    """

    entries: tuple[Entry, ...]
    title: str = ""
    site: str = ""
    language: str | None = None
    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    #: Addresses to read instead, of an index of sitemaps.
    further: tuple[str, ...] = ()


def read(body: bytes, *, url: str, content_type: str = "", fetched_at: datetime) -> Feed:
    """
    Return what the feed *body* says; without entries when it has no items.

    *url* is where it came from: relative links count from there, and faults name it. Raises UnreadableInput, which
    says what the body is, when it is no feed or one that could harm.
    """
    name = url or "The feed"
    _refuse_binary(body, name)
    text = as_utf8(body, content_type).lstrip(NOTHING)
    if text.startswith(b"{"):
        said = read_json(text.decode("utf-8"), name=name, base=url, fetched_at=fetched_at)
    else:
        said = _read_xml(text, name=name, base=url, fetched_at=fetched_at)
    entries = (entry_of(piece) for piece in said.pieces)
    return Feed(
        entries=distinct([entry for entry in entries if entry is not None]),
        title=cut(text_of(said.title), LONGEST_TITLE),
        site=absolute(said.base, said.site) if said.site else "",
        language=primary(said.language),
        ttl=said.ttl,
        skip_hours=said.skip_hours,
        skip_days=said.skip_days,
    )


def parse(body: bytes, *, url: str, content_type: str = "", fetched_at: datetime) -> tuple[Entry, ...]:
    """Return the Entries that ``read`` finds in the feed *body*."""
    return read(body, url=url, content_type=content_type, fetched_at=fetched_at).entries


def looks_like_one(text: str) -> bool:
    """Return whether *text*, of a file whose name does not say what it is, begins as a feed does."""
    start = text.encode("utf-8", "replace").lstrip(NOTHING)
    return start.startswith(b"{") or root_name(start) in FEED_ROOTS


def _refuse_binary(body: bytes, name: str) -> None:
    if not body.strip(b"\0 \t\r\n"):
        raise UnreadableInput(f"{name} is empty.")
    for start, kind in KNOWN_STARTS:
        if body.startswith(start):
            raise UnreadableInput(f"{name} is {kind}, not a feed.")


def _read_xml(text: bytes, *, name: str, base: str, fetched_at: datetime) -> Channel:
    root = root_name(text)
    if root not in FEED_ROOTS:
        raise UnreadableInput(f"{name} is {_kind(text, root)}, not a feed.")
    document = let_in(text, name=name)
    if isinstance(document, str):
        return read_loosely(document, name=name, base=base, fetched_at=fetched_at)
    return walk(document, base=base, fetched_at=fetched_at)


def _kind(text: bytes, root: str) -> str:
    if root in KNOWN_ROOTS or not root:
        return KNOWN_ROOTS.get(root, "an HTML page" if b"<html" in text[:2000].lower() else "plain text")
    return "an HTML page" if b"<!doctype html" in text[:200].lower() else f"XML with the root element {root[:40]}"
