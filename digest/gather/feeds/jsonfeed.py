"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1)."""

import html
import json
from collections.abc import Mapping
from datetime import datetime

from digest.errors import UnreadableInput
from digest.gather.feeds.channel import Channel
from digest.gather.piece import Piece
from digest.gather.text.dates import parse_date

#: Each makes an object or a list of its own, or stands in a text; more than thirty thousand items of a usual feed.
MOST_BRACKETS = 400_000

JsonObject = Mapping[str, object]


def read_json(text: str, *, name: str, base: str, fetched_at: datetime) -> Channel:
    """Return what the JSON Feed *text* says; UnreadableInput when it is none, or too large."""
    if text.count("[") + text.count("{") > MOST_BRACKETS:
        raise UnreadableInput(f"{name} has more than {MOST_BRACKETS:,} brackets, too many for a JSON Feed.")
    try:
        feed = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        raise UnreadableInput(f"{name} looks like JSON, but is not valid JSON.") from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise UnreadableInput(f"{name} is JSON, but not a JSON Feed: it has no list of items.")
    return Channel(
        pieces=[_piece(item, feed, base, fetched_at) for item in items if isinstance(item, dict)],
        base=base,
        title=html.escape(_text(feed, "title"), quote=False),
        site=_text(feed, "home_page_url"),
        language=_text(feed, "language"),
    )


def _piece(item: JsonObject, feed: JsonObject, base: str, fetched_at: datetime) -> Piece:
    text = html.escape(_text(item, "content_text"), quote=False).replace("\n\n", "<p>")
    published = _text(item, "date_published") or _text(item, "date_modified")
    return Piece(
        base=base,
        guid=_text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        description=html.escape(_text(item, "summary"), quote=False),
        content=_text(item, "content_html") or text,
        authors=_authors(item) or _authors(feed),
        image=_text(item, "image") or _text(item, "banner_image"),
        language=_text(item, "language") or _text(feed, "language"),
        labels=tuple(_strings(item.get("tags"))),
        published=parse_date(published, fetched_at=fetched_at) if published else None,
    )


def _authors(said: JsonObject) -> tuple[str, ...]:
    """Return the names; 1.0 has ``author``, 1.1 ``authors``."""
    many = said.get("authors")
    people = many if isinstance(many, list) else [said.get("author")]
    return tuple(_text(person, "name") for person in people if isinstance(person, dict))


def _text(said: JsonObject, field: str) -> str:
    """Return a field as text. An id may come as a number: readers must coerce it, says the format."""
    value = said.get(field)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
