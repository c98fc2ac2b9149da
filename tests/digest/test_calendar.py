from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.calendar import (
    Period,
    ReaderHour,
    due_at,
    edition_days,
    is_too_late,
    local_date,
    period,
    prepare_at,
    waves,
)
from digest.model.newsletter import Schedule
from subscribers.cadence import Cadence

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = sorted(available_timezones())
DAY = timedelta(days=1)
NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)  # a Tuesday

zones = st.sampled_from(ZONES).map(ZoneInfo)
days = st.dates(date(2010, 1, 1), date(2035, 12, 31))
hours = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


@pytest.mark.parametrize(
    ("day", "at", "zone", "expected"),
    [
        (date(2031, 1, 15), time(7), "Europe/Berlin", "2031-01-15T06:00+00:00"),
        (date(2031, 7, 15), time(7), "Europe/Berlin", "2031-07-15T05:00+00:00"),
        (date(2026, 3, 29), time(2, 30), "Europe/Berlin", "2026-03-29T01:30+00:00"),  # a gap: 03:30 on the wall
        (date(2026, 10, 25), time(2, 30), "Europe/Berlin", "2026-10-25T00:30+00:00"),  # an overlap: the first of two
        (date(2027, 3, 27), time(23, 30), "America/Nuuk", "2027-03-28T01:30+00:00"),  # 00:30 on the next day
        (date(2011, 12, 29), time(7), "Pacific/Apia", "2011-12-29T17:00+00:00"),
        (date(2011, 12, 31), time(7), "Pacific/Apia", "2011-12-30T17:00+00:00"),
        (date(2019, 9, 8), time(0), "America/Santiago", "2019-09-08T04:00+00:00"),  # midnight does not exist
    ],
)
def test_a_local_hour_is_one_instant(day: date, at: time, zone: str, expected: str) -> None:
    assert due_at(day, at, ZoneInfo(zone)) == datetime.fromisoformat(expected)


def test_a_day_that_the_zone_skipped_has_no_instant() -> None:
    assert due_at(date(2011, 12, 30), time(7), ZoneInfo("Pacific/Apia")) is None


def test_a_time_that_asks_for_the_second_hour_still_gets_the_first() -> None:
    assert due_at(date(2026, 10, 25), time(2, 30, fold=1), BERLIN) == due_at(date(2026, 10, 25), time(2, 30), BERLIN)


@settings(max_examples=400, deadline=None)
@given(day=days, at=hours, zone=zones)
def test_every_day_in_every_zone_falls_due_once_and_in_order(day: date, at: time, zone: ZoneInfo) -> None:
    today, tomorrow = due_at(day, at, zone), due_at(day + DAY, at, zone)

    if today is not None:
        assert today.tzinfo is UTC
        wall = today.astimezone(zone)
        moved = wall.replace(tzinfo=None) - datetime.combine(day, at)
        assert timedelta(0) <= moved <= timedelta(hours=3)  # zero but in a gap, which moves it forward
    if today is not None and tomorrow is not None:
        assert timedelta(hours=20) < tomorrow - today < timedelta(hours=50)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2031, 1, 15), date(2031, 7, 15)])
def test_seven_oclock_all_over_the_world_is_a_few_dozen_instants(day: date) -> None:
    instants = {due_at(day, time(7), ZoneInfo(name)) for name in ZONES}

    assert 24 <= len(instants) <= 45


def test_the_local_date_is_that_of_the_wall() -> None:
    assert local_date(datetime(2031, 5, 6, 22, 30, tzinfo=UTC), BERLIN) == date(2031, 5, 7)


def test_each_reader_gets_a_wave_by_their_own_zone_and_hour() -> None:
    schedule = Schedule(at=time(7, 15), zone=BERLIN)
    keys: list[ReaderHour] = [(None, None), ("Asia/Tokyo", None), (None, time(9)), ("America/New_York", time(6))]

    found = waves(date(2031, 5, 6), keys, schedule)

    assert {key: f"{instant:%d %H:%M}" for key, instant in found.items()} == {
        (None, None): "06 05:15",
        ("Asia/Tokyo", None): "05 22:15",
        (None, time(9)): "06 07:00",
        ("America/New_York", time(6)): "06 10:00",
    }


@pytest.mark.parametrize(
    "key",
    [*((zone, time(7)) for zone in ("Pacific/Apia", "Mars/Olympus", "../etc/passwd", "", "Europe")), ("\x00", None)],
)
def test_a_reader_whose_day_or_zone_or_hour_does_not_exist_gets_the_newsletters_instant(key: ReaderHour) -> None:
    schedule = Schedule(at=time(7), zone=BERLIN)

    assert waves(date(2011, 12, 30), [key], schedule) == {key: datetime(2011, 12, 30, 6, tzinfo=UTC)}


