"""Which feeds a page names: by its links for machines, and by those for people that look like feeds."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from digest.gather.bodies import Body
from digest.gather.listings import site
from digest.gather.listings.index import base_of
from digest.gather.pages.tree import parse, text_of
from digest.gather.piece import absolute
from digest.gather.text.decode import decode

FEED_TYPE = re.compile(r"(?:application|text)/(?:rss|atom|rdf|feed)\+(?:xml|json)", re.IGNORECASE)
# Types that also stand for other things; there the address must say it.
VAGUE_TYPE = re.compile(r"(?:application|text)/(?:xml|json)", re.IGNORECASE)
FEED_PATH = re.compile(
    r"(?:^|/)(?:feeds?|rss|atom|rdf)(?:/|$)|\.(?:rss|atom|rdf)$|(?:rss|feed|atom|news)[\w-]*\.(?:xml|json)$",
    re.IGNORECASE,
)
FEED_WORDS = re.compile(r"rss|atom|feed|rss[ -]feed", re.IGNORECASE)


def hints_in(body: Body) -> tuple[str, ...]:
    """
    Return the addresses of feeds that the page *body* names, the likely ones first.

    Its links of the relation "alternate" may lead anywhere (RSS Autodiscovery); the others stay with its site.
    """
    tree = parse(decode(body.content, body.content_type), url=body.url)
    base = base_of(tree, body.url)
    return tuple(dict.fromkeys([*_alternates(tree, base), *_look_alikes(tree, base, body.url)]))


def _alternates(tree: HtmlElement, base: str) -> Iterator[str]:
    for element in tree.iter("link"):
        kind, address = element.get("type") or "", absolute(base, element.get("href") or "")
        if not address or "alternate" not in (element.get("rel") or "").lower().split():
            continue
        if FEED_TYPE.match(kind) or (VAGUE_TYPE.match(kind) and FEED_PATH.search(urlsplit(address).path)):
            yield address


def _look_alikes(tree: HtmlElement, base: str, page: str) -> Iterator[str]:
    for element in tree.iter("a"):
        address = absolute(base, element.get("href") or "")
        if not address or not site.is_same_site(address, page):
            continue
        if FEED_PATH.search(urlsplit(address).path) or FEED_WORDS.fullmatch(text_of(element)):
            yield address
