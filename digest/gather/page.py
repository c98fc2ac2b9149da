"""Read an article from an HTML page: each field from the extractor that is best at it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import trafilatura
from htmldate import find_date
from lxml.etree import ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from digest.errors import UnreadableInput
from digest.gather import metadata
from digest.gather.clean import cut, plain
from digest.gather.dates import parse_date
from digest.gather.decode import decode
from digest.gather.extracted import Extracted
from digest.gather.language import primary
from digest.gather.piece import LONGEST_BODY, LONGEST_TITLE, absolute
from digest.gather.summary import summarize

# A name, not a sentence, an address or a web site.
NO_AUTHOR = re.compile(r"https?://|www\.|@|^\W*$|[.!?]\s+\w.*[.!?]$", re.IGNORECASE)
Found = tuple[str, str]


def extract(html: bytes | str, *, url: str = "", fetched_at: datetime) -> Extracted:
    """
    Return the article of the page *html*, which lies at *url* or says itself where.

    Title: JSON-LD, og:title, trafilatura, first heading. Body: trafilatura. Date: htmldate, with the time of day from
    JSON-LD or meta tags. Author: trafilatura, JSON-LD. Raises UnreadableInput when there is neither title nor text.
    """
    tree = _tree(decode(html) if isinstance(html, bytes) else html)
    page = _Page(tree, metadata.read(tree), _read_by_trafilatura(tree, url), url, fetched_at)
    title, title_origin = page.title()
    body = page.body(title)
    if not title and not body:
        raise UnreadableInput(f"{url or 'The page'} holds no article: neither a title nor a text was found.")
    title, title_origin = (title, title_origin) if title else (cut(body.partition("\n")[0], 100), "first line")
    description, description_origin = page.description()
    summary = summarize(description, title=title, body=body.replace("\n\n", " "))
    fields: dict[str, tuple[Any, str]] = {
        "url": page.address(),
        "summary": (summary, description_origin if summary and summary in description else "first sentences"),
        "body": (body[:LONGEST_BODY], "trafilatura"),
        "authors": page.authors(),
        "image": page.image(),
        "language": page.language(),
        "category": page.category(),
        "published": page.published(),
    }
    return Extracted(
        title=cut(title, LONGEST_TITLE),
        **{name: value for name, (value, _) in fields.items() if value},
        origins={"title": title_origin, **{name: origin for name, (value, origin) in fields.items() if value}},
    )


@dataclass(frozen=True, slots=True)
class _Page:
    tree: HtmlElement
    said: metadata.Metadata
    read: Any
    url: str
    fetched_at: datetime

    def title(self) -> Found:
        return _first(
            (self._bare(self.said.text("headline")), "JSON-LD"),
            (self._bare(self.said.meta.get("og:title", "")), "og:title"),
            (self._bare((self.read.title if self.read else "") or ""), "trafilatura"),
            (self._element_text("h1"), "h1"),
            (self._bare(self._element_text("title")), "title"),
        )

    def body(self, title: str) -> str:
        """Return the text in blocks, without the title where it opens the text again."""
        lines = (self.read.text or "").split("\n") if self.read else []
        blocks = [block for block in map(plain, lines) if block]
        return "\n\n".join(blocks[1:] if blocks and blocks[0] == title else blocks)

    def description(self) -> Found:
        return _first(
            (self.said.meta.get("og:description", ""), "og:description"),
            (self.said.text("description"), "JSON-LD"),
            (self.said.meta.get("description", ""), "meta description"),
        )

    def address(self) -> Found:
        canonical = next((e.get("href") or "" for e in self.tree.iter("link") if e.get("rel") == "canonical"), "")
        return _first(
            (absolute(self.url, canonical) if canonical else "", "canonical link"),
            (absolute(self.url, self.said.meta.get("og:url", "")), "og:url"),
            (self.url, "address"),
        )

    def authors(self) -> tuple[tuple[str, ...], str]:
        read = tuple(plain(name) for name in ((self.read.author if self.read else "") or "").split(";"))
        named = tuple(name for name in read if name and not NO_AUTHOR.search(name))
        if named:
            return named, "trafilatura"
        return tuple(name for name in self.said.texts("author") if not NO_AUTHOR.search(name)), "JSON-LD"

    def image(self) -> Found:
        base = self.address()[0]
        return _first(
            (absolute(base, self.said.meta.get("og:image", "")), "og:image"),
            (absolute(base, self.said.text("image")), "JSON-LD"),
            (absolute(base, self.said.meta.get("twitter:image", "")), "twitter:image"),
        )

    def language(self) -> tuple[str | None, str]:
        return primary(self.tree.get("lang") or self.tree.get("xml:lang")), "html lang"

    def category(self) -> Found:
        return _first(
            (self.said.text("articleSection"), "JSON-LD"),
            (self.said.meta.get("article:section", ""), "article:section"),
        )

    def published(self) -> tuple[datetime | None, str]:
        """Return the day from htmldate, and the time of day where the page gives one that fits that day."""
        claimed, origin = _first(
            (self.said.text("datePublished"), "JSON-LD"),
            (self.said.meta.get("article:published_time", ""), "article:published_time"),
        )
        exact = parse_date(claimed, fetched_at=self.fetched_at) if claimed else None
        # The last to look at the tree, since htmldate prunes it.
        day = find_date(self.tree, original_date=True, max_date=self.fetched_at + timedelta(days=1))
        dated = parse_date(day, fetched_at=self.fetched_at) if day else None
        if exact is not None and (dated is None or abs(exact - dated) <= timedelta(days=2)):
            return exact, origin
        return dated, "htmldate"

    def _element_text(self, tag: str) -> str:
        element = next(self.tree.iter(tag), None)
        return "" if element is None else plain(" ".join(element.itertext()))

    def _bare(self, title: str) -> str:
        """Return *title* without " | Site" or " - Section" at its end, where the page itself says what these are."""
        names = {self.said.meta.get("og:site_name", ""), self.said.text("publisher"), self.category()[0]} - {""}
        endings = "|".join(map(re.escape, names))
        return re.sub(rf"\s+[|\u2013\u2014-]\s+(?:{endings})$", "", title) if names else title


def _tree(text: str) -> HtmlElement:
    try:
        return document_fromstring(
            text.replace("\0", "").encode("utf-8", "replace"), parser=HTMLParser(encoding="utf-8")
        )
    except (ParserError, ValueError):
        raise UnreadableInput("The page is empty.") from None


def _read_by_trafilatura(tree: HtmlElement, url: str) -> Any:
    return trafilatura.bare_extraction(tree, url=url or None, fast=True, include_comments=False, with_metadata=True)


def _first(*found: Found) -> Found:
    return next(((value, origin) for value, origin in found if value), ("", ""))
