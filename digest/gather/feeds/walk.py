"""Walk the tree of a well-formed feed: RSS 0.9 to 2.0, RDF (RSS 1.0), Atom 0.3 and 1.0, and their common modules."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from digest.gather.feeds.channel import Channel, days_of, hours_of, ttl_of
from digest.gather.feeds.names import CONTENTS, DATES, DESCRIPTIONS, GUIDS, LANGUAGES, TITLES, split
from digest.gather.feeds.said import BASE, LANG, Element, Names, Said, joined
from digest.gather.piece import Piece
from digest.gather.text.dates import parse_date

ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
ITEMS = frozenset({"item", "entry"})
PICTURES = ("media:content", "media:thumbnail", "enclosure", "image", "itunes:image")


@dataclass(frozen=True, slots=True)
class _Heading:
    """What all items of a feed inherit from it."""

    names: Names
    base: str
    language: str | None
    people: tuple[str, ...]
    fetched_at: datetime


def walk(root: Element, *, base: str, fetched_at: datetime) -> Channel:
    """Return what the feed *root* says; relative addresses count from *base* and any ``xml:base`` in it."""
    space, local = split(root.tag)
    is_atom = local == "feed"
    names = Names(space, guess=not is_atom)
    head = Said(names)
    head.read(root)
    base = _rebased(base, root.get(BASE))
    if head.channels:
        base = _rebased(base, head.channels[0].get(BASE))
        head.read(head.channels[0])
    texts = head.texts
    language = root.get(LANG) or _first(texts, LANGUAGES) or head.language
    # RFC 4287 §4.2.1: an entry without authors has those of its feed; those of RSS edit the feed.
    heading = _Heading(names, base, language, tuple(head.people) if is_atom else (), fetched_at)
    items = head.items
    # The formats allow one channel; feeds that were glued together have more, and items in each.
    for channel in head.channels[1:]:
        further = Said(names)
        further.read(channel)
        items += further.items
    return Channel(
        pieces=[_piece(item, heading) for item in items or _items_within(root, names)],
        base=base,
        title=_first(texts, TITLES),
        site=texts.get("link") or texts.get("other link") or "",
        language=language,
        ttl=ttl_of(
            texts.get("ttl", ""),
            period=texts.get("sy:updateperiod", ""),
            frequency=texts.get("sy:updatefrequency", ""),
        ),
        skip_hours=hours_of(head.skipped_hours),
        skip_days=days_of(head.skipped_days),
    )


def _piece(item: Element, heading: _Heading) -> Piece:
    said = Said(heading.names)
    said.read(item)
    texts, about = said.texts, item.get(ABOUT) or ""
    base = _rebased(heading.base, item.get(BASE))
    link = (
        # FeedBurner's own links count clicks; this one is the publisher's.
        texts.get("feedburner:origlink")
        or texts.get("link")
        or texts.get("permalink")
        or texts.get("other link")
        or (about if about.startswith("http") else "")
    )
    own_base = texts.get("base")
    description, content = _first(texts, DESCRIPTIONS), _first(texts, CONTENTS)
    return Piece(
        base=_rebased(base, own_base),
        guid=_first(texts, GUIDS) or about,
        link=joined(base, link) if own_base else link,
        title=_first(texts, TITLES),
        description="" if description == content else description,
        content=content,
        authors=tuple(said.people) or _people_of(said.source, heading.names) or heading.people,
        image=_first(said.pictures, PICTURES),
        language=said.language or item.get(LANG) or _first(texts, LANGUAGES) or heading.language,
        labels=tuple(said.labels),
        published=_published(texts, heading.fetched_at),
    )


def _items_within(root: Element, names: Names) -> Iterator[Element]:
    """Yield the items of *root* wherever they stand, for a feed that has none where its format puts them."""
    return (node for node in root.iter("*") if (found := names[node.tag]) and found[1] in ITEMS)


def _rebased(base: str, own: str | None) -> str:
    """Return *base* as an element's ``xml:base`` changes it; one that is no address changes nothing."""
    try:
        return urljoin(base, own.strip()) if own else base
    except ValueError:
        return base


def _people_of(source: Element | None, names: Names) -> tuple[str, ...]:
    """Return the writers of the feed that an Atom entry was taken from: RFC 4287 §4.2.11."""
    if source is None or not len(source):
        return ()
    said = Said(names)
    said.read(source)
    return tuple(said.people)


def _published(texts: dict[str, str], fetched_at: datetime) -> datetime | None:
    for name in DATES:
        if (text := texts.get(name)) and (date := parse_date(text, fetched_at=fetched_at)):
            return date
    return None


def _first(texts: dict[str, str], names: Iterable[str]) -> str:
    """Return the text of the first of *names* that has one."""
    for name in names:
        if text := texts.get(name):
            return text
    return ""
