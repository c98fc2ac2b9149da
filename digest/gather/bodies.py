"""What a reader process does with one body: a feed, a sitemap, an index page, an article page or a file of a folder."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from digest.gather import folder
from digest.gather.feeds import feed
from digest.gather.feeds.feed import Feed
from digest.gather.listings import index, sitemap
from digest.gather.pages import page
from digest.gather.text.decode import decode
from digest.gather.text.language import detect, primary
from digest.model.entry import Entry
from digest.model.newsletter import Selectors, SourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a server sent for *url*."""

    content: bytes
    url: str
    content_type: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Tongues:
    """The language that a Source is *known* to be in, and those that pieces without a label are *likely* in."""

    known: str | None = None
    likely: tuple[str, ...] = ()

    def tell(self, entry: Entry) -> Entry:
        """Return *entry* with a language: the one known, its own, or the one that its text is in."""
        told = primary(self.known) or entry.language or detect(f"{entry.title} {entry.summary}", self.likely)
        return replace(entry, language=told)


def read_listing(kind: SourceKind, body: Body, selectors: Selectors, tongues: Tongues) -> Feed:
    """Return what *body*, of a Source of *kind*, lists; UnreadableInput says what it is instead."""
    where = {"url": body.url, "content_type": body.content_type}
    match kind:
        case SourceKind.SITEMAP:
            found = sitemap.read(body.content, fetched_at=body.fetched_at, **where)
        case SourceKind.PAGE:
            found = index.read(body.content, fetched_at=body.fetched_at, selectors=selectors, **where)
        case _:
            found = feed.read(body.content, fetched_at=body.fetched_at, **where)
    return replace(found, entries=tuple(map(tongues.tell, found.entries)))


def read_article(body: Body, selectors: Selectors, tongues: Tongues) -> Entry:
    """Return the article on the page *body*; UnreadableInput when there is none."""
    html = decode(body.content, body.content_type)
    found = page.extract(html, url=body.url, fetched_at=body.fetched_at, selectors=selectors)
    return tongues.tell(found.to_entry(""))


def read_file(path: Path, root: Path, tongues: Tongues, *, fetched_at: datetime) -> tuple[Entry, ...]:
    """Return the Entries of one file of the folder *root*; UnreadableInput when it holds none."""
    return tuple(map(tongues.tell, folder.read(path, root, fetched_at=fetched_at)))
