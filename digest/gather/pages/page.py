"""Read an article from an HTML page: each field from the extractor that is best at it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml.etree import tostring
from lxml.html import HtmlElement

from digest.errors import UnreadableInput
from digest.gather.pages import byline, dateline, metadata, prose, related
from digest.gather.pages.extracted import Extracted
from digest.gather.pages.headline import headline
from digest.gather.pages.picture import picture
from digest.gather.pages.selectors import DATES, PICTURES, check, select, selected_text, selected_texts, selected_value
from digest.gather.pages.tree import parse, text_of
from digest.gather.piece import LONGEST_BODY, LONGEST_TITLE, absolute
from digest.gather.text.clean import blocks, cut
from digest.gather.text.dates import parse_date
from digest.gather.text.decode import decode
from digest.gather.text.language import of_page
from digest.gather.text.summary import summarize
from digest.model.newsletter import NO_SELECTORS, Selectors

Found = tuple[str, str]
SELECTOR = "selector"


def extract(
    html: bytes | str, *, url: str = "", fetched_at: datetime, selectors: Selectors = NO_SELECTORS
) -> Extracted:
    """
    Return the article of the page *html*, which lies at *url* or says itself where.

    What *selectors* find counts before all else. Raises UnreadableInput when there is neither title nor text, when the
    page is larger than any article, and when a selector cannot be used.
    """
    check(selectors)
    tree = parse(decode(html) if isinstance(html, bytes) else html, url=url)
    for element in select(tree, selectors.remove):
        if element.getparent() is not None:
            element.drop_tree()
    page = _Page(tree, metadata.read(tree), selectors, url, fetched_at)
    fields = page.fields()
    title, body = fields["title"][0], fields["body"][0]
    if not title and not body:
        raise UnreadableInput(f"{url or 'The page'} holds no article: neither a title nor a text was found.")
    if not title:
        fields["title"] = cut(body.partition("\n")[0], 100), "first line"
    return Extracted(
        **{name: value for name, (value, _) in fields.items() if value},
        origins={name: origin for name, (value, origin) in fields.items() if value},
    )


@dataclass(frozen=True, slots=True)
class _Page:
    tree: HtmlElement
    said: metadata.Metadata
    selectors: Selectors
    url: str
    fetched_at: datetime

    def fields(self) -> dict[str, tuple[Any, str]]:
        """Return each field with where it was found. The order matters: what is read takes parts out of the tree."""
        address, title, category = self._address(), self._title(), self._category()
        image, chosen = self._image(address[0]), self._chosen()
        writers = self._writers(address[0])
        links = related.take_out(self.tree, base=address[0])
        text = chosen or prose.read(
            self.tree,
            described=self.said.article_body(),
            titles=(*self._titles(title[0]), *writers.names),
            fetched_at=self.fetched_at,
        )
        if not writers.are_people and (named := byline.in_opening(text.opening)).names:
            writers = named
        body = "\n\n".join(text.blocks)
        description, said_by = self._description()
        summary = summarize(description, title=title[0], body=" ".join(text.blocks))
        return {
            "title": (cut(title[0], LONGEST_TITLE), title[1]),
            "url": address,
            "summary": (summary, said_by if summary and summary in description else "first sentences"),
            "body": (body[:LONGEST_BODY], text.origin),
            "authors": (writers.names, writers.origin),
            "image": image,
            "language": of_page(self._languages(), body),
            "category": category,
            "links": (links, "links"),
            "published": self._published(),
        }

    def _title(self) -> Found:
        if chosen := selected_text(self.tree, self.selectors.title):
            return chosen, SELECTOR
        return headline(self.tree, self.said)

    def _titles(self, title: str) -> tuple[str, ...]:
        """Return all that the page calls its title, to be left out where it opens the text."""
        return (title, self.said.text("headline"), self.said.said("og:title"), *map(text_of, self.tree.iter("h1")))

    def _chosen(self) -> prose.Prose | None:
        elements = select(self.tree, self.selectors.body)
        found = tuple(
            block for element in elements for block in blocks(tostring(element, encoding="unicode", with_tail=False))
        )
        return prose.Prose(found, SELECTOR) if found else None

    def _writers(self, url: str) -> byline.Writers:
        texts = selected_texts(self.tree, self.selectors.authors)
        chosen = tuple(dict.fromkeys(name for text in texts for name in byline.names_in(text)))
        if chosen:
            return byline.Writers(chosen, SELECTOR, are_people=True)
        return byline.writers(self.tree, self.said, url=url)

    def _description(self) -> Found:
        return _first(
            (self.said.said("og:description"), "og:description"),
            (self.said.text("description"), "JSON-LD"),
            (self.said.said("description"), "meta description"),
        )

    def _address(self) -> Found:
        canonical = next((e.get("href") or "" for e in self.tree.iter("link") if e.get("rel") == "canonical"), "")
        return _first(
            (absolute(self.url, canonical) if canonical else "", "canonical link"),
            (absolute(self.url, self.said.said("og:url")), "og:url"),
            (self.url, "address"),
        )

    def _image(self, base: str) -> Found:
        address = selected_value(self.tree, self.selectors.image, PICTURES)
        if address and (chosen := absolute(base, address)):
            return chosen, SELECTOR
        return picture(self.tree, self.said, base=base)

    def _languages(self) -> tuple[Found, ...]:
        return (
            (self.tree.get("lang") or self.tree.get("xml:lang") or "", "html lang"),
            (self.said.said("og:locale"), "og:locale"),
            (self.said.text("inLanguage"), "JSON-LD"),
            (self.said.said("content-language", "dc.language"), "meta language"),
        )

    def _category(self) -> Found:
        return _first(
            (self.said.text("articleSection"), "JSON-LD"),
            (self.said.said("article:section"), "article:section"),
        )

    def _published(self) -> tuple[datetime | None, str]:
        text = selected_value(self.tree, self.selectors.published, DATES)
        if chosen := parse_date(text, fetched_at=self.fetched_at) if text else None:
            return chosen, SELECTOR
        return dateline.published(self.tree, self.said, fetched_at=self.fetched_at)


def _first(*found: Found) -> Found:
    return next(((value, origin) for value, origin in found if value), ("", ""))
