"""When things fall due: local hours as UTC instants, waves, Editions to come, lateness and news periods."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digest.model.newsletter import Schedule
from subscribers.cadence import Cadence

#: What a reader chose: a zone name and a local hour; None stands for the newsletter's own.
ReaderHour: TypeAlias = tuple[str | None, time | None]

HORIZON = timedelta(hours=48)
_DAY = timedelta(days=1)
_FIRST_PERIOD = {Cadence.DAILY: _DAY, Cadence.WEEKLY: timedelta(days=7)}
# Three days, since the Edition of Monday may follow that of Friday, and the hour of a clock change.
_LONGEST_PERIOD = {Cadence.DAILY: timedelta(days=3, hours=1), Cadence.WEEKLY: timedelta(days=10)}


class Period(NamedTuple):
    """The time whose news an Edition tells, in aware UTC; *start* belongs to it, *end* does not."""

    start: datetime
    end: datetime


def due_at(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """
    Return the UTC instant of the local time *at* on *day* in *zone*, or None where the zone skipped that day.

    In an overlap the first hour wins; in a gap the time moves forward by the gap (RFC 5545 §3.3.5), even past midnight.
    """

    def utc(on: date, local: time) -> datetime:
        return datetime.combine(on, local.replace(fold=0), tzinfo=zone).astimezone(UTC)

    if utc(day, time(0)) == utc(day + _DAY, time(0)):
        return None
    return utc(day, at)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """Return the date that a calendar on the wall shows in *zone* at *instant*."""
    return instant.astimezone(zone).date()


def waves(day: date, keys: Iterable[ReaderHour], schedule: Schedule) -> dict[ReaderHour, datetime]:
    """
    Return the UTC instant at which the Edition of *day* goes to the readers of each key.

    A reader whose zone skips *day*, or is no zone, gets it at the newsletter's own instant. Where the newsletter's own
    zone skips *day* there is no Edition and the result is empty.
    """
    own = due_at(day, schedule.at, schedule.zone)
    if own is None:
        return {}
    return {key: _chosen(day, key, schedule) or own for key in keys}


def prepare_at(first: datetime, schedule: Schedule) -> datetime:
    """Return when to make the Draft of an Edition whose *first* wave is known, so that editors can look at it."""
    return first - schedule.review


def edition_days(now: datetime, schedule: Schedule, horizon: timedelta = HORIZON) -> list[tuple[Cadence, date]]:
    """
    Return the Editions that are due from now less their catch-up until *now* + *horizon*, the earliest first.

    The weekly Edition falls on the schedule's weekday. A day that serves none of the schedule's cadences has none.
    """
    found: list[tuple[datetime, Cadence, date]] = []
    for cadence in sorted({cadence.edition for cadence in schedule.cadences}):
        begin = now - schedule.catch_up(cadence)
        day = local_date(begin, schedule.zone) - _DAY
        last = local_date(now + horizon, schedule.zone)
        while day <= last:
            due = due_at(day, schedule.at, schedule.zone)
            if due is not None and begin <= due <= now + horizon and appears(cadence, day, schedule):
                found.append((due, cadence, day))
            day += _DAY
    return [(cadence, day) for _, cadence, day in sorted(found)]


def is_too_late(due: datetime, now: datetime, schedule: Schedule, cadence: Cadence) -> bool:
    """Say whether an Edition of *cadence* that was *due* may no longer go out at *now*."""
    return now - due > schedule.catch_up(cadence)


def period(previous_end: datetime | None, prepared_at: datetime, cadence: Cadence) -> Period:
    """
    Return the news period of an Edition made at *prepared_at*: from where the previous Edition of its cadence ended.

    The first Edition looks back a day, or a week. After a long silence the period is cut to about three days, or ten.
    """
    edition = cadence.edition
    if previous_end is None:
        return Period(prepared_at - _FIRST_PERIOD[edition], prepared_at)
    start = max(previous_end, prepared_at - _LONGEST_PERIOD[edition])
    return Period(min(start, prepared_at), prepared_at)


def _chosen(day: date, key: ReaderHour, schedule: Schedule) -> datetime | None:
    name, hour = key
    try:
        zone = schedule.zone if name is None else ZoneInfo(name)
        at = schedule.at if hour is None else hour
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None  # a zone that a newer tzdata renamed: the newsletter's own instant serves
    return due_at(day, at, zone)


def appears(cadence: Cadence, day: date, schedule: Schedule) -> bool:
    """Return whether *schedule* has an Edition of *cadence*, daily or weekly, on *day*."""
    if cadence is Cadence.WEEKLY:
        return day.isoweekday() == schedule.weekly_day
    return any(wish in schedule.cadences for wish in Cadence.served_by(cadence, day))
