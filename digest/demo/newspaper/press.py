"""The press: prints papers into Documents, and the files of a folder source."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from hashlib import sha256

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from digest.demo.newspaper.papers import FOLDER, Article, Dating, Feed, FeedFormat, Paper

_MEDIA_TYPES = {
    # Without a charset, so that the XML declaration has the word: RFC 7303 §3.
    FeedFormat.RSS: "application/rss+xml",
    FeedFormat.ATOM: "application/atom+xml",
    FeedFormat.RDF: "application/rdf+xml",
    FeedFormat.JSON: "application/feed+json",
}


@dataclass(frozen=True, slots=True)
class Document:
    """What one path answers. *modified* is aware UTC, in whole seconds."""

    body: bytes
    media_type: str
    modified: datetime
    etag: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "etag", f'"{sha256(self.body).hexdigest()[:16]}"')


class Press:
    """
    Prints *papers* as they stood at *at*, each at the origin that *origins* gives for its slug.

    An origin is scheme, host and port: ``http://127.0.0.2:8026``. The same arguments give the same bytes.
    """

    def __init__(self, papers: Sequence[Paper], origins: Mapping[str, str], at: datetime) -> None:
        self._papers = papers
        self._origins = origins
        self._at = at.replace(second=0, microsecond=0)
        self._layout = Environment(
            loader=FileSystemLoader(FOLDER / "layout"),
            autoescape=select_autoescape(("html", "xml")),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._layout.globals.update(press=self)

    def documents(self) -> dict[str, Document]:
        """Return every Document by its path: index, fronts, feeds, pages and pictures."""
        return dict(self._print())

    def files(self, paper: Paper) -> dict[str, str]:
        """Return the files that *paper* puts into a folder, by name: whole pages, or the bare text of a page."""
        return {
            article.file: self._page(paper, article)
            if article.file.endswith(".html")
            else self._layout.get_template("dump.txt").render(paper=paper, article=article)
            for article in paper.articles
        }

    def feed_url(self, paper: Paper, feed: Feed) -> str:
        """Return the address of *feed*."""
        return f"{self.front_url(paper)}{feed.path}"

    def front_url(self, paper: Paper) -> str:
        """Return the address of the front page of *paper*."""
        return f"{self._origins[paper.slug]}/{paper.slug}/"

    def url(self, paper: Paper, article: Article, feed: Feed | None = None) -> str:
        """Return the address of *article*, as *feed* prints it where one is given."""
        address = f"{self.front_url(paper)}{article.slug}"
        return f"{address}?{feed.tracking}" if feed and feed.tracking else address

    def picture_url(self, paper: Paper, article: Article) -> str:
        """Return the address of the picture of *article*."""
        return f"{self._origins[paper.slug]}/pictures/{article.picture}"

    @staticmethod
    def picture_bytes(article: Article) -> int:
        """Return the size of the picture of *article*: an RSS enclosure must tell it."""
        return (FOLDER / "pictures" / article.picture).stat().st_size

    @staticmethod
    def guid(paper: Paper, article: Article) -> str:
        """Return the lasting name of *article*: a tag URI, RFC 4151."""
        return f"tag:{paper.slug}.example,2020:{article.slug}"

    def iso(self, article: Article, feed: Feed | None = None) -> str:
        """Return the date of *article* after RFC 3339, in the zone of *feed* where one is given."""
        return article.published(self._at).astimezone(_zone(feed)).isoformat()

    def rfc822(self, article: Article, feed: Feed) -> str:
        """Return the date of *article* as RSS wants it, or as some feeds have it: "3 hours ago"."""
        if article.date is Dating.RELATIVE:
            return self.ago(article)
        return format_datetime(article.published(self._at).astimezone(_zone(feed)))

    def day(self, article: Article) -> str:
        """Return the date of *article* for the eyes, without any language: 2026-11-23 06:10 UTC."""
        return f"{article.published(self._at):%Y-%m-%d %H:%M} UTC"

    @staticmethod
    def ago(article: Article) -> str:
        """Return the age of *article* in words."""
        if article.age < timedelta(hours=1):
            return f"{article.age // timedelta(minutes=1)} minutes ago"
        hours = article.age // timedelta(hours=1)
        return "1 hour ago" if hours == 1 else f"{hours} hours ago"

    def others(self, paper: Paper, article: Article) -> list[Article]:
        """Return the newest few other pieces of *paper*."""
        return sorted((a for a in paper.articles if a is not article), key=lambda a: a.age)[:4]

    def _print(self) -> Iterator[tuple[str, Document]]:
        yield "/", self._html(self._layout.get_template("index.html").render(papers=self._papers))
        for paper in self._papers:
            front = self._layout.get_template("front.html").render(paper=paper)
            yield f"/{paper.slug}/", self._html(front)
            for feed in paper.feeds:
                body = self._json(paper, feed) if feed.format is FeedFormat.JSON else self._xml(paper, feed)
                yield f"/{paper.slug}/{feed.path}", Document(body.encode(), _MEDIA_TYPES[feed.format], self._at)
            for article in paper.articles:
                yield f"/{paper.slug}/{article.slug}", self._html(self._page(paper, article))
        for picture in (FOLDER / "pictures").glob("*.jpg"):
            yield f"/pictures/{picture.name}", Document(picture.read_bytes(), "image/jpeg", self._at)

    def _html(self, text: str) -> Document:
        return Document(text.encode(), "text/html; charset=utf-8", self._at)

    def _page(self, paper: Paper, article: Article) -> str:
        return self._layout.get_template("article.html").render(
            paper=paper, article=article, facts=self._facts(paper, article)
        )

    def _body(self, article: Article) -> str:
        return self._layout.get_template("body.html").render(article=article)

    def _xml(self, paper: Paper, feed: Feed) -> str:
        template = self._layout.get_template(f"{feed.format}.xml")
        text = template.render(paper=paper, feed=feed, articles=paper.of(feed), body=self._body)
        return text.replace("&amp;", "&") if feed.bare_ampersands else text

    def _json(self, paper: Paper, feed: Feed) -> str:
        items = [
            {
                "id": self.guid(paper, article),
                "url": self.url(paper, article, feed),
                "title": article.headline,
                "summary": article.summary,
                "date_published": self.iso(article, feed),
                "authors": [{"name": article.author}],
                **({"content_html": self._body(article)} if feed.whole_text else {}),
                **({"image": self.picture_url(paper, article)} if article.picture else {}),
            }
            for article in paper.of(feed)
        ]
        head = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": paper.name,
            "description": paper.tagline,
            "language": paper.language,
            "home_page_url": self.front_url(paper),
            "feed_url": self.feed_url(paper, feed),
        }
        return json.dumps({**head, "items": items}, ensure_ascii=False, indent=1)

    def _facts(self, paper: Paper, article: Article) -> dict[str, object]:
        """Return the JSON-LD of an article page: schema.org NewsArticle."""
        return {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": article.headline,
            "description": article.summary,
            "datePublished": self.iso(article),
            "inLanguage": paper.language,
            "author": {"@type": "Person", "name": article.author},
            "publisher": {"@type": "Organization", "name": paper.name},
            "mainEntityOfPage": self.url(paper, article),
            **({"image": [self.picture_url(paper, article)]} if article.picture else {}),
        }


def _zone(feed: Feed | None) -> timezone:
    return timezone(timedelta(hours=feed.utc_offset if feed else 0))
