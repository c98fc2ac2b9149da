"""PastEdition: an Edition that readers have got, as lists of the archive show it."""

import datetime as dt
from dataclasses import dataclass

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
