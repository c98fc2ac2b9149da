"""What one page or text dump says, and where each field of it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from digest.gather.identity import digest_of, shortened
from digest.model.entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaser:
    """A mention of another piece beside this one: a candidate link, never an Article and never body."""

    title: str
    url: str = ""
    summary: str = ""
    published: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """
    One article as found in a page or a dump: plain text, *body* in blocks with an empty line between them.

    *origins* names for each field that is not empty where it was found: "JSON-LD", "og:title", "line rules".
    """

    title: str
    url: str = ""
    summary: str = ""
    body: str = ""
    authors: tuple[str, ...] = ()
    image: str | None = None
    language: str | None = None
    category: str = ""
    published: datetime | None = None
    links: tuple[Teaser, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)

    def in_language(self, language: str | None, origin: str) -> "Extracted":
        """Return the same with *language*, found by *origin*, unless it has one or there is none."""
        if self.language or not language:
            return self
        return replace(self, language=language, origins={**self.origins, "language": origin})

    def to_entry(self, place: str) -> Entry:
        """Return the Entry of a page at *place*, a path within its folder, which is its identity when it has no URL."""
        return Entry(
            guid=shortened(self.url or f"{place}#{digest_of(self.title)[:16]}"),
            link=self.url,
            title=self.title,
            summary=self.summary,
            body=self.body,
            authors=self.authors,
            image=self.image,
            language=self.language,
            labels=(self.category,) if self.category else (),
            published=self.published,
        )

    def to_json(self, file: str) -> dict[str, Any]:
        """Return JSON-ready values under the name *file*."""
        return {
            "file": file,
            "url": self.url,
            "title": self.title,
            "summary": self.summary,
            "body": self.body,
            "authors": list(self.authors),
            "image": self.image,
            "language": self.language,
            "category": self.category,
            "published": _text(self.published),
            "links": [
                {"title": link.title, "url": link.url, "summary": link.summary, "published": _text(link.published)}
                for link in self.links
            ],
            "origins": dict(self.origins),
        }


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
