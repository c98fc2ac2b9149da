"""PastEdition: an Edition that readers have got, as lists of the archive show it; and the months of such lists."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from digest.model.ids import EditionId
from subscribers.cadence import Cadence


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEdition:
    """One Edition that has gone out: what it is called and when, without its pages. All text is on one line."""

    id: EditionId
    number: int
    cadence: Cadence
    date: dt.date
    subject: str
    #: Empty where its Draft has none.
    preheader: str
    #: When its content was frozen; the Date of its mails.
    approved_at: dt.datetime
    #: When its pages were last corrected, and what was wrong with them; None and empty where nothing was.
    corrected_at: dt.datetime | None = None
    correction: str = ""

    @property
    def changed_at(self) -> dt.datetime:
        """Return when its pages became what they are."""
        return self.corrected_at or self.approved_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One *month*, given by its first day, and how many Editions that and the others have, the newest first."""

    month: dt.date
    counts: Mapping[dt.date, int]

    @property
    def newer(self) -> dt.date | None:
        """Return the next month that has Editions."""
        return min((month for month in self.counts if month > self.month), default=None)

    @property
    def older(self) -> dt.date | None:
        """Return the month with Editions before this one."""
        return max((month for month in self.counts if month < self.month), default=None)

    @property
    def years(self) -> Sequence[tuple[int, Sequence[dt.date]]]:
        """Return the months that have Editions by their year: the newest year first, its months in their order."""
        return [(year, sorted(months)) for year, months in groupby(self.counts, key=lambda month: month.year)]
