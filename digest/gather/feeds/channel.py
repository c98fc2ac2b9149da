"""What a feed says, uncleaned: its pieces, and what it says of itself and of its own pace."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from digest.gather.piece import Piece

#: A publisher's wish to be left alone counts for a day at most.
LONGEST_PAUSE = timedelta(hours=24)
# RSS 1.0 Syndication module, web.resource.org/rss/1.0/modules/syndication.
PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
WEEKDAYS = {name: place for place, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), start=1)}
NUMBER = re.compile(r"\s*(\d{1,6})(?:\.\d*)?\s*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """
    What one feed says. *title* may hold HTML, *site* may be relative to *base*.

    *ttl*, *skip_hours* (0 to 23, UTC) and *skip_days* (ISO, 1 to 7) say how often its publisher wants to be asked.
    """

    pieces: list[Piece]
    base: str = ""
    title: str = ""
    site: str = ""
    language: str | None = None
    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


def ttl_of(minutes: str, *, period: str = "", frequency: str = "") -> timedelta | None:
    """
    Return how long a feed may be kept: its ``ttl`` in *minutes*, else *period* by *frequency*; at most 24 hours.

    Sources: RSS 2.0 and its Syndication module, where a frequency that is missing counts as one.
    """
    asked = timedelta(minutes=_number(minutes) or 0)
    if not asked and (whole := PERIODS.get(period.strip().lower())):
        asked = whole / (_number(frequency) or 1)
    return min(asked, LONGEST_PAUSE) or None


def hours_of(texts: Iterable[str]) -> tuple[int, ...]:
    """Return the hours of RSS ``skipHours``, 0 to 23, in order, where 24 is midnight as in RSS 0.91."""
    numbers = (_number(text) for text in texts)
    return tuple(sorted({number % 24 for number in numbers if number is not None and number <= 24}))


def days_of(texts: Iterable[str]) -> tuple[int, ...]:
    """Return the days of RSS ``skipDays``, English names, as ISO weekdays in order."""
    known = (WEEKDAYS.get(text.strip().lower()[:3]) for text in texts)
    return tuple(sorted({day for day in known if day is not None}))


def _number(text: str) -> int | None:
    found = NUMBER.fullmatch(text)
    return int(found[1]) if found else None
