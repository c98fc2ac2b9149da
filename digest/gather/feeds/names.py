"""The elements of feeds, by short names: whatever the format and its version, one name for one thing."""

import re

# The modules whose elements are read, by their address without scheme, "www." and closing "/" or "#".
MODULES = {
    "purl.org/dc/elements/1.0": "dc:",
    "purl.org/dc/elements/1.1": "dc:",
    "purl.org/dc/terms": "dcterms:",
    "purl.org/rss/1.0/modules/content": "content:",
    "purl.org/rss/1.0/modules/syndication": "sy:",
    "search.yahoo.com/mrss": "media:",
    "itunes.com/dtds/podcast-1.0.dtd": "itunes:",
    "rssnamespace.org/feedburner/ext/1.0": "feedburner:",
    "w3.org/1999/xhtml": "xhtml:",
}
# The address that a prefix stands for where a feed uses it without a declaration.
ADDRESSES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "xhtml": "http://www.w3.org/1999/xhtml",
}
# The formats themselves: what stands in one of these is the feed's own, also within a feed of another format.
FORMATS = frozenset({
    "", "w3.org/2005/atom", "purl.org/atom/ns", "purl.org/rss/1.0", "my.netscape.com/rdf/simple/0.9",
    "channel.netscape.com/rdf/simple/0.9", "w3.org/1999/02/22-rdf-syntax-ns", "backend.userland.com/rss2",
    "backend.userland.com/rss", "blogs.law.harvard.edu/tech/rss", "purl.org/net/rss1.1",
})  # fmt: skip
TAG = re.compile(r"(?:\{(?:https?://)?(?:www\.)?(?P<space>[^}]*?)[/#]*\})?(?P<local>.*)", re.DOTALL)

# Each list from the best to the last resort.
TITLES = ("title", "dc:title", "media:title", "itunes:title")
GUIDS = ("guid", "id")
DESCRIPTIONS = (
    "description", "summary", "dc:description", "abstract", "media:description", "itunes:summary", "subtitle",
    "itunes:subtitle",
)  # fmt: skip
CONTENTS = ("content:encoded", "content", "xhtml:body", "body", "xhtml:div", "fullitem")
DATES = (
    "pubdate", "published", "dcterms:issued", "issued", "updated", "dcterms:modified", "modified", "dc:date", "date",
    "dcterms:created", "created",
)  # fmt: skip
LANGUAGES = ("language", "dc:language")

PEOPLE = frozenset({"author", "dc:creator", "dc:author", "itunes:author"})
LABELS = frozenset({"category", "dc:subject", "media:category"})
KEYWORDS = frozenset({"keywords", "media:keywords", "itunes:keywords"})
PICTURES = frozenset({"media:thumbnail", "enclosure", "itunes:image", "image"})


def split(tag: str) -> tuple[str, str]:
    """Return the bare address of the namespace of the ElementTree *tag*, and its local name, both in lower case."""
    found = TAG.fullmatch(tag.lower())
    assert found is not None
    return found["space"] or "", found["local"]


def short(tag: str, *, own: str) -> str:
    """
    Return the short name of the ElementTree *tag*: ``title``, ``dc:date``.

    *own* is a namespace that counts as the feed's format as well. Empty for what stands in an unknown one.
    """
    space, local = split(tag)
    if space in FORMATS:
        return local
    prefix = MODULES.get(space)
    if prefix is not None:
        return prefix + local
    return local if space == own else ""
