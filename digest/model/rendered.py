"""What one compile of an Edition leaves behind: pieces with slots, joined for each reader in microseconds."""

import hashlib
import html
import json
import re
import zlib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import quote

from digest.errors import UnreadableInput

#: The layout of ``to_bytes``; another number is refused.
VERSION = 1
#: A reader's name and the hint at their address are cut to this many characters.
NAME_LIMIT = 64
#: A longer URL is refused: cut short, it would lead nowhere.
URL_LIMIT = 2000
#: Characters of a subject that phones show on two lines.
SUBJECT_LIMIT = 70
#: Characters of a preheader that mailboxes show.
PREHEADER_LIMIT = 150
#: Words that a reader takes in per minute, as reading studies find for English prose.
WORDS_PER_MINUTE = 230
#: The "today" summary has at most so many lines; a single one would say nothing.
TODAY_LINES = 3
#: Joined section sets that are kept; a newsletter has few that are common.
_CACHED_SETS = 64

#: Controls, line breaks, lone surrogates and the marks that turn the direction of what follows them.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9:/?=._~%+@,;!*()\[\]#$-]+")
_URL_SAFE = "%/:?#[]@!$&'()*+,;=~-._"


class Escape(StrEnum):
    """How a value is made safe for the place where its slot stands."""

    #: Between tags or inside a quoted attribute of HTML.
    TEXT = "text"
    #: A whole URL inside a quoted attribute of HTML.
    URL = "url"
    #: The text part, where markup means nothing.
    PLAIN = "plain"
    #: A whole URL in the text part.
    PLAIN_URL = "plain_url"


class Slot(NamedTuple):
    """A place in a piece where a value of the reader, or of their set of sections, goes."""

    name: str
    escape: Escape


