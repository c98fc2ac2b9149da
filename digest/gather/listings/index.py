"""Read a page that lists articles: what a site without a feed links to."""

import html
from datetime import datetime

from lxml.html import HtmlElement

from digest.errors import UnreadableInput
from digest.gather.feeds.feed import NOTHING, Feed
from digest.gather.feeds.gate import root_name
from digest.gather.listings import anchors, site
from digest.gather.listings.card import Card, Cards
from digest.gather.listings.sitemap import BEGINNING
from digest.gather.pages.selectors import select
from digest.gather.pages.tree import parse
from digest.gather.piece import Piece, absolute, distinct, entry_of
from digest.gather.text.clean import plain
from digest.gather.text.decode import decode
from digest.gather.text.language import primary
from digest.model.newsletter import NO_SELECTORS, Selectors

MOST_ENTRIES = 100
OTHERS = {"rss": "a feed", "feed": "a feed", "rdf": "a feed", "urlset": "a sitemap", "sitemapindex": "a sitemap index"}


def read(
    body: bytes, *, url: str, content_type: str = "", fetched_at: datetime, selectors: Selectors = NO_SELECTORS
) -> Feed:
    """
    Return the articles that the page *body* at *url* links to, in its order, each once, at most 100.

    The links are those that ``selectors.links`` chooses, else found by themselves. Title, teaser, date and picture are
    taken from around each link. Raises UnreadableInput when the page is none, or links to no articles.
    """
    name = url or "The page"
    text = decode(body, content_type)
    if other := OTHERS.get(root_name(text[:BEGINNING].encode("utf-8", "replace").lstrip(NOTHING))):
        raise UnreadableInput(f"{name} is {other}, not a page.")
    tree = parse(text, url=url)
    for element in select(tree, selectors.remove):
        if element.getparent() is not None:
            element.drop_tree()
    base = base_of(tree, url)
    if selectors.links:
        links = anchors.chosen(select(tree, selectors.links), base=base)
    else:
        links = anchors.found(tree, base=base, page=url or base)
    if not links:
        raise UnreadableInput(
            f"{name} is an HTML page without links to articles that could be found; {_remedy(selectors)}."
        )
    cards = Cards((link.element, link.key) for link in links)
    language = primary(tree.get("lang"))
    pieces = (
        _piece(link, cards.of(link.element, link.key), base, language, fetched_at) for link in links[:MOST_ENTRIES]
    )
    entries = (entry_of(piece) for piece in pieces)
    return Feed(
        entries=distinct([entry for entry in entries if entry is not None]),
        title=_title(tree),
        site=url,
        language=language,
    )


def _remedy(selectors: Selectors) -> str:
    if selectors.links:
        return f"see whether its selector links = {selectors.links!r} still fits"
    return "name them with its selector links"


def base_of(tree: HtmlElement, url: str) -> str:
    """Return the address that the relative links of the page *tree* at *url* count from."""
    said = next((element.get("href") or "" for element in tree.iter("base")), "")
    return (absolute(url, said) if said else "") or url


def _title(tree: HtmlElement) -> str:
    named = (e.get("content") or "" for e in tree.iter("meta") if e.get("property") == "og:site_name")
    return plain(next(named, "")) or next((plain(e.text or "") for e in tree.iter("title")), "")


def _piece(link: anchors.Link, card: Card, base: str, language: str | None, fetched_at: datetime) -> Piece:
    return Piece(
        base=base,
        guid=link.url,
        link=link.url,
        title=link.title or site.title_in(link.url),
        description=html.escape(card.teaser(link.title), quote=False),
        image=card.picture(),
        language=language,
        published=card.published(fetched_at=fetched_at) or site.day_in(link.url, fetched_at=fetched_at),
    )
