"""Cadence: how often a reader wants the paper."""

from datetime import date
from enum import StrEnum


class Cadence(StrEnum):
    """How often. Editions are daily or weekly; ``weekdays`` readers get the daily Editions of Monday to Friday."""

    #: Every day's Edition.
    DAILY = "daily"
    #: The daily Editions of Monday to Friday.
    WEEKDAYS = "weekdays"
    #: One Edition a week, covering the week.
    WEEKLY = "weekly"
    #: An Edition beside the rhythm, for readers of the newsletter whom its editors name; no wish of a reader.
    SPECIAL = "special"
    #: A mail that corrects an Edition, for those who got that one; no wish of a reader.
    CORRECTION = "correction"

    @property
    def is_beside(self) -> bool:
        """Return whether its Editions come beside the rhythm: made by hand, approved by hand, sent at once."""
        return self in {Cadence.SPECIAL, Cadence.CORRECTION}

    @property
    def edition(self) -> "Cadence":
        """Return the cadence of the Editions that serve this wish: daily or weekly; beside the rhythm, itself."""
        return Cadence.DAILY if self is Cadence.WEEKDAYS else self

    @staticmethod
    def served_by(edition: "Cadence", day: date) -> tuple["Cadence", ...]:
        """Return the wishes that an Edition of cadence *edition* dated *day* fulfils."""
        if edition is Cadence.WEEKLY:
            return (Cadence.WEEKLY,)
        if edition.is_beside:
            return WISHES
        return (Cadence.DAILY, Cadence.WEEKDAYS) if day.isoweekday() <= 5 else (Cadence.DAILY,)


#: The cadences that a reader can choose.
WISHES = (Cadence.DAILY, Cadence.WEEKDAYS, Cadence.WEEKLY)
