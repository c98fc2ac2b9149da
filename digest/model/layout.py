"""How a page is made to fit: its size as mailboxes count it, and the step down that each Section has to take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Self

from digest.model.pieces import NAME_LIMIT, Piece, SectionPieces
from digest.model.text import word_count

#: Mailboxes show no more bytes of a mail's HTML than this, and hide the unsubscribe link with the rest.
CLIPPED_AT = 104_448
#: What an Edition may have: limits are reported between 100 and 105 KB, and not every mailbox counts alike.
BUDGET = 92_160
#: Of a Section whose rest is left to the web, so many Stories stay.
KEPT = 3

_SAFE = bytes(code for code in range(0x20, 0x7F) if code != ord("="))
#: A line of quoted-printable holds 75 signs before its soft break, less where a character would be cut in two.
_FILLED = 68
#: An ampersand takes five bytes as a reference, a sign of four bytes twelve in quoted-printable. Name and hint.
_LONGEST_READER = 2 * NAME_LIMIT * 12


class Step(IntEnum):
    """How much of a Section is shown."""

    #: Two Stories at length, the others in a line each.
    LONG = 0
    #: Every Story in a line.
    LINES = 1
    #: The best in a line each; that there is more on the web.
    WEB = 2
    #: That it is on the web.
    NAME = 3


#: In the order in which they are taken.
STEPS = tuple(Step)


class Size(NamedTuple):
    """The bytes of some HTML: in UTF-8 with CRLF, and in quoted-printable (RFC 2045 §6.7), rounded up."""

    raw: int = 0
    quoted: int = 0

    @classmethod
    def of(cls, raw: bytes) -> Self:
        """Measure *raw*."""
        signs = len(raw) + 2 * (len(raw.translate(None, _SAFE)) + raw.count(b"  "))
        return cls(len(raw) + raw.count(b"\n"), signs + 3 * (signs // _FILLED + 1))

    def plus(self, other: "Size", times: int = 1) -> "Size":
        """Return the size with *other* added, so many *times*."""
        return Size(self.raw + times * other.raw, self.quoted + times * other.quoted)

    @property
    def encoded(self) -> int:
        """Return the bytes on the wire: the sender takes base64 where that is shorter."""
        return min(self.quoted, base64_size(self.raw))


LONGEST_READER = Size(_LONGEST_READER, _LONGEST_READER)


def base64_size(raw: int) -> int:
    """Return the bytes that *raw* bytes take in base64, in lines of 76 signs (RFC 2045 §6.8)."""
    return -(-raw // 57) * 78


class Measure(NamedTuple):
    """The size of a piece's literals, and how often each slot stands in it."""

    literals: Size
    slots: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, piece: Piece) -> Self:
        """Measure *piece*."""
        names = [part.name for part in piece if not isinstance(part, str)]
        literals = Size.of("".join(part for part in piece if isinstance(part, str)).encode())
        return cls(literals, tuple((name, names.count(name)) for name in dict.fromkeys(names)))

    def filled(self, values: Mapping[str, Size]) -> Size:
        """Return the size of the piece with values of these sizes in its slots."""
        size = self.literals
        for name, times in self.slots:
            size = size.plus(values[name], times)
        return size


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """
    What a set of sections looks like.

    The bytes of its HTML with the longest values, the step of each section by its slug, the minutes that it takes.
    """

    size_bytes: int
    steps: Mapping[str, Step]
    minutes: int

    @property
    def shortened(self) -> Mapping[str, Step]:
        """Return the sections that had to give way."""
        return {slug: step for slug, step in self.steps.items() if step is not Step.LONG}


def words_in(piece: Piece) -> int:
    """Return how many words *piece* gives to read, its slots aside."""
    return word_count("".join(part for part in piece if isinstance(part, str)))


def rows(pieces: SectionPieces, step: Step, *, is_led: bool) -> list[Piece]:
    """Return the Section in *step*, whole; where its first Story is the lead, without that."""
    first = 1 if is_led else 0
    if step is Step.NAME:
        return [pieces.elsewhere] if pieces.briefs[first:] else []
    if step is Step.LONG:
        stories = [*pieces.mediums[first:], *pieces.briefs[max(first, len(pieces.mediums)) :]]
    elif step is Step.WEB and pieces.more:
        stories = [*pieces.briefs[first:KEPT], pieces.more]
    else:
        stories = [*pieces.briefs[first:]]
    return [pieces.head, *stories, pieces.tail] if stories else []


def fitted(sizes: Sequence[Mapping[Step, Size]], around: Size) -> tuple[list[Step], int]:
    """
    Return the step of each Section, and the encoded bytes of the page.

    *sizes* are those of the Sections in each step, the one that gives way last first; *around* is all else. The first
    steps are taken that fit the budget: each before the next, the last Section before the others.
    """
    steps = [Step.LONG] * len(sizes)
    total = around
    for each in sizes:
        total = total.plus(each[Step.LONG])
    for step in STEPS[1:]:
        for place in reversed(range(len(sizes))):
            if total.encoded <= BUDGET:
                return steps, total.encoded
            total = total.plus(sizes[place][step]).plus(sizes[place][steps[place]], -1)
            steps[place] = step
    return steps, total.encoded
