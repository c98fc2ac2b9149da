"""What each line of a plain-text page dump is: text, a fact about the piece, a list of other pieces, or residue."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from digest.gather.text import phrases
from digest.gather.text.clean import plain
from digest.gather.text.dates import parse_date, relative
from digest.gather.text.summary import CUT_OFF, ENDED


class Kind(StrEnum):
    """What a line is."""

    #: Text, or a heading within it.
    TEXT = "text"
    #: Says what the piece is about, who wrote it or when: "Categories: News", "By Ann Example", a date.
    FACT = "fact"
    #: Opens a list of other pieces that ends with the list: "Read also :".
    LINKS = "links"
    #: Opens teasers or comments that go on to the end of the page: "Recent posts".
    TEASERS = "teasers"
    #: An item of a list: "• Another piece".
    ITEM = "item"
    #: Menus, share buttons, notices.
    RESIDUE = "residue"


@dataclass(frozen=True, slots=True)
class Line:
    """
    One paragraph or heading of a dump.

    *gap* says whether an empty line stands before it, *is_row* whether a neighbour begins as it does, with a figure in
    both: "June 9 - Oster, Town Hall".
    """

    text: str
    kind: Kind
    gap: bool
    is_row: bool = False

    @property
    def words(self) -> float:
        """Return about how many words it has; scripts without spaces count five characters for one."""
        return max(self.text.count(" ") + 1, len(self.text) / 8)

    @property
    def is_cut_off(self) -> bool:
        """Return whether it ends in an ellipsis, as teasers do."""
        return bool(CUT_OFF.search(self.text))

    @property
    def is_sentence(self) -> bool:
        """Return whether it ends as sentences do."""
        return bool(ENDED.search(self.text)) and not self.is_cut_off

    @property
    def is_title_like(self) -> bool:
        """Return whether it could be a headline: some words without a full stop."""
        return (
            self.kind is Kind.TEXT
            and 2 <= self.words <= 30
            and len(self.text) <= LONGEST_HEADLINE
            and not self.is_cut_off
            and not phrases.STAMP.search(self.text)
            and (not self.text.endswith((".", "\u3002")) or self.text.endswith(".."))
        )

    @property
    def score(self) -> float:
        """Return how much the line speaks for being body text; negative when it speaks against."""
        if self.kind in SCORES:
            return SCORES[self.kind]
        if self.is_cut_off:
            return CUT_OFF_SCORE
        words = min(self.words, MOST_WORDS)
        if self.is_sentence and (words >= TELLING or FULL_STOP.search(self.text)):
            return words - FEWEST_WORDS
        return ROW_SCORE if self.is_row else words / 3 - HEADING


TEASERS = (phrases.TEASERS_HEAD, phrases.TEASERS_FROM, phrases.COMMENTS_HEAD, phrases.COMMENTS_FROM)
SCORES = {Kind.FACT: -4.0, Kind.LINKS: -4.0, Kind.TEASERS: -100.0, Kind.RESIDUE: -12.0}
CUT_OFF_SCORE, ROW_SCORE = -6.0, 1.0
#: A sentence counts by its words beyond these, up to the most; what is no sentence counts against the text.
FEWEST_WORDS, MOST_WORDS, HEADING = 6, 40, 7
#: A question, an exclamation or a line that ends in a bracket is a sentence when it has so many words, else a headline.
TELLING = 15
FULL_STOP = re.compile(
    r"[.\u3002][\"'\u2019\u201d\xbb)\]\u300d\u300f\uff09]*$|[!?,][\"'\u2019\u201d\xbb\u300d\u300f]+$|[\uff01\uff1f]$"
)
LONGEST_HEADLINE = 220
#: More of a dump is not looked at.
LONGEST_DUMP, MOST_LINES = 2_000_000, 20_000
#: Furniture is short; beyond this a line is text whatever it begins with.
LONGEST_FURNITURE = 200
LONGEST_DATE = 60
#: In a hard-wrapped dump lines are about this long or longer, where the paragraph goes on.
WRAPPED = 50
WORD = re.compile(r"[\w-]+")
FIGURES = re.compile(r"\d+")
FEWEST_OF_ROW = FEWEST_COMMENTS = 3
#: Counters and rulers.
NO_WORD = re.compile(r"[\W\d_]+")


def read_lines(text: str, *, fetched_at: datetime) -> list[Line]:
    """Return the lines of a dump in order, hard-wrapped paragraphs joined, empty lines gone."""
    found: list[Line] = []
    gap = True
    for raw in _unwrapped(text[:LONGEST_DUMP].splitlines()[:MOST_LINES]):
        clean = plain(raw)
        if clean:
            found.append(Line(clean, kind_of(clean, fetched_at=fetched_at), gap))
        gap = not clean
    return _with_comments(_with_rows(found))


def _with_comments(lines: list[Line]) -> list[Line]:
    """Return *lines* with those marked by which readers' comments open, where there are several."""
    opening = {place for place, line in enumerate(lines) if phrases.COMMENT_BY.fullmatch(line.text)}
    if len(opening) < FEWEST_COMMENTS:
        return lines
    return [replace(line, kind=Kind.TEASERS) if place in opening else line for place, line in enumerate(lines)]


