"""What a page says of itself to machines: JSON-LD (schema.org), OpenGraph and meta tags."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from digest.gather.text.clean import plain, text_of

Node = Mapping[str, object]

ARTICLE_TYPES = ("Article", "BlogPosting", "Posting", "Report", "Review", "Recipe")
ORGANISATION_TYPES = ("Organization", "Corporation", "WebSite")
#: JSON-LD beyond this is no description of an article.
LONGEST = 1_000_000
MOST_SCRIPTS = 30
MOST_NODES = 5_000
MOST_VALUES = 50
LONGEST_VALUE = 2_000
# What some programs wrap JSON in, and the comma behind a last item: allowed in JavaScript, not in JSON (RFC 8259).
WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|;)\s*$"
)
LAST_COMMA = re.compile(r",\s*+([}\]])")


@dataclass(frozen=True, slots=True)
class Named:
    """A writer or publisher as JSON-LD names it."""

    name: str
    is_person: bool = False
    is_organisation: bool = False


@dataclass(frozen=True, slots=True)
class Metadata:
    """The meta tags by lower-case name, the first article that JSON-LD describes, and what its references stand for."""

    meta: Mapping[str, tuple[str, ...]]
    article: Node
    by_id: Mapping[str, Node]

    def said(self, *names: str) -> str:
        """Return the content of the first meta tag among *names* that the page has."""
        return next((self.meta[name][0] for name in names if name in self.meta), "")

    def text(self, field: str) -> str:
        """Return *field* of the JSON-LD article as plain text; a list or object gives its first name or value."""
        return next((named.name for named in self.named(field)), "")

    def named(self, field: str) -> tuple[Named, ...]:
        """Return whom or what *field* of the JSON-LD article names."""
        found = (
            replace(named, name=text_of(named.name[:LONGEST_VALUE])) for named in self._named(self.article.get(field))
        )
        return tuple(dict.fromkeys(named for named in found if named.name))

    def article_body(self) -> str:
        """Return the text of the article as JSON-LD gives it, uncleaned."""
        said = self.article.get("articleBody")
        return said if isinstance(said, str) else ""

    def _named(self, value: object) -> Iterator[Named]:
        for item in value[:MOST_VALUES] if isinstance(value, list) else [value]:
            if isinstance(item, str):
                yield Named(item)
            elif isinstance(item, dict):
                known = self.by_id.get(str(item.get("@id")), item) if "name" not in item else item
                # A person has a name, a picture an address; strings only, so that no chain of objects leads deeper.
                for said in (known.get(key) for key in ("name", "url", "contentUrl")):
                    if isinstance(said := said[0] if isinstance(said, list) and said else said, str) and said:
                        is_person = _is_any(known, ("Person",))
                        yield Named(said, is_person, not is_person and _is_any(known, ORGANISATION_TYPES))
                        break


def read(tree: HtmlElement) -> Metadata:
    """Return what the page *tree* says of itself; broken JSON-LD counts as none."""
    meta: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        value = plain((element.get("content") or "")[:LONGEST_VALUE])
        if name and value and len(said := meta.setdefault(name.strip().lower(), [])) < MOST_VALUES:
            said.append(value)
    nodes = [node for described in _described(tree) for node in _nodes(described)]
    article: Node = next((node for node in nodes if "headline" in node and _is_any(node, ARTICLE_TYPES)), {})
    by_id = {str(node["@id"]): node for node in nodes if "@id" in node and len(node) > 1}
    return Metadata({name: tuple(values) for name, values in meta.items()}, article, by_id)


def _described(tree: HtmlElement) -> Iterator[object]:
    scripts = (script for script in tree.iter("script") if "ld+json" in (script.get("type") or "").lower())
    for script, _ in zip(scripts, range(MOST_SCRIPTS), strict=False):
        text = WRAPPING.sub("", (script.text or "")[:LONGEST])
        for attempt in (text, LAST_COMMA.sub(r"\1", text)):
            try:
                yield json.loads(attempt, strict=False)
            except (ValueError, RecursionError):
                continue
            break


def _nodes(described: object) -> Iterator[Node]:
    """Yield the objects of *described* from the outside in, as far as @graph, mainEntity and lists lead."""
    waiting = [described]
    for node in waiting:
        if isinstance(node, list):
            waiting.extend(node[: MOST_NODES - len(waiting)])
        elif isinstance(node, dict):
            yield node
            waiting.extend(node[name] for name in ("@graph", "mainEntity", "mainEntityOfPage") if name in node)


def _is_any(node: Node, types: tuple[str, ...]) -> bool:
    kinds = node.get("@type")
    return any(
        isinstance(name, str) and name.endswith(types) for name in (kinds if isinstance(kinds, list) else [kinds])
    )