def test_a_day_that_the_newsletters_zone_skipped_has_no_wave() -> None:
    schedule = Schedule(zone=ZoneInfo("Pacific/Apia"))

    assert waves(date(2011, 12, 30), [("Europe/Berlin", time(7))], schedule) == {}


def test_the_draft_is_made_an_hour_of_review_before_the_first_wave() -> None:
    assert prepare_at(NOON, Schedule(review=timedelta(minutes=90))) == NOON - timedelta(minutes=90)


def test_editions_of_the_next_two_days_are_planned() -> None:
    found = edition_days(NOON, Schedule(at=time(7), zone=BERLIN))

    assert found == [(Cadence.DAILY, date(2031, 5, 7)), (Cadence.DAILY, date(2031, 5, 8))]


def test_an_edition_missed_within_its_catch_up_is_still_planned() -> None:
    early = datetime(2031, 5, 6, 10, tzinfo=UTC)  # five hours after 07:00 in Berlin

    assert (Cadence.DAILY, date(2031, 5, 6)) in edition_days(early, Schedule(zone=BERLIN))
    assert (Cadence.DAILY, date(2031, 5, 6)) not in edition_days(NOON, Schedule(zone=BERLIN))


def test_the_weekly_edition_falls_on_its_weekday_only() -> None:
    schedule = Schedule(zone=BERLIN, cadences=(Cadence.WEEKLY,), weekly_day=4)

    assert edition_days(NOON, schedule) == [(Cadence.WEEKLY, date(2031, 5, 8))]
    assert edition_days(NOON - 2 * DAY, schedule) == []


def test_a_newsletter_for_weekdays_has_no_edition_at_the_weekend() -> None:
    friday = datetime(2031, 5, 9, 14, tzinfo=UTC)

    assert edition_days(friday, Schedule(cadences=(Cadence.WEEKDAYS,)), 3 * DAY) == [(Cadence.DAILY, date(2031, 5, 12))]
    assert len(edition_days(friday, Schedule(cadences=(Cadence.WEEKDAYS, Cadence.DAILY)), 3 * DAY)) == 3


@settings(max_examples=200, deadline=None)
@given(
    now=st.datetimes(datetime(2010, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 (hypothesis wants naive bounds)
    zone=zones,
    at=hours,
)
def test_every_edition_planned_is_due_within_its_window(now: datetime, zone: ZoneInfo, at: time) -> None:
    schedule = Schedule(at=at, zone=zone, cadences=(Cadence.DAILY, Cadence.WEEKLY), weekly_day=3)

    found = edition_days(now, schedule)

    assert len(found) == len(set(found))
    assert 1 <= len([day for cadence, day in found if cadence is Cadence.DAILY]) <= 3
    for cadence, day in found:
        due = due_at(day, at, zone)
        assert due is not None
        assert due <= now + timedelta(hours=48)
        assert not is_too_late(due, now, schedule, cadence)


def test_a_daily_edition_is_too_late_after_six_hours_and_a_weekly_after_two_days() -> None:
    schedule = Schedule()

    assert not is_too_late(NOON, NOON + timedelta(hours=6), schedule, Cadence.DAILY)
    assert is_too_late(NOON, NOON + timedelta(hours=6, seconds=1), schedule, Cadence.DAILY)
    assert not is_too_late(NOON, NOON + timedelta(hours=48), schedule, Cadence.WEEKLY)
    assert is_too_late(NOON, NOON + timedelta(hours=49), schedule, Cadence.WEEKLY)


@pytest.mark.parametrize(
    ("previous", "cadence", "start"),
    [
        (None, Cadence.DAILY, NOON - DAY),
        (None, Cadence.WEEKDAYS, NOON - DAY),
        (None, Cadence.WEEKLY, NOON - 7 * DAY),
        (NOON - timedelta(hours=23), Cadence.DAILY, NOON - timedelta(hours=23)),
        (NOON - 3 * DAY, Cadence.WEEKDAYS, NOON - 3 * DAY),
        (NOON - 30 * DAY, Cadence.DAILY, NOON - timedelta(days=3, hours=1)),
        (NOON - 30 * DAY, Cadence.WEEKLY, NOON - 10 * DAY),
        (NOON + DAY, Cadence.DAILY, NOON),  # the clock was set back
    ],
)
def test_the_news_period_joins_the_previous_one_within_reason(
    previous: datetime | None, cadence: Cadence, start: datetime
) -> None:
    assert period(previous, NOON, cadence) == Period(start, NOON)
