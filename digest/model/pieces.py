"""Pieces of a compiled page: literals with slots between them, and what may stand in a slot."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

from digest.model.text import UNPRINTABLE, narrowed, printable, wrap

#: A reader's name and the hint at their address are cut to this many characters.
NAME_LIMIT = 64
#: In the text part to so many columns together, so that the line stays within its width in any language.
PLAIN_NAME_LIMIT = 52
#: A longer URL is refused: cut short, it would lead nowhere.
URL_LIMIT = 2000

_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9:/?=._~%+@,;!*()\[\]#$-]+")
_URL_SAFE = "%/:?#[]@!$&'()*+,;=~-._"


class Slot(NamedTuple):
    """A place in a piece where a value of the reader, or of their set of sections, goes."""

    name: str


class Values(NamedTuple):
    """What stands in each slot, by its name and in UTF-8: escaped for text and attributes of HTML, and plain."""

    html: dict[str, bytes]
    text: dict[str, bytes]


#: Literals and slots in their order.
Piece = tuple[str | Slot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionPieces:
    """One Section in one medium, in all the forms that a reader's choice and the room for it may call for."""

    #: Its first Story as the lead of the mail.
    lead: Piece
    #: Its label, up to where the Stories begin.
    head: Piece
    #: Its first Stories at length.
    mediums: tuple[Piece, ...]
    #: Each Story in a line.
    briefs: tuple[Piece, ...]
    #: That there is more on the web than the best; empty where there is not.
    more: Piece
    #: In place of all these: that it is on the web, where not even its best Stories have room.
    elsewhere: Piece
    #: What closes it behind the Stories.
    tail: Piece
    #: One summary line for each of the best Stories.
    lines: tuple[Piece, ...]

    @property
    def every(self) -> tuple[Piece, ...]:
        """Return all of its pieces."""
        once = (self.lead, self.head, self.more, self.elsewhere, self.tail)
        return (*once, *self.mediums, *self.briefs, *self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What surrounds the Sections in one medium."""

    opening: Piece
    today: Piece
    today_end: Piece
    closing: Piece


def of_reader(values: Mapping[str, str], anyone: str) -> Values:
    """
    Return what stands in the slots of one reader; *anyone* stands where they have no name.

    ValueError when a URL is too long or no absolute http(s) URL.
    """
    reader = _reader(values) or anyone
    in_html = {"reader": html.escape(reader).encode()}
    in_text = {"reader": narrowed(reader, PLAIN_NAME_LIMIT).encode()}
    for name, value in values.items():
        if name.endswith("_url"):
            url = _url(name, value)
            in_text[name] = plain = url.encode()
            # A plain one holds nothing to be escaped.
            in_html[name] = plain if url is value else html.escape(url).encode()
    return Values(in_html, in_text)


def of_set(values: Mapping[str, str], *, is_flowed: bool) -> Values:
    """Return what stands in the slots that all readers of one set of sections share; in the text part it is wrapped."""
    return Values(
        {name: html.escape(value).encode() for name, value in values.items()},
        {name: wrap(value, is_flowed=is_flowed).encode() for name, value in values.items()},
    )


def piece_from_json(parts: list[Any]) -> Piece:
    """Return the piece that was stored as the JSON list *parts*."""
    return tuple(part if isinstance(part, str) else Slot(*part) for part in parts)


def shell_from_json(data: dict[str, Any]) -> Shell:
    """Return the shell that was stored as the JSON object *data*."""
    return Shell(**{name: piece_from_json(parts) for name, parts in data.items()})


def section_from_json(data: dict[str, Any]) -> SectionPieces:
    """Return the pieces of a section that were stored as the JSON object *data*."""
    one = {name: piece_from_json(data[name]) for name in ("lead", "head", "more", "elsewhere", "tail")}
    many = {name: tuple(piece_from_json(parts) for parts in data[name]) for name in ("mediums", "briefs", "lines")}
    return SectionPieces(**one, **many)  # type: ignore[arg-type]  # each has its kind


def _reader(values: Mapping[str, str]) -> str:
    name = printable(values.get("name", ""))[:NAME_LIMIT].rstrip()
    hint = printable(values.get("address_hint", ""))[:NAME_LIMIT].rstrip()
    return f"{name} ({hint})" if name and hint else name or hint


def _url(name: str, value: str) -> str:
    if len(value) > URL_LIMIT:
        raise ValueError(f"{name} has {len(value)} characters; a mail carries at most {URL_LIMIT}")
    url = value if _PLAIN_URL.fullmatch(value) else quote(UNPRINTABLE.sub("", value).strip(), safe=_URL_SAFE)
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{name} is {value[:80]!r}; give an absolute http(s) URL")
    return url
