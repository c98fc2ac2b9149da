"""Read a feed: RSS of all versions, Atom, RDF and JSON Feed."""

import io
from datetime import datetime
from typing import Any

import feedparser

from digest.errors import UnreadableInput
from digest.gather.dates import from_struct, parse_date
from digest.gather.decode import decode
from digest.gather.gate import let_in, root_name
from digest.gather.jsonfeed import pieces as json_pieces
from digest.gather.piece import Piece, distinct, entry_of
from digest.model.entry import Entry

DATES = ("published", "updated", "created")
NOTHING = "\ufeff\0 \t\r\n"
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


def parse(body: bytes, *, url: str, content_type: str = "", fetched_at: datetime) -> tuple[Entry, ...]:
    """
    Return the Entries of the feed *body*, in its order, each guid once; empty when the feed has no items.

    *url* is where it came from: relative links count from there, and faults name it. Raises UnreadableInput, which
    says what the body is, when it is no feed or one that could harm.
    """
    name = url or "The feed"
    _refuse_binary(body, name)
    text = decode(body, content_type).lstrip(NOTHING)
    if text.startswith("{"):
        found = json_pieces(text, name=name, base=url, fetched_at=fetched_at)
    else:
        found = _xml_pieces(text, name=name, base=url, fetched_at=fetched_at)
    entries = (entry_of(piece) for piece in found)
    return distinct([entry for entry in entries if entry is not None])


def looks_like_one(text: str) -> bool:
    """Return whether *text*, of a file whose name does not say what it is, begins as a feed does."""
    start = text.lstrip(NOTHING)
    return start.startswith("{") or root_name(start) in FEED_ROOTS


def _refuse_binary(body: bytes, name: str) -> None:
    if not body.strip(b"\0 \t\r\n"):
        raise UnreadableInput(f"{name} is empty.")
    for start, kind in KNOWN_STARTS:
        if body.startswith(start):
            raise UnreadableInput(f"{name} is {kind}, not a feed.")


def _xml_pieces(text: str, *, name: str, base: str, fetched_at: datetime) -> list[Piece]:
    root = root_name(text)
    if root not in FEED_ROOTS:
        raise UnreadableInput(f"{name} is {_kind(text, root)}, not a feed.")
    document = let_in(text, name=name)
    # As a stream: feedparser takes a string for an address or a file name that it should open.
    parsed = feedparser.parse(
        io.BytesIO(document.encode("utf-8", "replace")),
        # Without an address of its own, so that a guid that looks relative stays what it is wherever the feed moves.
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    if not parsed.version and not parsed.entries:
        raise UnreadableInput(f"{name} is XML, but not a feed that can be read.")
    return [_piece(said, parsed, base, fetched_at) for said in parsed.entries]


def _kind(text: str, root: str) -> str:
    if root in KNOWN_ROOTS or not root:
        return KNOWN_ROOTS.get(root, "an HTML page" if "<html" in text[:2000].lower() else "plain text")
    head = text[:200].lower()
    return "an HTML page" if "<!doctype html" in head else f"XML with the root element {root[:40]}"


def _piece(said: Any, parsed: Any, base: str, fetched_at: datetime) -> Piece:
    content = next((part.get("value") or "" for part in said.get("content") or ()), "")
    summary = said.get("summary") or ""
    return Piece(
        base=base,
        guid=said.get("id") or "",
        # FeedBurner's own links count clicks; this one is the publisher's.
        link=said.get("feedburner_origlink") or said.get("link") or _first_link(said),
        title=said.get("title") or "",
        title_is_html="html" in (said.get("title_detail") or {}).get("type", ""),
        description="" if summary == content else summary,
        content=content,
        authors=_authors(said, parsed),
        image=_image(said),
        language=(said.get("title_detail") or {}).get("language") or parsed.feed.get("language"),
        labels=tuple(tag.get("term") or "" for tag in said.get("tags") or ()),
        published=_published(said, fetched_at),
    )


def _authors(said: Any, parsed: Any) -> tuple[str, ...]:
    """Return the names of the writers; an Atom entry without any has those of its feed (RFC 4287 §4.2.1)."""
    people = said.get("authors") or (parsed.feed.get("authors") if parsed.version.startswith("atom") else None)
    return tuple(person.get("name") or "" for person in people or () if person)


def _first_link(said: Any) -> str:
    links = [
        link for link in said.get("links") or () if link.get("rel") not in {"enclosure", "self", "edit", "replies"}
    ]
    return next((link.get("href") or "" for link in links), "")


def _published(said: Any, fetched_at: datetime) -> datetime | None:
    """Return the first date that can be read. Plain dict access: feedparser's own falls back from one to another."""
    for field in DATES:
        parts, text = dict.get(said, f"{field}_parsed"), dict.get(said, field)
        found = from_struct(parts, fetched_at=fetched_at) if parts else parse_date(text or "", fetched_at=fetched_at)
        if found is not None:
            return found
    return None


def _image(said: Any) -> str:
    """Return the address of the picture that the feed names outside of the text: Media RSS, then enclosures, iTunes."""
    for medium in said.get("media_content") or ():
        kind = f"{medium.get('medium', '')} {medium.get('type', '')}"
        if medium.get("url") and ("image" in kind or not kind.strip()):
            return str(medium["url"])
    for thumbnail in said.get("media_thumbnail") or ():
        if thumbnail.get("url"):
            return str(thumbnail["url"])
    for link in said.get("links") or ():
        if link.get("rel") == "enclosure" and (link.get("type") or "").startswith("image/"):
            return str(link.get("href") or "")
    return str((said.get("image") or {}).get("href") or "")
