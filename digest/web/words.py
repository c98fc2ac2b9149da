"""
Words for the pages: ages, waits, dates, sizes, states.

The functions speak English, for the desk and for the English pages. ``Words`` says those of the public pages in another
language.
"""

import datetime as dt
import functools
import unicodedata

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_skeleton, format_timedelta, get_timezone_location
from babel.support import NullTranslations

from digest.model.edition import EditionState
from digest.model.newsletter import Newsletter
from digest.render.languages import locale
from subscribers.cadence import Cadence

#: Time zones: IANA names, each with its name for reading.
Zones = tuple[tuple[str, str], ...]
MINUTE, HOUR, DAY = 60, 3600, 86400

#: Each state's word and tone; a tone is a colour of the stylesheet.
STATES: dict[str, tuple[str, str]] = {
    EditionState.PLANNED: ("not made yet", "quiet"),
    EditionState.DRAFT: ("draft", "open"),
    EditionState.HELD: ("held", "warn"),
    EditionState.APPROVED: ("approved", "good"),
    EditionState.SENDING: ("going out", "good"),
    EditionState.PAUSED: ("paused", "warn"),
    EditionState.SENT: ("sent", "good"),
    EditionState.SKIPPED: ("skipped", "quiet"),
    EditionState.CANCELLED: ("called off", "warn"),
}
CADENCES = {
    Cadence.DAILY: "Every day",
    Cadence.WEEKDAYS: "Monday to Friday",
    Cadence.WEEKLY: "Once a week",
    Cadence.SPECIAL: "Special",
    Cadence.CORRECTION: "Correction",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def state_word(state: str | None) -> str:
    """Return the word for an Edition's state; None is an Edition that nobody has planned."""
    return STATES[state or EditionState.PLANNED][0]


def state_tone(state: str | None) -> str:
    """Return the tone of an Edition's state."""
    return STATES[state or EditionState.PLANNED][1]


def span(seconds: float) -> str:
    """Return a length of time in at most two units: "1 h 12 min", "3 d", "less than a minute"."""
    total = int(seconds)
    if total < MINUTE:
        return "less than a minute"
    if total < HOUR:
        return f"{total // MINUTE} min"
    if total < DAY:
        hours, minutes = divmod(total // MINUTE, 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(total // HOUR, 24)
    return f"{days} d {hours} h" if hours and days < 3 else f"{days} d"


def age(at: dt.datetime, now: dt.datetime) -> str:
    """Return how long ago *at* was, in one unit: "2 h"."""
    seconds = max(0, int((now - at).total_seconds()))
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "now"


def until(at: dt.datetime, now: dt.datetime) -> str:
    """Return when *at* is, seen from *now*: "in 1 h 12 min", "2 h ago", "now"."""
    seconds = (at - now).total_seconds()
    if abs(seconds) < MINUTE:
        return "now"
    return f"in {span(seconds)}" if seconds > 0 else f"{span(-seconds)} ago"


def ahead(seconds: int) -> str:
    """Return when *seconds* will be over, for readers: "in 38 minutes"; a minute that has begun counts whole."""
    return _ahead(seconds, "en")


def clock(at: dt.datetime, newsletter: Newsletter) -> str:
    """Return the newsletter's local time of *at*: "07:00"."""
    return at.astimezone(newsletter.schedule.zone).strftime("%H:%M")


def day(date: dt.date) -> str:
    """Return a date as a newspaper writes it: "Mon 23 Nov 2026"."""
    return f"{date:%a} {date.day} {date:%b %Y}"


def long_day(date: dt.date) -> str:
    """Return a date in full: "23 November 2026"."""
    return f"{date.day} {date:%B %Y}"


def month(date: dt.date) -> str:
    """Return the month in which *date* lies: "November 2026"."""
    return f"{date:%B %Y}"


def month_name(date: dt.date) -> str:
    """Return the short name of the month in which *date* lies: "Nov"."""
    return f"{date:%b}"


def moment(at: dt.datetime) -> str:
    """Return an instant for operators, in UTC: "23 Nov 06:30:12"."""
    at = at.astimezone(dt.UTC)
    return f"{at.day} {at:%b %H:%M:%S}"


def kilobytes(size: int) -> str:
    """Return a size as mailboxes count it: "41 KB"."""
    return f"{round(size / 1024)} KB"


def rhythm(newsletter: Newsletter) -> str:
    """Return when a newsletter comes: "Every day at 07:00 Berlin time"."""
    plan = newsletter.schedule
    ways = {
        Cadence.DAILY: "Every day",
        Cadence.WEEKLY: f"every {WEEKDAYS[plan.weekly_day - 1]}",
    }
    text = " or ".join(ways[cadence] for cadence in sorted(plan.cadences))
    return f"{text[:1].upper()}{text[1:]} at {plan.at:%H:%M} {zone_time(plan.zone.key)}"


def zone_time(key: str) -> str:
    """Return whose time a zone's is: "Berlin time", "Buenos Aires time", "UTC"."""
    _, place, name = zone_name(key).rpartition("/")
    return f"{name} time" if place else name


def zone_name(key: str) -> str:
    """Return an IANA name for reading: "America/New York"."""
    return key.replace("_", " ")


def places(zones: Zones) -> Zones:
    """Return *zones* as they are: their names are English."""
    return zones


def is_web_address(url: str) -> bool:
    """Return whether *url* may stand in a link: what a feed brings could also be a script."""
    return url.startswith(("https://", "http://"))


def phrase(text: str) -> str:
    """Return *text*, English that stands in code; so marked, it comes into the catalogues of the public pages."""
    return text


class Words:
    """The words of the public pages in one *language*, a BCP 47 tag; *phrases* is its catalogue."""

    def __init__(self, language: str, phrases: NullTranslations) -> None:
        self._locale, self._phrases = locale(language), phrases

    def day(self, date: dt.date) -> str:
        """Return a date as a newspaper writes it: "Mo., 23. Nov. 2026"."""
        return format_skeleton("yMMMEd", date, locale=self._locale)

    def long_day(self, date: dt.date) -> str:
        """Return a date in full: "23. November 2026"."""
        return format_date(date, "long", locale=self._locale)

    def month(self, date: dt.date) -> str:
        """Return the month in which *date* lies, as a heading: "Novembre 2026"."""
        text = format_skeleton("yMMMM", date, locale=self._locale)
        return f"{text[:1].upper()}{text[1:]}"

    def month_name(self, date: dt.date) -> str:
        """Return the short name of the month in which *date* lies: "nov."."""
        return format_date(date, "LLL", locale=self._locale)

    def ahead(self, seconds: int) -> str:
        """Return when *seconds* will be over: "in 38 Minuten"."""
        return _ahead(seconds, self._locale)

    def rhythm(self, newsletter: Newsletter) -> str:
        """Return when a newsletter comes: "Jeden Tag um 07:00 (Ortszeit Berlin)"."""
        plan, gettext = newsletter.schedule, self._phrases.gettext
        # A whole sentence for each, for every language builds its own; 23 November 2026 was a Monday.
        day = format_date(dt.date(2026, 11, 22) + dt.timedelta(days=plan.weekly_day), "EEEE", locale=self._locale)
        if Cadence.WEEKLY not in plan.cadences:
            text = gettext("Every day at %(hour)s %(place_time)s")
        elif Cadence.DAILY in plan.cadences:
            text = gettext("Every day, or every %(weekday)s, at %(hour)s %(place_time)s")
        else:
            text = gettext("Every %(weekday)s at %(hour)s %(place_time)s")
        values = {"weekday": day, "hour": f"{plan.at:%H:%M}", "place_time": self.zone_time(plan.zone.key)}
        return text % values

    def zone_time(self, key: str) -> str:
        """Return whose time a zone's is: "Ortszeit Berlin", "UTC"."""
        place = self.zone_name(key)
        return self._phrases.gettext("%(place)s time") % {"place": place} if "/" in key else place

    def zone_name(self, key: str) -> str:
        """Return the place that an IANA name stands for: "Nueva York"."""
        if "/" not in key:
            return key
        return get_timezone_location(key, locale=self._locale, return_city=True)

    def places(self, zones: Zones) -> Zones:
        """Return *zones* with the names of this language, and in its order."""
        return _places(zones, self._locale)


def _ahead(seconds: int, customs: Locale | str) -> str:
    whole = dt.timedelta(minutes=-(-seconds // MINUTE))
    return format_timedelta(whole, granularity="minute", threshold=1, add_direction=True, locale=customs)


@functools.lru_cache(maxsize=512)
def _places(zones: Zones, customs: Locale) -> Zones:
    renamed = get_global("zone_aliases")
    named = []
    for key, name in zones:
        place, own = get_timezone_location(key, locale=customs, return_city=True), name.rpartition("/")[2]
        if "/" in place:
            place = name  # this language has no word for it
        elif key in renamed and own != place:
            place = f"{place} ({own})"  # Europe/London and Europe/Belfast would both read "London"
        named.append((key, place))
    return tuple(sorted(named, key=lambda zone: _sortable(zone[1])))


def _sortable(text: str) -> str:
    """Return *text* without accents and in one case: "Évian" stands beside "Eutin"."""
    parts = unicodedata.normalize("NFD", text)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()
