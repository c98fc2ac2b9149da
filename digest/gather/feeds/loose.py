"""Read what is no well-formed XML even when mended, with feedparser: slow, and patient."""

import io
from datetime import datetime
from typing import Any

import feedparser

from digest.errors import UnreadableInput
from digest.gather.feeds.channel import Channel, ttl_of
from digest.gather.piece import Piece
from digest.gather.text.clean import text_of
from digest.gather.text.dates import from_struct, parse_date

DATES = ("published", "updated", "created")


def read_loosely(document: str, *, name: str, base: str, fetched_at: datetime) -> Channel:
    """Return what the feed *document* says, an XML text from its root on; UnreadableInput when it is none."""
    try:
        parsed = _parsed(document)
    except Exception as fault:
        # What broken text does to feedparser is not for its callers to know: KeyError, AttributeError and others.
        raise UnreadableInput(f"{name} is not well-formed and cannot be read.") from fault
    if not parsed.version and not parsed.entries:
        raise UnreadableInput(f"{name} is XML, but not a feed that can be read.")
    feed = parsed.feed
    return Channel(
        pieces=[_piece(said, parsed, base, fetched_at) for said in parsed.entries],
        base=base,
        title=_title(feed),
        site=feed.get("link") or "",
        language=feed.get("language"),
        ttl=ttl_of(
            feed.get("ttl") or "",
            period=feed.get("sy_updateperiod") or "",
            frequency=feed.get("sy_updatefrequency") or "",
        ),
    )


def _parsed(document: str) -> Any:
    # As a stream: feedparser takes a string for an address or a file name that it should open.
    return feedparser.parse(
        io.BytesIO(document.encode("utf-8", "replace")),
        # Without an address of its own, so that a guid that looks relative stays what it is wherever the feed moves.
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )


def _piece(said: Any, parsed: Any, base: str, fetched_at: datetime) -> Piece:
    content = next((part.get("value") or "" for part in said.get("content") or ()), "")
    summary = said.get("summary") or ""
    return Piece(
        base=base,
        guid=said.get("id") or "",
        # FeedBurner's own links count clicks; this one is the publisher's.
        link=said.get("feedburner_origlink") or said.get("link") or _first_link(said),
        title=_title(said),
        description="" if summary == content else summary,
        content=content,
        authors=_authors(said, parsed),
        image=_image(said),
        language=(said.get("title_detail") or {}).get("language") or parsed.feed.get("language"),
        labels=tuple(tag.get("term") or "" for tag in said.get("tags") or ()),
        published=_published(said, fetched_at),
    )


def _title(said: Any) -> str:
    title = said.get("title") or ""
    return text_of(title) if "html" in (said.get("title_detail") or {}).get("type", "") else title


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
