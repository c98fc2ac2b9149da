"""What a reader process does with one body: a feed, a sitemap, an index page, an article page or a file of a folder."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from digest.gather import folder
from digest.gather.feeds import feed
from digest.gather.feeds.feed import Feed
from digest.gather.listings import index, sitemap
from digest.gather.pages import metadata, page
from digest.gather.pages.tree import parse
from digest.gather.text.clean import cut
from digest.gather.text.decode import decode
from digest.gather.text.language import detect, primary
from digest.model.entry import Check, Entry
from digest.model.newsletter import NO_SELECTORS, Selectors, SourceKind

#: Of the name that a site gives itself.
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a server sent for *url*."""

    content: bytes
    url: str
    content_type: str
    fetched_at: datetime


def read_listing(kind: SourceKind, body: Body, selectors: Selectors, language: str | None = None) -> Feed:
    """
    Return what *body*, of a Source of *kind*, lists; UnreadableInput says what it is instead.

    *language* is the one that the Source is known to be in.
    """
    where = {"url": body.url, "content_type": body.content_type}
    match kind:
        case SourceKind.SITEMAP:
            found = sitemap.read(body.content, fetched_at=body.fetched_at, **where)
        case SourceKind.PAGE:
            found = index.read(body.content, fetched_at=body.fetched_at, selectors=selectors, **where)
        case _:
            found = feed.read(body.content, fetched_at=body.fetched_at, **where)
    return replace(found, entries=tuple(_told(entry, language) for entry in found.entries))


def read_article(body: Body, selectors: Selectors, language: str | None) -> Entry:
    """Return the article on the page *body*; UnreadableInput when there is none."""
    html = decode(body.content, body.content_type)
    found = page.extract(html, url=body.url, fetched_at=body.fetched_at, selectors=selectors)
    return _told(found.to_entry(""), language)


def read_card(body: Body) -> tuple[Entry, str]:
    """Return the article on the page *body* and the name of its site; UnreadableInput when there is none."""
    html = decode(body.content, body.content_type)
    found = _told(
        page.extract(html, url=body.url, fetched_at=body.fetched_at, selectors=NO_SELECTORS).to_entry(""), None
    )
    said = metadata.read(parse(html, url=body.url))
    return found, cut(said.said("og:site_name") or said.text("publisher"), LONGEST_NAME)


def read_file(path: Path, check: Check, *, fetched_at: datetime) -> tuple[Entry, ...]:
    """Return the Entries of one file of the folder that *check* asks; UnreadableInput when it holds none."""
    found = folder.read(path, Path(check.address), fetched_at=fetched_at, selectors=check.selectors)
    return tuple(_told(entry, check.language) for entry in found)


def _told(entry: Entry, known: str | None) -> Entry:
    """Return *entry* with a language: the one *known* of its Source, its own, or the one that its text is in."""
    return replace(entry, language=primary(known) or entry.language or detect(f"{entry.title} {entry.summary}"))
