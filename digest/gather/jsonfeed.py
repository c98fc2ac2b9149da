"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1)."""

import html
import json
from collections.abc import Mapping
from datetime import datetime

from digest.errors import UnreadableInput
from digest.gather.dates import parse_date
from digest.gather.piece import Piece

JsonObject = Mapping[str, object]


def pieces(text: str, *, name: str, base: str, fetched_at: datetime) -> list[Piece]:
    """Return the pieces of the JSON Feed *text*; UnreadableInput when it is none."""
    try:
        feed = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        raise UnreadableInput(f"{name} looks like JSON, but is not valid JSON.") from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise UnreadableInput(f"{name} is JSON, but not a JSON Feed: it has no list of items.")
    return [_piece(item, feed, base, fetched_at) for item in items if isinstance(item, dict)]


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
