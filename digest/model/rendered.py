"""What one compile of an Edition leaves behind: pieces with slots, joined for each reader in microseconds."""

import hashlib
import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from digest.errors import UnreadableInput
from digest.model.layout import LONGEST_READER, Layout, Measure, Size, Step, fitted, rows, words_in
from digest.model.pieces import (
    Piece,
    SectionPieces,
    Shell,
    Slot,
    of_reader,
    of_set,
    section_from_json,
    shell_from_json,
)
from digest.model.text import shorten

#: The layout of ``to_bytes``; another number is refused.
VERSION = 2
#: Characters of a subject that phones show on two lines.
SUBJECT_LIMIT = 70
#: Characters of a preheader that mailboxes show.
PREHEADER_LIMIT = 150
#: Words that a reader takes in per minute, as reading studies find for English prose.
WORDS_PER_MINUTE = 230
#: The "today" summary has at most so many lines; a single one would say nothing.
TODAY_LINES = 3
#: Plans of section sets that are kept; each is a few kilobytes, for they share the pieces.
_KEPT_PLANS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedSection:
    """One Section in both media. *headlines* and *scores* stand for its best Stories, in its order."""

    slug: str
    title: str
    html: SectionPieces
    text: SectionPieces
    headlines: tuple[str, ...]
    scores: tuple[float, ...]

    @property
    def score(self) -> float:
        """Return the score of its first Story."""
        return self.scores[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """What is said of a set of sections, in the newsletter's language."""

    #: What the reader is called who has neither name nor address hint: "you".
    anyone: str
    #: "1 min read", "2 min read" and so on, for as long as any set of sections takes.
    reading: tuple[str, ...]
    #: "You follow all sections."
    follows_all: str
    #: "You follow {}."
    follows: str


class Topic(NamedTuple):
    """A section that the newsletter has, with or without news."""

    slug: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledDigest:
    """The mail of one reader; both parts in UTF-8."""

    subject: str
    html_bytes: bytes
    text_bytes: bytes

    @property
    def html(self) -> str:
        """Return the HTML part."""
        return self.html_bytes.decode()

    @property
    def text(self) -> str:
        """Return the text part."""
        return self.text_bytes.decode()


class Sheet:
    """One medium of a set of sections: its literals, and where a reader's values go between them."""

    __slots__ = ("_parts", "_slots")

    def __init__(self, pieces: Sequence[Piece], common: Mapping[str, bytes], literals: dict[str, bytes]) -> None:
        self._parts: list[bytes] = []
        self._slots: list[tuple[int, str]] = []
        for part in (part for piece in pieces for part in piece):
            if isinstance(part, str):
                # Every plan that shows a literal shares it.
                self._parts.append(literals.setdefault(part, part.encode()))
            elif part.name in common:
                self._parts.append(common[part.name])
            else:
                self._slots.append((len(self._parts), part.name))
                self._parts.append(b"")

    @property
    def parts(self) -> list[bytes | Slot]:
        """Return the literals and the slots in their order."""
        parts: list[bytes | Slot] = [*self._parts]
        for place, name in self._slots:
            parts[place] = Slot(name)
        return parts

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """Return the whole with *values* in its slots."""
        parts = self._parts.copy()
        for place, name in self._slots:
            parts[place] = values[name]
        return b"".join(parts)


class Plan(NamedTuple):
    """Both media of a set of sections, the subject above them, and how they were made to fit."""

    subject: str
    html: Sheet
    text: Sheet
    layout: Layout


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
    phrases: Phrases
    topics: tuple[Topic, ...]
    sections: tuple[RenderedSection, ...]
    html: Shell
    text: Shell
    #: Encoded bytes of the longest value of each URL slot.
    longest: Mapping[str, int]
    #: Whether the text part is format=flowed (RFC 3676).
    is_flowed: bool = False
    #: Whether the subject is the same for every reader, whatever leads their mail.
    keeps_subject: bool = False
    _plans: dict[tuple[frozenset[str] | None, bool], Plan] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _literals: dict[str, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)
    _measures: dict[Piece, Measure] = field(default_factory=dict, init=False, repr=False, compare=False)
    _words: dict[Piece, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    def has_news_for(self, chosen: Collection[str] | None) -> bool:
        """Return whether any of the *chosen* section slugs (None: all) has a Story in this Edition."""
        return bool(self._indexes(chosen))

    def fill(
        self, chosen: Collection[str] | None, values: Mapping[str, str], *, is_whole: bool = False
    ) -> FilledDigest:
        """
        Return the mail for a reader of the *chosen* section slugs (None: all).

        The lead is the best first Story among them; sections keep the newsletter's order, and step back until the page
        fits the budget, unless it is to be shown whole, as on the web. Every value is escaped for its place.
        ValueError when no chosen section has news, or when a URL is missing, too long or no http(s) URL.
        """
        plan = self.plan(chosen, is_whole=is_whole)
        reader = of_reader(values, self.phrases.anyone)
        try:
            return FilledDigest(
                subject=plan.subject, html_bytes=plan.html.fill(reader.html), text_bytes=plan.text.fill(reader.text)
            )
        except KeyError as missing:
            raise ValueError(f"fill() has no value for {missing.args[0]}; give one") from None

    def layout(self, chosen: Collection[str] | None = None) -> Layout:
        """Return how the mail of a reader of the *chosen* sections was made to fit; ValueError as ``fill`` says."""
        return self.plan(chosen).layout

    def to_bytes(self) -> bytes:
        """Return this as compressed JSON; equal digests give equal bytes."""
        data = {name: value for name, value in asdict(self).items() if not name.startswith("_")} | {"version": VERSION}
        if not self.keeps_subject:
            del data["keeps_subject"]  # so that the bytes of most digests are those that they always were
        return zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode(), 9)

    @classmethod
    def from_bytes(cls, stored: bytes) -> "RenderedDigest":
        """Return the digest that ``to_bytes`` wrote; UnreadableInput when the bytes are something else."""
        try:
            data = json.loads(zlib.decompress(stored))
            version = data.pop("version")
            if version != VERSION:
                raise UnreadableInput(
                    f"the stored pages have layout {version}, this program reads {VERSION}; send or cancel what is "
                    "approved before the program is renewed"
                )
            phrases = data.pop("phrases")
            return cls(
                phrases=Phrases(**phrases | {"reading": tuple(phrases["reading"])}),
                topics=tuple(Topic(*topic) for topic in data.pop("topics")),
                sections=tuple(_section(section) for section in data.pop("sections")),
                html=shell_from_json(data.pop("html")),
                text=shell_from_json(data.pop("text")),
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

    def plan(self, chosen: Collection[str] | None, *, is_whole: bool = False) -> Plan:
        """Return what all readers of the *chosen* sections share; ValueError when none of them has news."""
        key = (None if chosen is None else frozenset(chosen), is_whole)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._planned(chosen, is_whole=is_whole)
            if len(self._plans) >= _KEPT_PLANS:
                self._plans.clear()
            self._plans[key] = plan
        return plan

    def _planned(self, chosen: Collection[str] | None, *, is_whole: bool) -> Plan:
        indexes = self._indexes(chosen)
        if not indexes:
            raise ValueError("none of the chosen sections has news in this edition; ask has_news_for() first")
        lead = self._best(indexes)
        today = self._today(indexes, lead)
        said = {"preheader": self._preheader(indexes, lead, today), "follows": self._follows(chosen)}
        steps, size_bytes = self._fitted(indexes, self._around(lead, today), said, lead)
        if is_whole:
            steps = dict.fromkeys(indexes, Step.LONG)
        minutes = self._minutes(steps, lead)
        common = of_set(said | {"reading": self.phrases.reading[minutes - 1]}, is_flowed=self.is_flowed)
        html = Sheet(self._ordered(steps, lead, today, "html"), common.html, self._literals)
        text = Sheet(self._ordered(steps, lead, today, "text"), common.text, self._literals)
        layout = Layout(
            size_bytes=size_bytes, steps={self.sections[i].slug: step for i, step in steps.items()}, minutes=minutes
        )
        return Plan(subject=self._subject(lead), html=html, text=text, layout=layout)

    def _best(self, indexes: Collection[int]) -> int:
        """Return whose first Story leads: the best, and of those alike the one whose Section comes first."""
        return max(indexes, key=lambda i: self.sections[i].score)

    def _around(self, lead: int, today: list[tuple[int, int]]) -> list[Piece]:
        shell = self.html
        lines = [self.sections[i].html.lines[n] for i, n in today]
        summary = [shell.today, *lines, shell.today_end] if today else []
        return [shell.opening, *summary, self.sections[lead].html.lead, shell.closing]

    def _fitted(
        self, indexes: Sequence[int], around: Sequence[Piece], said: Mapping[str, str], lead: int
    ) -> tuple[dict[int, Step], int]:
        """Return the step of each section by its index, and the bytes of them all with what is *said* of them."""
        said = {**said, "reading": max(self.phrases.reading, key=len)}
        values = {name: Size(size, size) for name, size in self.longest.items()}
        common = of_set(said, is_flowed=self.is_flowed).html
        values |= {name: Size.of(value) for name, value in common.items()}
        values["reader"] = LONGEST_READER

        def size(pieces: Sequence[Piece]) -> Size:
            total = Size()
            for piece in pieces:
                total = total.plus(self._measure(piece).filled(values))
            return total

        best_first = sorted(indexes, key=lambda i: -self.sections[i].score)
        sizes = [{step: size(rows(self.sections[i].html, step, is_led=i == lead)) for step in Step} for i in best_first]
        taken, size_bytes = fitted(sizes, size(around))
        return dict(sorted(zip(best_first, taken, strict=True))), size_bytes

    def _measure(self, piece: Piece) -> Measure:
        found = self._measures.get(piece)
        if found is None:
            found = self._measures[piece] = Measure.of(piece)
        return found

    def _minutes(self, steps: Mapping[int, Step], lead: int) -> int:
        """Return how many minutes the sections take as they are shown; there is no mail that takes none."""
        texts = (rows(self.sections[i].text, step, is_led=i == lead) for i, step in steps.items())
        words = sum(self._words_in(piece) for pieces in ([self.sections[lead].text.lead], *texts) for piece in pieces)
        return min(reading_minutes(words), len(self.phrases.reading))

    def _words_in(self, piece: Piece) -> int:
        found = self._words.get(piece)
        if found is None:
            found = self._words[piece] = words_in(piece)
        return found

    def _follows(self, chosen: Collection[str] | None) -> str:
        titles = [topic.title for topic in self.topics if chosen is None or topic.slug in chosen]
        if len(titles) in {0, len(self.topics)}:
            return self.phrases.follows_all
        return self.phrases.follows.format(" · ".join(titles))

    def _today(self, indexes: Sequence[int], lead: int) -> list[tuple[int, int]]:
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
        is_best = self.keeps_subject or lead == self._best(range(len(self.sections)))
        return self.subject if is_best else shorten(self.sections[lead].headlines[0], SUBJECT_LIMIT)

    def _preheader(self, indexes: Sequence[int], lead: int, today: list[tuple[int, int]]) -> str:
        if self.preheader and len(indexes) == len(self.sections):
            return self.preheader
        headlines = (self.sections[i].headlines[n] for i, n in [(lead, 0), *today])
        news = " · ".join(headline for headline in headlines if headline not in self._subject(lead))
        return shorten(news, PREHEADER_LIMIT)

    def _ordered(
        self, steps: Mapping[int, Step], lead: int, today: Sequence[tuple[int, int]], medium: str
    ) -> list[Piece]:
        shell: Shell = getattr(self, medium)
        forms: list[SectionPieces] = [getattr(section, medium) for section in self.sections]
        pieces = [shell.opening]
        if today:
            pieces += [shell.today, *(forms[i].lines[n] for i, n in today), shell.today_end]
        pieces.append(forms[lead].lead)
        for i, step in steps.items():
            pieces += rows(forms[i], step, is_led=i == lead)
        return [*pieces, shell.closing]


def reading_minutes(words: int) -> int:
    """Return how many minutes it takes to read so many *words*, at least 1."""
    return max(1, round(words / WORDS_PER_MINUTE))


def _section(data: dict[str, Any]) -> RenderedSection:
    return RenderedSection(
        **data
        | {
            "html": section_from_json(data["html"]),
            "text": section_from_json(data["text"]),
            "headlines": tuple(data["headlines"]),
            "scores": tuple(data["scores"]),
        }
    )
