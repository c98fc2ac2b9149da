"""What a page says of itself to machines: JSON-LD (schema.org), OpenGraph and meta tags."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml.html import HtmlElement

from digest.gather.clean import plain, text_of

ARTICLE_TYPES = ("Article", "BlogPosting", "Posting", "Report", "Review", "Recipe")
#: JSON-LD beyond this is no description of an article.
LONGEST = 1_000_000
MOST_NODES = 5_000


@dataclass(frozen=True, slots=True)
class Metadata:
    """The meta tags by lower-case name, and the first article that JSON-LD describes."""

    meta: Mapping[str, str]
    article: Mapping[str, object]

    def text(self, field: str) -> str:
        """Return *field* of the JSON-LD article as plain text; a list or object gives its first name or value."""
        return next((text for text in _texts(self.article.get(field)) if text), "")

    def texts(self, field: str) -> tuple[str, ...]:
        """Return all names or values of *field* of the JSON-LD article."""
        return tuple(dict.fromkeys(text for text in _texts(self.article.get(field)) if text))


def read(tree: HtmlElement) -> Metadata:
    """Return what the page *tree* says of itself; broken JSON-LD counts as none."""
    meta: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        value = plain(element.get("content") or "")
        if name and value:
            meta.setdefault(name.strip().lower(), value)
    return Metadata(meta, next(_articles(tree), {}))


def _articles(tree: HtmlElement) -> Iterator[Mapping[str, object]]:
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        try:
            described = json.loads((script.text or "")[:LONGEST], strict=False)
        except (ValueError, RecursionError):
            continue
        yield from (node for node in _nodes(described) if _is_article(node))


def _nodes(described: object) -> Iterator[Mapping[str, object]]:
    """Yield the objects of *described* from the outside in, as far as @graph, mainEntity and lists lead."""
    waiting = [described]
    for _ in range(MOST_NODES):
        if not waiting:
            return
        node = waiting.pop(0)
        if isinstance(node, list):
            waiting.extend(node[:MOST_NODES])
        elif isinstance(node, dict):
            yield node
            waiting.extend(node[name] for name in ("@graph", "mainEntity", "mainEntityOfPage") if name in node)


def _is_article(node: Mapping[str, object]) -> bool:
    kinds = node.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    return "headline" in node and any(isinstance(name, str) and name.endswith(ARTICLE_TYPES) for name in names)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield text_of(value)
    elif isinstance(value, list):
        for item in value[:20]:
            if not isinstance(item, list):
                yield from _texts(item)
    elif isinstance(value, dict):
        # A person has a name, a picture an address; strings only, so that no chain of objects leads deeper.
        named = value.get("name") or value.get("url")
        yield from _texts(named if isinstance(named, str) else None)
