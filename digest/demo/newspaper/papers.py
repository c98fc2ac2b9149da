"""The papers as their TOML files tell them: Paper, Feed, Article."""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


class FeedFormat(StrEnum):
    """The wire format of a feed."""

    #: RSS 2.0.
    RSS = "rss"
    #: RFC 4287.
    ATOM = "atom"
    #: RSS 1.0.
    RDF = "rdf"
    #: JSON Feed 1.1.
    JSON = "json"


class Dating(StrEnum):
    """How a feed item tells its time."""

    #: As the format asks.
    EXACT = "exact"
    #: "3 hours ago", as some publishing systems write by mistake.
    RELATIVE = "relative"
    #: Not at all.
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One feed of a Paper, with the faults that feeds of its kind are known for."""

    path: str
    section: str
    format: FeedFormat
    #: Whole hours ahead of UTC in which the dates are written.
    utc_offset: int = 0
    #: A query string that is hung on each link.
    tracking: str = ""
    #: Whether entries carry the whole text beside the summary.
    whole_text: bool = False
    #: The encoding that the XML declaration names; the bytes are UTF-8 all the same.
    declares: str = "utf-8"
    #: Whether ampersands stand unescaped, which is not well-formed XML.
    bare_ampersands: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph or a sub-heading of an Article."""

    text: str
    heading: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One piece. *age* counts from the hour of going to press; a negative one lies in the future, by mistake."""

    slug: str
    section: str
    age: timedelta
    headline: str
    summary: str
    author: str
    body: tuple[Block, ...]
    picture: str = ""
    caption: str = ""
    #: The title with markup in it, as the feed has it; empty where the feed has the headline.
    feed_title: str = ""
    #: A line of boilerplate behind the summary.
    tail: str = ""
    date: Dating = Dating.EXACT
    guid: bool = True
    #: The name under which the piece lies in a folder source.
    file: str = ""

    def published(self, press: datetime) -> datetime:
        """Return when the piece appeared, for papers that went to press at *press*."""
        return press - self.age


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One publisher. Without feeds it is a folder source: its pages are dropped into a folder of *section*."""

    slug: str
    name: str
    tagline: str
    language: str
    weight: float
    articles: tuple[Article, ...]
    feeds: tuple[Feed, ...] = ()
    section: str = ""

    def of(self, feed: Feed) -> tuple[Article, ...]:
        """Return the pieces of *feed*, newest first."""
        return tuple(sorted((a for a in self.articles if a.section == feed.section), key=lambda a: a.age))


def load() -> tuple[Paper, ...]:
    """Return all papers, by slug."""
    return tuple(_paper(tomllib.loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*.toml")))


def _paper(data: dict[str, Any]) -> Paper:
    feeds = tuple(Feed(**{**feed, "format": FeedFormat(feed["format"])}) for feed in data.pop("feeds", ()))
    articles = tuple(_article(article) for article in data.pop("articles"))
    return Paper(**data, feeds=feeds, articles=articles)


def _article(data: dict[str, Any]) -> Article:
    return Article(
        **{
            **data,
            "age": timedelta(minutes=data["age"]),
            "date": Dating(data.get("date", Dating.EXACT)),
            "body": tuple(_block(text) for text in data["body"].strip().split("\n\n")),
        }
    )


def _block(text: str) -> Block:
    return Block(text=text.removeprefix("## "), heading=text.startswith("## "))