def _with_rows(lines: list[Line]) -> list[Line]:
    """Return *lines* with those marked that are rows of a list or table."""
    starts = [_start_of_row(line) for line in lines]
    around = zip(["", *starts], starts, [*starts[1:], ""], strict=False)
    return [
        replace(line, is_row=True) if start and start in {before, after} else line
        for line, (before, start, after) in zip(lines, around, strict=False)
    ]


def _start_of_row(line: Line) -> str:
    """Return the first word of *line* with noughts for its figures, empty when it can be no row."""
    is_one = line.kind in {Kind.TEXT, Kind.ITEM} and line.words >= FEWEST_OF_ROW and not line.is_cut_off
    return FIGURES.sub("0", line.text.split(" ", 1)[0]).casefold() if is_one and FIGURES.search(line.text) else ""


def kind_of(text: str, *, fetched_at: datetime) -> Kind:
    """Return what the line *text* is by its words alone."""
    if len(text) > LONGEST_FURNITURE:
        return Kind.TEXT
    if any(head.fullmatch(text) for head in TEASERS):
        return Kind.TEASERS
    if phrases.LINKS_HEAD.fullmatch(text):
        return Kind.LINKS
    if is_fact(text, fetched_at=fetched_at):
        return Kind.FACT
    words = WORD.findall(text.lower())
    if phrases.BUTTONS.issuperset(words) or NO_WORD.fullmatch(text) or phrases.NOTICE.fullmatch(text):
        return Kind.RESIDUE
    return Kind.ITEM if phrases.ITEM.fullmatch(text) else Kind.TEXT


def is_fact(text: str, *, fetched_at: datetime) -> bool:
    """Return whether the line tells category, author or date."""
    patterns = (phrases.CATEGORY, phrases.AUTHOR, phrases.AUTHOR_NEXT)
    return any(pattern.fullmatch(text) for pattern in patterns) or date_of(text, fetched_at=fetched_at) is not None


def date_of(text: str, *, fetched_at: datetime) -> datetime | None:
    """Return the instant that a line names which is little more than a date."""
    bare = phrases.DATE_LABEL.sub("", text)
    if len(bare) > LONGEST_DATE:
        return None
    others = [word for word in WORD.findall(bare.lower()) if not word[0].isdigit() and word not in phrases.DATE_WORDS]
    return relative(bare, fetched_at=fetched_at) or (
        parse_date(bare, fetched_at=fetched_at) if len(others) <= 1 else None
    )


def _unwrapped(lines: Sequence[str]) -> list[str]:
    """
    Return *lines* with those joined that are one paragraph broken at a column.

    A dump counts as hard-wrapped when three of its lines or more go on in lower case.
    """
    goes_on = [
        len(line) >= WRAPPED and bool(after[:1].islower()) and not ENDED.search(line.rstrip())
        for line, after in zip(lines, [*lines[1:], ""], strict=False)
    ]
    if sum(goes_on) < 3:
        return list(lines)
    width = max(len(line) for line, on in zip(lines, goes_on, strict=True) if on)
    joined: list[str] = []
    open_paragraph = False
    for line in lines:
        if open_paragraph and line.strip() and not phrases.ITEM.fullmatch(line.strip()):
            joined[-1] = f"{joined[-1]} {line.strip()}"
        else:
            joined.append(line)
        open_paragraph = width * 0.6 <= len(line) <= width * 1.2
    return joined
