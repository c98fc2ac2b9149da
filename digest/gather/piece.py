"""A piece as its publisher wrote it, and the Entry that it becomes."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import unquote, urljoin, urlsplit

from digest.gather.identity import digest_of, host_of, shortened, url_key
from digest.gather.text.clean import blocks, cut, first_image, plain
from digest.gather.text.language import primary
from digest.gather.text.summary import LONGEST, NEAR, sentences, summarize
from digest.model.entry import Entry

LONGEST_URL = 2000
LONGEST_TITLE = 500
LONGEST_BODY = 200_000
#: Of the markup of one text so much is read, more than a thousand words: a digest tells of an article, it does not
#: keep it.
LONGEST_MARKUP = 10_000
# A picture within the markup, longer than all the text of an article.
INLINE_PICTURE = re.compile(r"data:[\w/+.-]{1,100};base64,[^\s\"'<>]*+")
TITLE_FROM_TEXT = 100
MOST_LABELS = MOST_AUTHORS = 20
# An address that is absolute and safe as it stands, which most are.
SAFE_URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*+(?::\d{1,5})?/[\w~!$&'()*+,;=:@%./?#-]*[\w/=-]", re.ASCII)
UNSAFE_IN_URL = re.compile(r"[\x00-\x20\x7f-\x9f\ud800-\udfff<>\"\\^`{|}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """
    What a feed says of one piece, uncleaned. *description* and *content* are HTML, *title* is plain text.

    Addresses may be relative to *base*. *published* is never later than the fetch.
    """

    base: str
    guid: str = ""
    link: str = ""
    title: str = ""
    description: str = ""
    content: str = ""
    authors: tuple[str, ...] = ()
    image: str = ""
    language: str | None = None
    labels: tuple[str, ...] = ()
    published: datetime | None = None


def entry_of(piece: Piece) -> Entry | None:
    """Return the Entry that *piece* becomes, None when it has no title, no text and no link to take one from."""
    content, lead = _bounded(piece.content), _bounded(piece.description)
    paragraphs, said = blocks(content), blocks(lead)
    description = " ".join(said)
    if not paragraphs and len(description) > LONGEST:
        paragraphs = said
    body = "\n\n".join(paragraphs)[:LONGEST_BODY]
    title = plain(piece.title)
    link = absolute(piece.base, piece.link) if piece.link else ""
    title = cut(title, LONGEST_TITLE) or _first_words(description or " ".join(paragraphs)) or _named_by(link)
    if not title:
        return None
    return Entry(
        guid=shortened(plain(piece.guid) or link or digest_of(title)),
        link=link,
        title=title,
        summary=summarize(description, title=title, body=_start(paragraphs)),
        body=body,
        authors=_distinct(piece.authors, MOST_AUTHORS),
        image=_absolute_or_none(piece.base, _picture(piece)),
        language=primary(piece.language),
        labels=_distinct(piece.labels, MOST_LABELS),
        published=piece.published,
    )


def distinct(entries: list[Entry]) -> tuple[Entry, ...]:
    """
    Return *entries* without repetitions, the first of each kept.

    Where one guid stands for several addresses it identifies nothing, and the addresses take its place.
    """
    if len({entry.guid for entry in entries}) == len(entries):
        return tuple(entries)
    addresses: dict[str, set[str]] = {}
    for entry in entries:
        addresses.setdefault(entry.guid, set()).add(url_key(entry.link))
    found: dict[str, Entry] = {}
    for entry in entries:
        guid = shortened(entry.link or entry.guid) if len(addresses[entry.guid]) > 1 else entry.guid
        found.setdefault(guid, replace(entry, guid=guid))
    return tuple(found.values())


def absolute(base: str, address: str) -> str:
    """Return *address* made absolute by *base*, as a web address of at most 2,000 characters; empty when it is none."""
    if SAFE_URL.fullmatch(address) and len(address) <= LONGEST_URL:
        return address
    try:
        joined = urljoin(base, "".join(address.split("\n")).strip())
        parts = urlsplit(joined)
        host = parts.hostname
    except ValueError:
        return ""
    joined = UNSAFE_IN_URL.sub(_escaped, joined)
    return joined if parts.scheme in {"http", "https"} and host and len(joined) <= LONGEST_URL else ""


def _bounded(markup: str) -> str:
    """Return *markup* up to its bound, or to the tag that reaches beyond."""
    if len(markup) <= LONGEST_MARKUP:
        return markup
    start = (INLINE_PICTURE.sub("", markup) if ";base64," in markup else markup)[:LONGEST_MARKUP]
    tag = start.rfind("<")
    return start[:tag] if tag > start.rfind(">") else start


def _start(paragraphs: tuple[str, ...]) -> str:
    """Return as much of the start of a text as a summary is made from."""
    length = 0
    for count, paragraph in enumerate(paragraphs, start=1):
        length += len(paragraph)
        if length > NEAR:
            return " ".join(paragraphs[:count])
    return " ".join(paragraphs)


def _first_words(text: str) -> str:
    """Return the first sentence of *text* for a title, or its start."""
    return cut(next(iter(sentences(text[:LONGEST_TITLE])), ""), TITLE_FROM_TEXT)


def _named_by(link: str) -> str:
    """Return the words at the end of the address *link*, for a picture without any text; its host where it has none."""
    words = " ".join(re.findall(r"[^\W\d_]{2,}", unquote(urlsplit(link).path.rpartition("/")[2]).partition(".")[0]))
    return plain(words) or host_of(link)


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace"))


def _picture(piece: Piece) -> str | None:
    return piece.image or first_image(piece.content) or first_image(piece.description)


def _absolute_or_none(base: str, address: str | None) -> str | None:
    return (absolute(base, address) if address else "") or None


def _distinct(texts: tuple[str, ...], most: int) -> tuple[str, ...]:
    cleaned = (cut(plain(text), LONGEST_TITLE) for text in texts)
    return tuple(dict.fromkeys(text for text in cleaned if text))[:most]
