"""How a wish for a Newsletter ends, and how its reader takes that back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import consent, suppression
from subscribers.consent import Evidence
from subscribers.errors import AddressSuppressed, WrongState
from subscribers.model import (
    LIVE,
    ConsentKind,
    EndReason,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)

#: How long a reader can take an end back with one click; later they sign up anew.
UNDO_WINDOW = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Left:
    """The Subscription has ended now."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class AlreadyLeft:
    """The Subscription had ended before; nothing has changed."""

    subscription: Subscription


def one_click(
    session: Session,
    public_id: str,
    evidence: Evidence,
    *,
    now: datetime,
    reason: EndReason = EndReason.ONE_CLICK,
) -> Left | AlreadyLeft:
    """End the Subscription called *public_id*, whatever its state; UnknownSubscriber when it does not exist."""
    subscription = Subscription.by_public_id(session, public_id, for_update=True)
    if subscription.state is SubscriptionState.ENDED:
        return AlreadyLeft(subscription)
    _end(session, subscription, evidence, now=now, reason=reason)
    return Left(subscription)


def everything(session: Session, public_id: str, evidence: Evidence, *, now: datetime) -> None:
    """
    End every Subscription of the reader behind *public_id* and suppress the address, so that no import brings it back.

    UnknownSubscriber when there is no such Subscription.
    """
    subscriber = Subscription.by_public_id(session, public_id).subscriber
    still_open = select(Subscription).where(
        Subscription.subscriber_id == subscriber.id, Subscription.state != SubscriptionState.ENDED
    )
    for subscription in session.scalars(still_open.order_by(Subscription.id).with_for_update()).all():
        _end(session, subscription, evidence, now=now, reason=EndReason.EVERYTHING)
    suppression.suppress(session, subscriber.fingerprint, SuppressionReason.UNSUBSCRIBED, at=now)


def undo(session: Session, public_id: str, evidence: Evidence, *, now: datetime) -> Subscription:
    """
    Take back the end of the Subscription called *public_id* and return it; an active one stays as it is.

    WrongState when it was never confirmed, was not ended by its reader or ended more than seven days ago;
    AddressSuppressed when only an operator can let mail go there again; UnknownSubscriber when it does not exist.
    """
    subscription = Subscription.by_public_id(session, public_id, for_update=True)
    if subscription.state in LIVE:
        return subscription
    ended_at = subscription.ended_at
    if ended_at is not None and now - ended_at > UNDO_WINDOW:
        raise WrongState(f"{subscription} ended more than {UNDO_WINDOW.days} days ago; sign up again")
    if subscription.end_reason is EndReason.OPERATOR:
        raise WrongState(f"{subscription} was ended by its operator; sign up again")
    mark = subscription.subscriber.fingerprint
    reason = suppression.reason_for(session, mark)
    if reason is not None and reason not in suppression.LIFTED_BY_READER:
        raise AddressSuppressed(f"the reader of {subscription} gets no mail ({reason}); lift that first")
    subscription.restore()
    suppression.lift(session, mark)
    consent.record(session, subscription, ConsentKind.RESTORED, evidence, at=now)
    session.flush()
    return subscription


def _end(session: Session, subscription: Subscription, evidence: Evidence, *, now: datetime, reason: EndReason) -> None:
    subscription.end(reason, now)
    consent.record(session, subscription, ConsentKind.WITHDRAWN, evidence, at=now)
    session.flush()
