"""When a piece was published, from what publishers write: mail dates, ISO dates, month names, "51 mins ago"."""

import calendar
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import struct_time

#: Nothing on the web is older; what says so has no date.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

# What some software writes for "no date"; the mail format would read 0001 as 2001 (RFC 5322 §4.3).
YEAR_NOUGHT = re.compile(r"(?<![+-])\b000\d\b")

UNITS = {
    "second": timedelta(seconds=1), "minute": timedelta(minutes=1), "hour": timedelta(hours=1),
    "day": timedelta(days=1), "week": timedelta(weeks=1), "month": timedelta(days=30), "year": timedelta(days=365),
}  # fmt: skip
UNIT_OF = {
    spelling: unit
    for unit, spellings in {
        "second": "s sec secs second seconds sekunde sekunden seconde secondes segundo segundos secondo secondi",
        "minute": "m min mins minute minutes minuten minuto minutos minuti",
        "hour": "h hr hrs hour hours std stunde stunden heure heures hora horas ora ore uur",
        "day": "d day days tag tage tagen jour jours día días dia dias giorno giorni dag dagen",
        "week": "w week weeks woche wochen semaine semaines semana semanas settimana settimane weken",
        "month": "month months monat monate monaten mois mes meses mese mesi maand maanden",
        "year": "year years jahr jahre jahren an ans année années año años anno anni jaar",
    }.items()
    for spelling in spellings.split()
}
COUNT = r"(?P<count>\d{1,4}|an?|one|ein(?:e[rnm]?)?|une?|un[ao]?|een)"
UNIT = rf"(?P<unit>{'|'.join(sorted(UNIT_OF, key=len, reverse=True))})\.?"
RELATIVE = re.compile(
    rf"(?:{COUNT}\s*{UNIT}\s+(?:ago|fa|geleden)|(?:vor|il\s+y\s+a|hace|há)\s+{COUNT.replace('count', 'count_')}"
    rf"\s*{UNIT.replace('unit', 'unit_')})",
    re.IGNORECASE,
)
NOW = re.compile(r"just now|gerade eben|à l['\u2019]instant|ahora mismo", re.IGNORECASE)
YESTERDAY = re.compile(r"yesterday|gestern|hier|ayer|ieri|gisteren", re.IGNORECASE)
MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
}
MONTH = rf"(?P<month>{'|'.join(sorted(MONTHS, key=len, reverse=True))})\.?"
NAMED = (
    re.compile(rf"\b{MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b", re.IGNORECASE),
    # With full stops the day comes first everywhere; with slashes it depends on the country, so these are not read.
    re.compile(r"\b(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})\b"),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.?\s+{MONTH},?\s+(?P<year>\d{{4}})\b", re.IGNORECASE),
)


# The format of mail as nearly all feeds write it: RFC 5322 §3.3.
MAIL = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|UTC|([+-])(\d\d)(\d\d))",
    re.ASCII,
)


def parse_date(text: str, *, fetched_at: datetime) -> datetime | None:
    """
    Return the instant that *text* names as aware UTC, None when it names none.

    A date without a zone is taken for UTC. A future date is clamped to *fetched_at*: it was public by then.
    """
    if usual := _usual_mail(text):
        return _plausible(usual, fetched_at)
    text = " ".join(text[:200].split())
    if YEAR_NOUGHT.search(text):
        return None
    found = _iso(text) or _mail(text) or _relative(text, fetched_at) or _named(text)
    return None if found is None else _plausible(found, fetched_at)


def from_struct(parts: struct_time, *, fetched_at: datetime) -> datetime | None:
    """Return the instant of a UTC time tuple, as ``parse_date`` would."""
    try:
        found = datetime.fromtimestamp(calendar.timegm(parts), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return _plausible(found, fetched_at)


def relative(text: str, *, fetched_at: datetime) -> datetime | None:
    """Return the instant that the whole of *text* gives relative to the fetch: "51 mins ago"; None for others."""
    return _relative(" ".join(text[:200].split()), fetched_at)


def _plausible(found: datetime, fetched_at: datetime) -> datetime | None:
    try:
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
    return None if found < EARLIEST else min(found, fetched_at)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _usual_mail(text: str) -> datetime | None:
    """Read what MAIL matches, many times faster than the parser for all that mails contain."""
    found = MAIL.fullmatch(text)
    if found is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    try:
        at = datetime(int(year), MONTHS[month.lower()], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        return at + offset if sign == "-" else at - offset
    except (KeyError, ValueError, OverflowError):
        return None


def _mail(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _relative(text: str, fetched_at: datetime) -> datetime | None:
    if NOW.fullmatch(text):
        return fetched_at
    if YESTERDAY.fullmatch(text):
        return fetched_at - timedelta(days=1)
    found = RELATIVE.fullmatch(text)
    if found is None:
        return None
    count, unit = found["count"] or found["count_"], (found["unit"] or found["unit_"]).lower()
    return fetched_at - (int(count) if count.isdigit() else 1) * UNITS[UNIT_OF[unit]]


def _named(text: str) -> datetime | None:
    for pattern in NAMED:
        if found := pattern.search(text):
            try:
                month = MONTHS.get(found["month"].lower()) or int(found["month"])
                return datetime(int(found["year"]), month, int(found["day"]), tzinfo=UTC)
            except ValueError:
                return None
    return None
