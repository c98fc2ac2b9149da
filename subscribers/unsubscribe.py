"""How a wish for a Newsletter ends, how its reader takes that back, and what they say about why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from subscribers import consent, suppression
from subscribers.consent import Evidence, Party
from subscribers.errors import AddressSuppressed, WrongState
from subscribers.model import (
    LIVE,
    ConsentKind,
    EndReason,
    LeavingCause,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)
from subscribers.text import one_line

#: The most signs of a reader's own words about why they left that are kept.
LONGEST_WORDS = 500
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """The wish to end the Subscription called *public_id*."""

    public_id: str
    evidence: Evidence
    reason: EndReason = EndReason.ONE_CLICK


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a reader has said about why they left *newsletter* at *at*; *cause* is None where they only wrote."""

    newsletter: str
    at: datetime
    reason: EndReason
    cause: LeavingCause | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Why readers have left: by how it ended, by what they say, and in their words, the newest first."""

    ends: dict[EndReason, int]
    causes: dict[LeavingCause, int]
    said: Sequence[Said]


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


def one_click_all(session: Session, leavings: Iterable[Leaving], *, now: datetime) -> set[str]:
    """
    Do what ``one_click`` does for each of *leavings*, in few statements; return the public ids that end by it.

    The first of several leavings of one Subscription counts. What had ended before, or does not exist, stays as it is.
    """
    wanted = {leaving.public_id: leaving for leaving in reversed(list(leavings))}
    standing = (
        select(Subscription.id, Subscription.public_id, Subscription.newsletter, Subscriber.id, Subscriber.fingerprint)
        .join(Subscription.subscriber)
        .where(Subscription.public_id.in_(wanted), Subscription.state != SubscriptionState.ENDED)
        # In one order, so that two transactions never wait for each other.
        .order_by(Subscription.id)
        .with_for_update(of=Subscription)
    )
    ending: dict[EndReason, list[int]] = {}
    proofs: list[tuple[Party, Evidence]] = []
    ended: set[str] = set()
    for number, public_id, newsletter, subscriber_id, fingerprint in session.execute(standing):
        leaving = wanted[public_id]
        ending.setdefault(leaving.reason, []).append(number)
        party = Party(fingerprint=fingerprint, subscriber_id=subscriber_id, newsletter=newsletter)
        proofs.append((party, leaving.evidence))
        ended.add(public_id)
    for reason, numbers in ending.items():
        values = {"state": SubscriptionState.ENDED, "ended_at": now, "end_reason": reason, "paused_until": None}
        by_number = update(Subscription).where(Subscription.id.in_(numbers)).values(values)
        session.execute(by_number.execution_options(synchronize_session=False))
    session.expire_all()  # what the Session may hold of them is read anew
    consent.record_all(session, ConsentKind.WITHDRAWN, proofs, at=now)
    return ended


def everything(session: Session, public_id: str, evidence: Evidence, *, now: datetime) -> None:
    """
    End every Subscription of the reader behind *public_id* and suppress the address, so that no import brings it back.

    The ledger keeps the wish also where all had ended before. UnknownSubscriber when there is no such Subscription.
    """
    asked = Subscription.by_public_id(session, public_id)
    subscriber = asked.subscriber
    still_open = select(Subscription).where(
        Subscription.subscriber_id == subscriber.id, Subscription.state != SubscriptionState.ENDED
    )
    ending = session.scalars(still_open.order_by(Subscription.id).with_for_update()).all()
    for subscription in ending:
        _end(session, subscription, evidence, now=now, reason=EndReason.EVERYTHING)
    last = consent.history(session, subscriber.fingerprint)[-1:]
    if not ending and [(each.kind, each.wording) for each in last] != [(ConsentKind.WITHDRAWN, evidence.wording)]:
        consent.record(session, asked, ConsentKind.WITHDRAWN, evidence, at=now)
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
    fault = _why_not_undone(subscription, now)
    if fault:
        raise WrongState(fault)
    mark = subscription.subscriber.fingerprint
    reason = suppression.reason_for(session, mark)
    if reason is not None and reason not in suppression.LIFTED_BY_READER:
        raise AddressSuppressed(f"the reader of {subscription} gets no mail ({reason}); lift that first")
    subscription.restore()
    suppression.lift(session, mark)
    consent.record(session, subscription, ConsentKind.RESTORED, evidence, at=now)
    session.flush()
    return subscription


def can_be_undone(subscription: Subscription, now: datetime) -> bool:
    """Return whether the reader of *subscription* may take its end back, as far as that alone tells."""
    return subscription.state is SubscriptionState.ENDED and not _why_not_undone(subscription, now)


def _why_not_undone(subscription: Subscription, now: datetime) -> str:
    if subscription.ended_at is not None and now - subscription.ended_at > UNDO_WINDOW:
        return f"{subscription} ended more than {UNDO_WINDOW.days} days ago; sign up again"
    if subscription.end_reason is EndReason.OPERATOR:
        return f"{subscription} was ended by its operator; sign up again"
    if subscription.confirmed_at is None:
        return f"{subscription} was never confirmed; sign up again to confirm it"
    return ""


def tell_why(session: Session, public_id: str, cause: LeavingCause | None, words: str) -> Subscription:
    """
    Keep what the reader says about why they left the Subscription called *public_id*; what they said before goes.

    *words* become one line of at most LONGEST_WORDS signs. WrongState when it has not ended; UnknownSubscriber when it
    does not exist.
    """
    subscription = Subscription.by_public_id(session, public_id, for_update=True)
    if subscription.state is not SubscriptionState.ENDED:
        raise WrongState(f"{subscription} is {subscription.state}; only of one that has ended it can be said why")
    subscription.leaving_cause, subscription.leaving_words = cause, one_line(words)[:LONGEST_WORDS]
    session.flush()
    return subscription


def reasons(session: Session, newsletter: str | None, *, since: datetime | None = None, newest: int = 20) -> Reasons:
    """
    Return why readers have left *newsletter*, or any, from *since* on; of their words the *newest* only.

    Whoever came back counts no more.
    """
    gone = [Subscription.state == SubscriptionState.ENDED]
    gone += [] if newsletter is None else [Subscription.newsletter == newsletter]
    gone += [] if since is None else [Subscription.ended_at >= since]
    ends = select(Subscription.end_reason, func.count()).where(*gone).group_by(Subscription.end_reason)
    causes = select(Subscription.leaving_cause, func.count()).where(*gone).group_by(Subscription.leaving_cause)
    told = (
        select(
            Subscription.newsletter,
            Subscription.ended_at,
            Subscription.end_reason,
            Subscription.leaving_cause,
            Subscription.leaving_words,
        )
        .where(*gone, Subscription.leaving_words != "")
        .order_by(Subscription.ended_at.desc(), Subscription.id.desc())
        .limit(newest)
    )
    return Reasons(
        ends={reason: count for reason, count in session.execute(ends) if reason is not None},
        causes={cause: count for cause, count in session.execute(causes) if cause is not None},
        said=[
            Said(newsletter=slug, at=at, reason=reason, cause=cause, words=words)
            for slug, at, reason, cause, words in session.execute(told)
            if at is not None and reason is not None
        ],
    )


def _end(session: Session, subscription: Subscription, evidence: Evidence, *, now: datetime, reason: EndReason) -> None:
    subscription.end(reason, now)
    consent.record(session, subscription, ConsentKind.WITHDRAWN, evidence, at=now)
    session.flush()
