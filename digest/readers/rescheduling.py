"""Rescheduling: what a reader has changed holds at once, also for Editions that are on their way."""

import datetime as dt

from digest import calendar
from digest.database import Session
from digest.model.edition import Edition
from digest.model.ids import SubscriberId
from digest.model.newsletter import Newsletter
from digest.services import Services
from digest.store import deliveries, editions
from subscribers.model import LIVE, Subscriber, Subscription


def reschedule(services: Services, session: Session, subscriber: Subscriber) -> int:
    """
    Bring the Deliveries of *subscriber* that wait into line with what they want now; return how many.

    To be called in the transaction that changes a wish. A Delivery that has not been tried moves to the wave of the new
    hour or zone if that is still to come; if it has passed, to the first wave, as long as the Edition has not begun;
    else it stays. An Edition that its reader did not want when it was approved, and wants now, gets its Delivery, if
    there is still such a wave. What is no longer wanted stays planned, for the
    reader may come back to it, and is skipped when claimed.
    """
    known = {newsletter.slug: newsletter for newsletter in services.settings.newsletters}
    theirs = {
        subscription.newsletter: subscription
        for subscription in subscriber.subscriptions
        if subscription.state in LIVE and subscription.newsletter in known
    }
    now = services.clock.now()
    return sum(
        _follow(session, edition, theirs[edition.newsletter], known[edition.newsletter], now)
        for edition in editions.underway(session, theirs)
    )


def _follow(
    session: Session, edition: Edition, subscription: Subscription, newsletter: Newsletter, now: dt.datetime
) -> bool:
    """Let the Delivery of one Edition follow *subscription*, and return whether it does."""
    if edition.cadence.is_beside:
        return False  # it keeps to no hour, and was for those whom its editor meant at approval
    key = (subscription.subscriber.time_zone, subscription.hour)
    due_at = calendar.waves(edition.date, [key], newsletter.schedule).get(key)
    if due_at is not None and due_at <= now:
        due_at = edition.due_at  # whose hour has passed is served with the first, as when it is approved
    if due_at is None or due_at <= now:
        return False
    own = calendar.due_at(edition.date, newsletter.schedule.at, newsletter.schedule.zone)
    if own is not None and edition.due_at > own:
        due_at = max(due_at, edition.due_at)  # an editor has let it begin later, for everybody
    follows = deliveries.move(
        session, edition.id, SubscriberId(subscription.subscriber_id), due_at, spread=newsletter.spread
    ) or _joins(session, edition, subscription, newsletter, due_at)
    if follows:
        edition.due_at = min(edition.due_at, due_at)  # nothing of an Edition is looked for before its first wave
    return follows


def _joins(
    session: Session, edition: Edition, subscription: Subscription, newsletter: Newsletter, due_at: dt.datetime
) -> bool:
    """Plan the Delivery of a reader who had agreed before the approval, unless they have had one; say whether it is."""
    if edition.approved_at is None or subscription.confirmed_at is None:
        return False
    if subscription.confirmed_at > edition.approved_at:
        return False  # they have been greeted with the latest Edition
    waves = {(subscription.subscriber.time_zone, subscription.hour): due_at}
    readers = editions.readers_of(edition, only=SubscriberId(subscription.subscriber_id))
    return bool(deliveries.plan(session, edition.id, readers, waves, spread=newsletter.spread))
