"""How a reader changes what they asked for: sections, cadence, hour, time zone."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from subscribers import consent
from subscribers.consent import Evidence
from subscribers.errors import WrongState
from subscribers.model import LIVE, ConsentKind, Subscription, SubscriptionState
from subscribers.wishes import Wishes


def of(subscription: Subscription) -> Wishes:
    """Return what *subscription* asks for at present."""
    return Wishes(
        sections=subscription.sections,
        cadence=subscription.cadence,
        hour=subscription.hour,
        time_zone=subscription.subscriber.time_zone,
        language=subscription.subscriber.language,
    )


def choose(session: Session, public_id: str, wanted: Wishes, evidence: Evidence, *, now: datetime) -> Subscription:
    """
    Let the Subscription called *public_id* ask for *wanted*, and write down that its reader said so.

    A wish that changes nothing leaves no trace. WrongState when the Subscription is not confirmed or has ended;
    UnknownSubscriber when it does not exist.
    """
    subscription = Subscription.by_public_id(session, public_id, for_update=True)
    if subscription.state not in LIVE:
        raise WrongState(f"{subscription} is {subscription.state}; only a confirmed one can be changed")
    if wanted == of(subscription):
        return subscription
    subscription.sections, subscription.cadence, subscription.hour = wanted.sections, wanted.cadence, wanted.hour
    subscription.subscriber.time_zone, subscription.subscriber.language = wanted.time_zone, wanted.language
    consent.record(session, subscription, ConsentKind.CHANGED, evidence, at=now)
    session.flush()
    return subscription


def pause(session: Session, public_id: str, until: date | None, evidence: Evidence, *, now: datetime) -> Subscription:
    """
    Send nothing to the Subscription called *public_id* until the Editions of the day *until*, or until it is resumed.

    A pause that is there already changes nothing. WrongState when the Subscription is not confirmed or has ended;
    UnknownSubscriber when it does not exist.
    """
    subscription = Subscription.by_public_id(session, public_id, for_update=True)
    if subscription.state not in LIVE:
        raise WrongState(f"{subscription} is {subscription.state}; only a confirmed one can be paused")
    if subscription.state is SubscriptionState.PAUSED and subscription.paused_until == until:
        return subscription
    subscription.pause(until)
    consent.record(session, subscription, ConsentKind.PAUSED, evidence, at=now)
    session.flush()
    return subscription
