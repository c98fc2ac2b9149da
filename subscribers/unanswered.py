"""Unanswered confirmations: how many lie in a mailbox, so that no stranger fills it by typing its address again."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from subscribers.address import Address, kept
from subscribers.model import (
    ConsentEvent,
    ConsentKind,
    Subscriber,
    Subscription,
    SubscriptionState,
)

#: A mailbox gets no second confirmation so soon after one that it has not answered.
BETWEEN_CONFIRMATIONS = timedelta(hours=1)
#: So many confirmations may lie unanswered in one mailbox, for all newsletters together; none is sent beyond them
#: until the oldest is older than the time below.
MOST_UNANSWERED = 3
UNANSWERED_COUNT_FOR = timedelta(days=7)


def count(session: Session, mark: str, now: datetime) -> int:
    """Return how many mails have lately asked the owner of the address behind the fingerprint *mark*, in vain."""
    answers = (ConsentKind.CONFIRMED, ConsentKind.ADDED)
    # By id and not by time: a request may come within the second of an answer.
    last_answer = (
        select(func.coalesce(func.max(ConsentEvent.id), 0))
        .where(ConsentEvent.fingerprint == mark, ConsentEvent.kind.in_(answers))
        .scalar_subquery()
    )
    unanswered = select(func.count(ConsentEvent.id)).where(
        ConsentEvent.fingerprint == mark,
        ConsentEvent.kind == ConsentKind.REQUESTED,
        ConsentEvent.at > now - UNANSWERED_COUNT_FOR,
        ConsentEvent.id > last_answer,
    )
    return session.scalar(unanswered) or 0


def was_asked_lately(session: Session, subscriber_id: int, now: datetime) -> bool:
    """Return whether the Subscriber was asked within the hour and has not answered."""
    asked = exists().where(
        Subscription.subscriber_id == subscriber_id,
        Subscription.confirmation_sent_at > now - BETWEEN_CONFIRMATIONS,
    )
    return bool(session.scalar(select(asked)))


def asked_about(session: Session, marks: Collection[str], now: datetime) -> Mapping[str, AbstractSet[str]]:
    """Return about which newsletters the fingerprints *marks* were asked within the hour, and have not answered."""
    asked = (
        select(Subscriber.fingerprint, Subscription.newsletter)
        .join(Subscription.subscriber)
        .where(Subscriber.fingerprint.in_(marks), Subscription.confirmation_sent_at > now - BETWEEN_CONFIRMATIONS)
    )
    about: defaultdict[str, set[str]] = defaultdict(set)
    for mark, newsletter in session.execute(asked):
        about[mark].add(newsletter)
    return about


def beside(session: Session, address: Address, newsletters: Collection[str], now: datetime) -> dict[str, datetime]:
    """
    Return when other addresses of the mailbox of *address* were last asked, in vain, by their fingerprints.

    Only for *newsletters*: with them the index leads to the few rows that wait.
    """
    asked_at = Subscription.confirmation_sent_at
    waiting = (
        select(Subscriber.address_key, Subscriber.fingerprint, asked_at)
        .join(Subscription.subscriber)
        .where(
            Subscription.newsletter.in_(newsletters),
            Subscription.state == SubscriptionState.PENDING,
            asked_at > now - UNANSWERED_COUNT_FOR,
            # Aliases begin alike; which of these are some, Python says.
            Subscriber.address_key.startswith(address.mailbox[:1], autoescape=True),
            Subscriber.address_key != address.key,
        )
        .order_by(asked_at)
    )
    return {mark: at for key, mark, at in session.execute(waiting) if at and kept(key).mailbox == address.mailbox}
