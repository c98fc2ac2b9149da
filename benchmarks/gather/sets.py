"""The public data sets, read from the folder that docs/benchmarks.md describes."""

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

#: What the archive put before each link of the feeds that it kept.
ARCHIVE = b"https://archive.is/newest/"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFile:
    """One feed as it was fetched. *items* counts the elements in the raw file."""

    name: str
    url: str
    items: int
    is_well_formed: bool
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One newspaper's feed on one day, its links the publisher's own."""

    paper: str
    captured_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsPage:
    """A news page and what its publisher's rules find in it: title, publishing_date, authors, body, images."""

    name: str
    country: str
    url: str
    html: bytes
    truth: Mapping[str, Any]

    @property
    def paragraphs(self) -> list[str]:
        """Return the blocks of the body, sub-headings included."""
        parts = [block for part in self.truth["body"]["sections"] for block in (*part["headline"], *part["paragraphs"])]
        return [" ".join(part.split()) for part in parts if part.strip()]

    @property
    def summary(self) -> str:
        """Return the publisher's own summary; empty where there is none."""
        return " ".join(" ".join(self.truth["body"]["summary"]).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPage:
    """A page and the text of the article in it, as people marked it."""

    name: str
    url: str
    html: bytes
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One headline, and the story that an aggregator put it into."""

    number: int
    title: str
    url: str
    publisher: str
    category: str
    story: str
    published: datetime


def feeds(data: Path) -> list[FeedFile]:
    """Return the feeds that come with fastfeedparser."""
    return [
        FeedFile(
            name=row["file"],
            url=row["url"],
            items=int(row["items"]),
            is_well_formed="ill-formed" not in row["note"],
            body=(data / "feeds" / row["file"]).read_bytes(),
        )
        for row in _rows(data / "feeds")
    ]


def car_feeds(data: Path) -> list[FeedFile]:
    """Return the aggregated feeds of antenna, whose items have no dates; two of them are ill-formed."""
    bodies = {path.stem: path.read_bytes() for path in sorted((data / "car-feeds").glob("*.xml"))}
    return [
        FeedFile(
            name=name,
            url=f"https://feeds.example/{name}.xml",
            items=body.count(b"<item>"),
            is_well_formed=name == "going_electric",
            body=body,
        )
        for name, body in bodies.items()
    ]


def history(data: Path) -> list[Snapshot]:
    """Return the daily snapshots of rss-arch in the order of their capture."""
    found = [
        Snapshot(
            paper=row["paper"],
            captured_at=datetime.fromisoformat(row["captured_at"]).replace(tzinfo=UTC),
            body=_unpacked(data / "feed-history" / row["file"]).replace(ARCHIVE, b""),
        )
        for row in _rows(data / "feed-history")
    ]
    return sorted(found, key=lambda snapshot: snapshot.captured_at)


def news_pages(data: Path) -> list[NewsPage]:
    """Return the test pages of Fundus."""
    root = data / "pages" / "fundus"
    return [
        NewsPage(
            name=row["file"],
            country=row["country"],
            url=row["url"],
            html=_unpacked(root / row["file"]),
            truth=json.loads((root / row["file"].replace(".html.gz", ".json")).read_text(encoding="utf-8")),
        )
        for row in _rows(root)
    ]


def text_pages(data: Path) -> list[TextPage]:
    """Return the pages of the article extraction benchmark."""
    root = data / "pages" / "article-extraction"
    truth = json.loads((root / "ground-truth.json").read_text(encoding="utf-8"))
    return [
        TextPage(
            name=name, url=said["url"], html=_unpacked(root / "html" / f"{name}.html.gz"), body=said["articleBody"]
        )
        for name, said in truth.items()
    ]


def headlines(data: Path) -> list[Headline]:
    """Return the headlines of the UCI News Aggregator, the oldest first."""
    text = _unpacked(data / "stories" / "uci-news.csv.gz").decode("utf-8")
    found = [
        Headline(
            number=int(row["ID"]),
            title=row["TITLE"],
            url=row["URL"].replace("\\", ""),  # a few addresses hold a stray one
            publisher=row["PUBLISHER"],
            category=row["CATEGORY"],
            story=row["STORY"],
            published=datetime.fromtimestamp(int(row["TIMESTAMP"]) / 1000, UTC),
        )
        for row in csv.DictReader(text.splitlines())
    ]
    return sorted(found, key=lambda headline: (headline.published, headline.number))


def page_dump(data: Path) -> str:
    """Return the plain text of one scraped page; empty where the data hold none, for it is not public."""
    path = data / "seed" / "stellantis.txt"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _rows(folder: Path) -> Iterator[dict[str, str]]:
    with (folder / "index.tsv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def _unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())
