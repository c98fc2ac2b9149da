from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy.orm import Session

from subscribers import audience, consent, preferences, unsubscribe
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import BadWish, UnknownSubscriber, WrongState
from subscribers.model import ConsentKind, Subscription, SubscriptionState
from subscribers.signup import ConfirmationDue

AddOne = Callable[..., Subscription]

TODAY = date(2026, 11, 23)
NEXT_WEEK = date(2026, 11, 30)
DAY = timedelta(days=1)


def told(session: Session, subscription: Subscription) -> list[ConsentKind]:
    """Return what the ledger says of the reader, but for how they began."""
    return [event.kind for event in consent.history(session, subscription.subscriber.fingerprint)][1:]


def test_a_reader_pauses_until_a_day_and_resumes_before_it(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()

    preferences.pause(session, subscription.public_id, NEXT_WEEK, evidence, now=now)
    paused = (subscription.state, subscription.paused_until)
    preferences.resume(session, subscription.public_id, evidence, now=now + DAY)

    assert paused == (SubscriptionState.PAUSED, NEXT_WEEK)
    assert (subscription.state, subscription.paused_until) == (SubscriptionState.ACTIVE, None)
    assert told(session, subscription) == [ConsentKind.PAUSED, ConsentKind.RESUMED]


def test_a_pause_may_get_another_end_or_none(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()

    ends = [
        preferences.pause(session, subscription.public_id, until, evidence, now=now).paused_until
        for until in (NEXT_WEEK, TODAY + DAY, None)
    ]

    assert ends == [NEXT_WEEK, TODAY + DAY, None]
    assert told(session, subscription) == [ConsentKind.PAUSED] * 3


def test_repeats_change_nothing_and_leave_no_trace(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()
    preferences.resume(session, subscription.public_id, evidence, now=now)

    for _ in range(2):
        preferences.pause(session, subscription.public_id, NEXT_WEEK, evidence, now=now)
    for _ in range(2):
        preferences.resume(session, subscription.public_id, evidence, now=now)

    assert told(session, subscription) == [ConsentKind.PAUSED, ConsentKind.RESUMED]


@pytest.mark.parametrize(
    ("zone", "first"), [("Europe/Paris", 24), ("Pacific/Kiritimati", 24), ("America/Los_Angeles", 23)]
)
def test_a_pause_ends_tomorrow_by_the_readers_calendar_at_the_soonest(
    session: Session, add_one: AddOne, evidence: Evidence, zone: str, first: int
) -> None:
    now = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)  # half past ten in the evening before in Los Angeles
    subscription = add_one(time_zone=zone)
    soonest = date(2026, 11, first)

    with pytest.raises(BadWish, match="give a day after") as refused:
        preferences.pause(session, subscription.public_id, soonest - DAY, evidence, now=now)
    before = subscription.state
    preferences.pause(session, subscription.public_id, soonest, evidence, now=now)

    assert refused.value.field == "pause"
    assert before is SubscriptionState.ACTIVE
    assert subscription.paused_until == soonest


def test_a_pause_lasts_a_year_at_the_longest(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()
    longest = TODAY + preferences.LONGEST_PAUSE

    with pytest.raises(BadWish, match="within a year"):
        preferences.pause(session, subscription.public_id, longest + DAY, evidence, now=now)
    preferences.pause(session, subscription.public_id, longest, evidence, now=now)

    assert subscription.paused_until == longest


def test_who_has_left_or_never_confirmed_neither_pauses_nor_resumes(
    session: Session, add_one: AddOne, request_one: Callable[..., ConfirmationDue], evidence: Evidence, now: datetime
) -> None:
    left = add_one()
    unsubscribe.one_click(session, left.public_id, evidence, now=now)
    pending = request_one("bea@reader.example").subscription

    for subscription in (left, pending):
        with pytest.raises(WrongState, match="only a confirmed one can be changed"):
            preferences.pause(session, subscription.public_id, NEXT_WEEK, evidence, now=now)
        with pytest.raises(WrongState, match="only a confirmed one can be changed"):
            preferences.resume(session, subscription.public_id, evidence, now=now)
    with pytest.raises(UnknownSubscriber):
        preferences.pause(session, "aaaaaaaaaaaaa", NEXT_WEEK, evidence, now=now)


def test_pauses_end_when_their_day_has_come_in_the_readers_own_zone(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    east, west, later, open_end = (
        add_one("east@reader.example", time_zone="Pacific/Kiritimati"),
        add_one("west@reader.example", time_zone="Pacific/Pago_Pago"),
        add_one("later@reader.example", time_zone="Pacific/Kiritimati"),
        add_one("open@reader.example"),
    )
    for subscription, until in ((east, NEXT_WEEK), (west, NEXT_WEEK), (later, NEXT_WEEK + 2 * DAY), (open_end, None)):
        preferences.pause(session, subscription.public_id, until, evidence, now=now)

    at = datetime(2026, 11, 29, 9, 59, tzinfo=UTC)  # a minute before midnight on Kiritimati
    counts = [preferences.end_pauses(session, at), preferences.end_pauses(session, at + timedelta(minutes=1))]
    after = [east.state, west.state]
    counts += [preferences.end_pauses(session, at + timedelta(hours=25, minutes=1)) for _ in range(2)]

    assert counts == [0, 1, 1, 0]
    assert after == [SubscriptionState.ACTIVE, SubscriptionState.PAUSED]
    assert (west.state, west.paused_until) == (SubscriptionState.ACTIVE, None)
    assert (later.state, open_end.state) == (SubscriptionState.PAUSED, SubscriptionState.PAUSED)
    assert told(session, east) == [ConsentKind.PAUSED]


def test_a_paused_reader_is_in_the_audience_from_the_day_that_they_named(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    dated, open_end = add_one(hour=time(6)), add_one("ben@reader.example")
    preferences.pause(session, dated.public_id, NEXT_WEEK, evidence, now=now)
    preferences.pause(session, open_end.public_id, None, evidence, now=now)
    ids = [dated.subscriber_id, open_end.subscriber_id]

    def seen(day: date) -> tuple[int, int, int, set[int], set[int]]:
        daily = (Cadence.DAILY,)
        rows = session.execute(audience.readers("daily", daily, day)).all()
        current = session.execute(audience.current("daily", ids, day)).all()
        return (
            len(rows),
            len(audience.wave_keys(session, "daily", daily, day)),
            audience.count(session, "daily", daily, day),
            {row.subscriber_id for row in current if row.wants},
            {subscription.subscriber_id for subscription in (dated, open_end) if subscription.wants(day)},
        )

    assert seen(NEXT_WEEK - DAY) == (0, 0, 0, set(), set())
    assert seen(NEXT_WEEK) == seen(NEXT_WEEK + DAY) == (1, 1, 1, {ids[0]}, {ids[0]})
    flags = {type(row.wants) for row in session.execute(audience.current("daily", ids, NEXT_WEEK))}
    assert flags == {bool}