#: Literals and slots in their order.
Piece = tuple[str | Slot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionPieces:
    """One Section in one medium: its first Story as the lead, then label, first Story, and the others."""

    lead: Piece
    head: Piece
    first: Piece
    rest: Piece
    #: One summary line for each of the best Stories.
    lines: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What surrounds the Sections in one medium."""

    opening: Piece
    today: Piece
    today_end: Piece
    closing: Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedSection:
    """One Section in both media. *headlines* and *scores* stand for its best Stories, in its order."""

    slug: str
    title: str
    html: SectionPieces
    text: SectionPieces
    headlines: tuple[str, ...]
    scores: tuple[float, ...]
    words: int

    @property
    def score(self) -> float:
        """Return the score of its first Story."""
        return self.scores[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledDigest:
    """The mail of one reader."""

    subject: str
    html: str
    text: str


class _Sheet(NamedTuple):
    """One medium of a set of sections, joined as far as it is common to its readers: literals around keys."""

    literals: tuple[str, ...]
    keys: tuple[str, ...]

    def fill(self, texts: Mapping[str, str]) -> str:
        parts = [""] * (len(self.literals) + len(self.keys))
        parts[0::2] = self.literals
        parts[1::2] = [texts[key] for key in self.keys]
        return "".join(parts)


class _Sheets(NamedTuple):
    """Both media of a set of sections, and the subject above them."""

    subject: str
    html: _Sheet
    text: _Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedDigest:
    """
    One Edition, compiled once: sending, archive and preview read only this.

    ``fill`` wants the values ``unsubscribe_url``, ``preferences_url`` (without a query: a section's mute link adds
    ``?mute=`` and its slug) and ``view_url``; ``name`` and ``address_hint`` may be missing or empty.
    """

    subject: str
    language: str
    #: The editors' preheader for readers of all sections; for any other set it is made of the set's headlines.
    preheader: str
    #: What the reader is called where name and address hint are missing: "you".
    anyone: str
    sections: tuple[RenderedSection, ...]
    html: Shell
    text: Shell
    _sheets: dict[tuple[int, ...], _Sheets] = field(default_factory=dict, init=False, repr=False, compare=False)

    def has_news_for(self, chosen: Collection[str] | None) -> bool:
        """Return whether any of the *chosen* section slugs (None: all) has a Story in this Edition."""
        return bool(self._indexes(chosen))

    def fill(self, chosen: Collection[str] | None, values: Mapping[str, str]) -> FilledDigest:
        """
        Return the mail for a reader of the *chosen* section slugs (None: all).

        The lead is the best first Story among them; sections keep the newsletter's order. Every value is escaped for
        its place. ValueError when no chosen section has news, or when a URL is missing, too long or no http(s) URL.
        """
        indexes = self._indexes(chosen)
        if not indexes:
            raise ValueError("none of the chosen sections has news in this edition; ask has_news_for() first")
        sheets = self._sheets.get(indexes) or self._joined(indexes)
        texts = _texts(values, self.anyone)
        try:
            return FilledDigest(subject=sheets.subject, html=sheets.html.fill(texts), text=sheets.text.fill(texts))
        except KeyError as missing:
            name = str(missing.args[0]).partition(":")[0]
            raise ValueError(f"fill() has no value for {name}; give one") from None

    def size_bytes(self, chosen: Collection[str] | None, values: Mapping[str, str]) -> int:
        """Return the size of the HTML part in UTF-8 bytes: what mailboxes compare with their clipping limit."""
        return len(self.fill(chosen, values).html.encode())

    def to_bytes(self) -> bytes:
        """Return this as compressed JSON; equal digests give equal bytes."""
        data = asdict(self) | {"version": VERSION}
        del data["_sheets"]
        return zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode(), 9)

    @classmethod
    def from_bytes(cls, stored: bytes) -> "RenderedDigest":
        """Return the digest that ``to_bytes`` wrote; UnreadableInput when the bytes are something else."""
        try:
            data = json.loads(zlib.decompress(stored))
            version = data.pop("version")
            if version != VERSION:
                raise UnreadableInput(f"the stored pages have layout {version}, this program reads {VERSION}")
            sections = tuple(_section(section) for section in data.pop("sections"))
            return cls(
                sections=sections,
                html=Shell(**_pieces(data.pop("html"))),
                text=Shell(**_pieces(data.pop("text"))),
                **data,
            )
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError) as fault:
            raise UnreadableInput(f"the stored pages of an edition cannot be read: {fault}") from fault

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of ``to_bytes`` in hexadecimal: what was approved."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def _indexes(self, chosen: Collection[str] | None) -> tuple[int, ...]:
        return tuple(i for i, section in enumerate(self.sections) if chosen is None or section.slug in chosen)

    def _joined(self, indexes: tuple[int, ...]) -> _Sheets:
        lead = max(indexes, key=lambda i: self.sections[i].score)
        today = self._today(indexes, lead)
        words = sum(self.sections[i].words for i in indexes)
        common = {
            "preheader": self._preheader(indexes, lead, today),
            "minutes": str(max(1, round(words / WORDS_PER_MINUTE))),
        }
        sheets = _Sheets(
            subject=self._subject(lead),
            html=_merged(self._ordered(indexes, lead, today, "html"), common),
            text=_merged(self._ordered(indexes, lead, today, "text"), common),
        )
        if len(self._sheets) >= _CACHED_SETS:
            self._sheets.clear()
        self._sheets[indexes] = sheets
        return sheets

    def _today(self, indexes: tuple[int, ...], lead: int) -> list[tuple[int, int]]:
        """Return section and place of the next best Stories: first those of the other sections, then deeper ones."""
        places = [
            (n - (i == lead), -score, i, n)
            for i in indexes
            for n, score in enumerate(self.sections[i].scores)
            if (i, n) != (lead, 0)
        ]
        lines = [(i, n) for _, _, i, n in sorted(places)[:TODAY_LINES]]
        return lines if len(lines) > 1 else []

    def _subject(self, lead: int) -> str:
        """Return the editors' subject, or the headline of the set's lead where that is another than the Edition's."""
        is_best = self.sections[lead].score == max(section.score for section in self.sections)
        return self.subject if is_best else shorten(self.sections[lead].headlines[0], SUBJECT_LIMIT)

    def _preheader(self, indexes: tuple[int, ...], lead: int, today: list[tuple[int, int]]) -> str:
        if self.preheader and len(indexes) == len(self.sections):
            return self.preheader
        headlines = (self.sections[i].headlines[n] for i, n in [(lead, 0), *today])
        news = " · ".join(headline for headline in headlines if headline not in self._subject(lead))
        return shorten(news, PREHEADER_LIMIT)

    def _ordered(self, indexes: tuple[int, ...], lead: int, today: list[tuple[int, int]], medium: str) -> list[Piece]:
        shell: Shell = getattr(self, medium)
        forms: list[SectionPieces] = [getattr(section, medium) for section in self.sections]
        pieces = [shell.opening]
        if today:
            pieces += [shell.today, *(forms[i].lines[n] for i, n in today), shell.today_end]
        pieces.append(forms[lead].lead)
        for i in indexes:
            if i != lead:
                pieces += [forms[i].head, forms[i].first, forms[i].rest]
            elif len(self.sections[i].scores) > 1:
                pieces += [forms[i].head, forms[i].rest]
        return [*pieces, shell.closing]


def _merged(pieces: list[Piece], common: Mapping[str, str]) -> _Sheet:
    """Return the pieces as one, with what all readers of the set share already in place."""
    literals: list[str] = []
    keys: list[str] = []
    run: list[str] = []
    for part in (part for piece in pieces for part in piece):
        if isinstance(part, str):
            run.append(part)
        elif part.name in common:
            run.append(html.escape(common[part.name]) if part.escape is Escape.TEXT else common[part.name])
        else:
            literals.append("".join(run))
            keys.append(f"{part.name}:{part.escape}")
            run = []
    return _Sheet((*literals, "".join(run)), tuple(keys))


def _texts(values: Mapping[str, str], anyone: str) -> dict[str, str]:
    """Return what stands in each slot, by its name and escape."""
    reader = _reader(values) or anyone
    texts = {f"reader:{Escape.TEXT}": html.escape(reader), f"reader:{Escape.PLAIN}": reader}
    for name, value in values.items():
        if name.endswith("_url"):
            url = _url(name, value)
            texts[f"{name}:{Escape.URL}"] = html.escape(url)
            texts[f"{name}:{Escape.PLAIN_URL}"] = url
    return texts


def printable(text: str) -> str:
    """Return *text* on one line, without controls, lone surrogates and marks that turn the direction of the page."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def shorten(text: str, limit: int) -> str:
    """Return *text* in at most *limit* characters, cut between words where it has them, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at_word, _, broken = cut.rpartition(" ")
    return (at_word if len(broken) < limit // 3 else cut).rstrip(" ,;:.\u2013\u2014-·") + "…"


def _reader(values: Mapping[str, str]) -> str:
    name = printable(values.get("name", ""))[:NAME_LIMIT].rstrip()
    hint = printable(values.get("address_hint", ""))[:NAME_LIMIT].rstrip()
    return f"{name} ({hint})" if name and hint else name or hint


def _url(name: str, value: str) -> str:
    if len(value) > URL_LIMIT:
        raise ValueError(f"{name} has {len(value)} characters; a mail carries at most {URL_LIMIT}")
    url = value if _PLAIN_URL.fullmatch(value) else quote(_UNPRINTABLE.sub("", value).strip(), safe=_URL_SAFE)
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{name} is {value[:80]!r}; give an absolute http(s) URL")
    return url


def _section(data: dict[str, Any]) -> RenderedSection:
    return RenderedSection(
        **data
        | {
            "html": _section_pieces(data["html"]),
            "text": _section_pieces(data["text"]),
            "headlines": tuple(data["headlines"]),
            "scores": tuple(data["scores"]),
        }
    )


def _section_pieces(data: dict[str, Any]) -> SectionPieces:
    return SectionPieces(lines=tuple(_piece(line) for line in data.pop("lines")), **_pieces(data))


def _pieces(data: dict[str, Any]) -> dict[str, Piece]:
    return {name: _piece(parts) for name, parts in data.items()}


def _piece(parts: list[Any]) -> Piece:
    return tuple(part if isinstance(part, str) else Slot(part[0], Escape(part[1])) for part in parts)
