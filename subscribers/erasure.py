"""Forgetting readers: at their wish, at an operator's hand, or because their time is over. The fingerprint stays."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.orm import Session

from subscribers import consent, suppression
from subscribers.address import Address, kept
from subscribers.consent import Evidence
from subscribers.model import (
    ConsentKind,
    ReaderRequest,
    SignupRequest,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)


def find(session: Session, mark: str) -> Subscriber | None:
    """Return the reader at the address whose fingerprint is *mark*."""
    return session.scalar(select(Subscriber).where(Subscriber.fingerprint == mark))


def forget(
    session: Session,
    subscriber: Subscriber,
    evidence: Evidence,
    *,
    now: datetime,
    reason: SuppressionReason = SuppressionReason.ERASED,
) -> None:
    """
    Delete *subscriber* with everything they have asked for, so that only the keyed hash of the address is left.

    It is suppressed for *reason*, so that no import brings them back; a Suppression that only an operator lifts stays.
    The ledger tells of each Subscription that it was erased.
    """
    theirs = select(Subscription).where(Subscription.subscriber_id == subscriber.id).order_by(Subscription.id)
    for subscription in session.scalars(theirs).all():
        consent.record(session, subscription, ConsentKind.ERASED, evidence, at=now)
    mark = subscriber.fingerprint
    if suppression.reason_for(session, mark) in suppression.LIFTED_BY_READER:
        suppression.lift(session, mark)
    suppression.suppress(session, mark, reason, at=now)
    forget_typed(session, kept(subscriber.address))
    session.flush()
    session.execute(delete(Subscriber).where(Subscriber.id == subscriber.id))


def forget_typed(session: Session, address: Address) -> int:
    """Delete what was typed of *address*, reader or not, and has not been taken up or confirmed; return how much."""
    forms = delete(SignupRequest).where(SignupRequest.address_key == address.key).returning(SignupRequest.id)
    # Somebody may have asked to move here, in whatever letters. Which are alike only Python says as our keys do:
    # PostgreSQL makes another small one of a last Σ, and under the locale C none of Ä.
    there = func.lower(ReaderRequest.address).endswith(f"@{address.domain}", autoescape=True)
    moves = [
        asked
        for asked in session.scalars(select(ReaderRequest).where(there).with_for_update())
        if _is_at(asked, address)
    ]
    for asked in moves:
        session.delete(asked)
    return len([*session.scalars(forms), *moves])


def _is_at(asked: ReaderRequest, address: Address) -> bool:
    return kept(asked.address).key == address.key


def forget_unconfirmed(session: Session, before: datetime, *, limit: int) -> int:
    """
    Forget what up to *limit* readers asked for and did not confirm since *before*; return how many Subscriptions.

    One that had ended before it was asked for anew goes back to that end, so that no old list brings its reader back;
    any other is deleted. A reader who is left with no Subscription goes too.
    """
    asked_at = func.coalesce(Subscription.confirmation_sent_at, Subscription.created_at)
    is_old = (Subscription.state == SubscriptionState.PENDING) & (asked_at < before)
    # The lock keeps a sign-up of the same minute from being deleted with what it hangs on.
    chosen = session.scalars(
        select(Subscriber.id)
        .where(exists().where(Subscription.subscriber_id == Subscriber.id, is_old))
        .order_by(Subscriber.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    theirs = Subscription.subscriber_id.in_(chosen)
    had_ended = select(Subscription).where(theirs, is_old, Subscription.ended_at.is_not(None))
    lapsed = session.scalars(had_ended.execution_options(populate_existing=True)).all()
    for subscription in lapsed:
        subscription.lapse()
    session.flush()
    wishes = delete(Subscription).where(theirs, is_old, Subscription.ended_at.is_(None)).returning(Subscription.id)
    deleted = len(session.scalars(wishes.execution_options(synchronize_session=False)).all())
    has_another = exists().where(Subscription.subscriber_id == Subscriber.id)
    session.execute(
        delete(Subscriber).where(Subscriber.id.in_(chosen), ~has_another).execution_options(synchronize_session=False)
    )
    return len(lapsed) + deleted


def long_gone(session: Session, before: datetime, *, limit: int) -> Sequence[Subscriber]:
    """Return up to *limit* readers, locked, all of whose Subscriptions ended before *before*."""
    theirs = Subscription.subscriber_id == Subscriber.id
    goes_on = or_(Subscription.state != SubscriptionState.ENDED, Subscription.ended_at >= before)
    return session.scalars(
        select(Subscriber)
        .where(exists().where(theirs), ~exists().where(theirs, goes_on))
        .order_by(Subscriber.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def forget_signups(session: Session, before: datetime) -> int:
    """Delete what was typed into sign-up forms before *before* and never taken up; return how many."""
    old = delete(SignupRequest).where(SignupRequest.at < before).returning(SignupRequest.id)
    return len(session.scalars(old).all())
