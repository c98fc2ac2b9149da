"""How a reader changes what they asked for, and stops it for a while."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from subscribers import consent
from subscribers.consent import Evidence
from subscribers.errors import BadWish, WrongState
from subscribers.model import LIVE, ConsentKind, Subscriber, Subscription, SubscriptionState
from subscribers.wishes import Wishes, is_zone

#: Whoever wants nothing for longer leaves, or pauses until they say so.
LONGEST_PAUSE = timedelta(days=366)
_DAY = timedelta(days=1)


def of(subscription: Subscription) -> Wishes:
    """Return what *subscription* asks for at present; in UTC where its reader's time zone is no longer known."""
    name = subscription.subscriber.time_zone
    return Wishes(
        name=subscription.subscriber.name,
        language=subscription.subscriber.language,
        time_zone=name if is_zone(name) else "UTC",
        sections=subscription.sections,
        cadence=subscription.cadence,
        hour=subscription.hour,
    )


def zone(subscriber: Subscriber) -> tzinfo:
    """Return the reader's time zone; UTC, where it is no longer known."""
    try:
        return ZoneInfo(subscriber.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a zone that a newer tzdata renamed
        return UTC


def today(subscriber: Subscriber, now: datetime) -> date:
    """Return the date that the reader's calendar shows at *now*."""
    return now.astimezone(zone(subscriber)).date()


def choose(session: Session, public_id: str, wanted: Wishes, evidence: Evidence, *, now: datetime) -> Subscription:
    """
    Let the Subscription called *public_id* ask for *wanted*, and write down that its reader said so.

    Sections, cadence and hour are those of the Subscription. Name, language and time zone are those of the person, and
    so change for everything that they read.

    A wish that changes nothing leaves no trace. WrongState when the Subscription is not confirmed or has ended;
    UnknownSubscriber when it does not exist.
    """
    subscription = _live(session, public_id)
    if wanted == of(subscription):
        return subscription
    subscription.sections, subscription.cadence, subscription.hour = wanted.sections, wanted.cadence, wanted.hour
    subscriber = subscription.subscriber
    subscriber.name, subscriber.language, subscriber.time_zone = wanted.name, wanted.language, wanted.time_zone
    consent.record(session, subscription, ConsentKind.CHANGED, evidence, at=now)
    session.flush()
    return subscription


def pause(session: Session, public_id: str, until: date | None, evidence: Evidence, *, now: datetime) -> Subscription:
    """
    Stop the Subscription called *public_id* until the Editions of the day *until*; None: until its reader resumes it.

    Again with another day, to move the end. A repeat changes nothing and leaves no trace. BadWish unless *until* is
    after the reader's today and at most 366 days from it; WrongState when the Subscription is not confirmed or has
    ended; UnknownSubscriber when it does not exist.
    """
    subscription = _live(session, public_id)
    first = today(subscription.subscriber, now)
    if until is not None and not first < until <= first + LONGEST_PAUSE:
        raise BadWish("pause", f"until {until} cannot be; give a day after {first} and within a year")
    if subscription.state is SubscriptionState.PAUSED and subscription.paused_until == until:
        return subscription
    subscription.pause(until)
    consent.record(session, subscription, ConsentKind.PAUSED, evidence, at=now)
    session.flush()
    return subscription


def resume(session: Session, public_id: str, evidence: Evidence, *, now: datetime) -> Subscription:
    """
    Let the Subscription called *public_id* go on; one that is active stays as it is, without a trace.

    WrongState when it is not confirmed or has ended; UnknownSubscriber when it does not exist.
    """
    subscription = _live(session, public_id)
    if subscription.state is SubscriptionState.PAUSED:
        subscription.resume()
        consent.record(session, subscription, ConsentKind.RESUMED, evidence, at=now)
        session.flush()
    return subscription


def end_pauses(session: Session, now: datetime) -> int:
    """
    Make the Subscriptions active whose pause is over by their reader's calendar, and return how many.

    The ledger has said so when the pause began. Their Editions do not wait for this: ``audience`` knows the day.
    """
    furthest = now.astimezone(UTC).date() + _DAY  # no calendar is further ahead
    candidates = (
        select(Subscription)
        .where(Subscription.state == SubscriptionState.PAUSED, Subscription.paused_until <= furthest)
        .order_by(Subscription.id)
        .options(selectinload(Subscription.subscriber))
        .with_for_update(skip_locked=True)
    )
    over = [
        subscription
        for subscription in session.scalars(candidates)
        if subscription.wants(today(subscription.subscriber, now))
    ]
    for subscription in over:
        subscription.resume()
    session.flush()
    return len(over)


def _live(session: Session, public_id: str) -> Subscription:
    subscription = Subscription.by_public_id(session, public_id, for_update=True)
    if subscription.state not in LIVE:
        raise WrongState(f"{subscription} is {subscription.state}; only a confirmed one can be changed")
    return subscription
