"""What an import is told and what it tells: ImportPlan, Refusal, ImportReport."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.import_csv.formats import Format


class Reason(StrEnum):
    """Why a row was refused. ``bad …`` is followed by the field of a BadWish."""

    #: The row is no CSV, or not of the header's width.
    MALFORMED = "malformed"
    #: The address is none.
    BAD_ADDRESS = "bad address"
    #: The name is too long.
    BAD_NAME = "bad name"
    #: The language is no tag.
    BAD_LANGUAGE = "bad language"
    #: The time zone is unknown.
    BAD_TIME_ZONE = "bad time zone"
    #: The newsletter has no such section.
    BAD_SECTIONS = "bad sections"
    #: The newsletter has no such cadence.
    BAD_CADENCE = "bad cadence"
    #: The hour is none.
    BAD_HOUR = "bad hour"
    #: The row does not say in words that we know whether this reader still reads.
    BAD_STATUS = "bad status"
    #: The address stands further up in the file.
    DUPLICATE = "duplicate"
    #: The address gets no mail.
    SUPPRESSED = "suppressed"
    #: The reader left this newsletter; only the reader, or an operator by hand, brings it back.
    LEFT = "left"
    #: The file says that the reader had left there, or that mail to them came back.
    LEFT_ELSEWHERE = "left elsewhere"
    #: Somebody asked for it and the reader has not confirmed yet.
    UNCONFIRMED = "unconfirmed"
    #: The database would not take it.
    NOT_STORED = "not stored"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ImportPlan:
    """
    What to do with the rows of a file.

    *ground* says when and how these readers agreed, and which file it is. *language*, *time_zone* and the first of
    *cadences* stand in where a row says nothing; *sections* and *cadences* are what the newsletter has. *mapping* says
    of headings which of FIELDS they hold, or ``-`` for none, and wins over what is recognised. Where *everybody_left*,
    nobody comes in: the file is a list of those who have left.
    """

    newsletter: str
    ground: Evidence
    fingerprint_key: bytes
    sections: frozenset[str]
    language: str
    time_zone: str
    cadences: tuple[Cadence, ...] = (Cadence.DAILY, Cadence.WEEKDAYS, Cadence.WEEKLY)
    allow_special: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)
    everybody_left: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken: the line that it begins on (1 is the first of the file), the reason, and the fact."""

    line: int
    reason: Reason
    fact: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.fact}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Onlooker:
    """
    Who is told how an import goes: how many rows are read, then how many of all are done so far.

    In the end it is told each Refusal in the order of the lines.
    """

    read: Callable[[int], None] = lambda _rows: None
    progress: Callable[[int], None] = lambda _rows: None
    refused: Callable[[Refusal], None] = lambda _refusal: None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """
    What an import came to. Blank lines and the header are no rows. *format* is whose export the file was taken for.

    *unchanged* readers had this newsletter already and keep their own wishes. *refused* holds the first thousand,
    *counts* all of them by reason. *ignored_columns* are headings that mean nothing to us.
    """

    format: Format
    added: int
    unchanged: int
    refused: tuple[Refusal, ...]
    counts: Mapping[Reason, int]
    ignored_columns: tuple[str, ...]

    @property
    def refused_count(self) -> int:
        """Return how many rows were refused."""
        return sum(self.counts.values())

    @property
    def rows(self) -> int:
        """Return how many rows the file had: each is added, unchanged or refused."""
        return self.added + self.unchanged + self.refused_count
