"""What a reader asks for and confirms from the mailbox: another address, their own data, to be forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subscribers import consent, suppression, tokens
from subscribers.address import Address, fingerprint, kept
from subscribers.consent import Evidence
from subscribers.errors import AddressSuppressed, BadToken
from subscribers.model import (
    ConsentKind,
    ReaderRequest,
    RequestKind,
    Subscriber,
    Subscription,
    SubscriptionState,
    random_id,
)
from subscribers.tokens import LIFETIMES, Purpose

#: A reader gets no second mail of a kind so soon after the first.
BETWEEN_REQUESTS = timedelta(hours=1)
#: The token that confirms each kind.
PURPOSES = {
    RequestKind.ADDRESS: Purpose.ADDRESS,
    RequestKind.EXPORT: Purpose.EXPORT,
    RequestKind.ERASURE: Purpose.ERASURE,
}


@dataclass(frozen=True, slots=True)
class ConfirmationDue:
    """Send the mail that asks to confirm now, with a token of the Subscription's public id and the request's nonce."""

    request: ReaderRequest


@dataclass(frozen=True, slots=True)
class TooSoon:
    """Nothing has changed: a request of this kind is less than an hour old."""

    request: ReaderRequest


@dataclass(frozen=True, slots=True)
class PresentAddress:
    """Nothing has changed: the reader gets everything at this address already."""


@dataclass(frozen=True, slots=True)
class MovedLately:
    """Nothing has changed: the former address can still take a move back, and until then it cannot be followed up."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token that confirms something stands for: the Subscription it was asked through, and the request."""

    subscription: Subscription
    request: ReaderRequest


@dataclass(frozen=True, slots=True)
class Moved:
    """
    From now on the reader of *subscription* gets everything at their new address; *before* was the old one.

    *way_back* is what the old address confirms to have it all back; None after a way back, and where it gets no mail.
    """

    subscription: Subscription
    before: Address
    way_back: ReaderRequest | None


@dataclass(frozen=True, slots=True)
class Taken:
    """Nothing has changed: somebody else, or the same person, reads at the new address already."""

    subscription: Subscription


def ask(
    session: Session, public_id: str, kind: RequestKind, *, now: datetime, to: Address | None = None
) -> ConfirmationDue | TooSoon | PresentAddress | MovedLately:
    """
    Take down that the reader of the Subscription called *public_id* asks for *kind*, in place of an earlier request.

    A new address is given as *to*, and whether it is known is not asked here. Whoever holds a forwarded mail may have
    moved the reader: until the way back has died nothing more can be asked for. UnknownSubscriber without such a
    Subscription.
    """
    subscriber = _locked(session, Subscription.by_public_id(session, public_id).subscriber_id)
    if to is not None and to.key == subscriber.address_key:
        return PresentAddress()
    way_back = session.get(ReaderRequest, (subscriber.id, RequestKind.ADDRESS), populate_existing=True)
    if way_back is not None and _leads_back(way_back, subscriber) and not _has_died(way_back, now):
        return MovedLately()
    request = session.get(ReaderRequest, (subscriber.id, kind), populate_existing=True)
    if request is not None and request.asked_at > now - BETWEEN_REQUESTS:
        return TooSoon(request)
    if request is None:
        request = ReaderRequest(subscriber_id=subscriber.id, kind=kind)
        session.add(request)
    request.nonce, request.asked_at, request.address = random_id(), now, "" if to is None else to.text
    session.flush()
    return ConfirmationDue(request)


def open(session: Session, kind: RequestKind, token: str, *, keys: tokens.Keys, now: datetime) -> Opened:  # noqa: A001 (as tokens.open)
    """
    Return what *token* confirms; changes nothing.

    BadToken when it is not ours, too old, or of a request that was done or replaced; UnknownSubscriber when the reader
    has been erased.
    """
    claim = tokens.open(PURPOSES[kind], token, keys, now=now)
    subscription = Subscription.by_public_id(session, claim.public_id)
    request = session.get(ReaderRequest, (subscription.subscriber_id, kind), populate_existing=True)
    if request is None or not compare_digest(claim.nonce, request.nonce):
        raise BadToken("This link has done its work, or a later request took its place; ask again to get a new one.")
    return Opened(subscription, request)


def take(session: Session, kind: RequestKind, token: str, *, keys: tokens.Keys, now: datetime) -> Opened:
    """Return what *token* confirms, and let it confirm nothing a second time; errors as ``open``."""
    opened = _held(session, kind, token, keys=keys, now=now)
    session.delete(opened.request)
    session.flush()
    return opened


def move(
    session: Session, token: str, evidence: Evidence, *, keys: tokens.Keys, fingerprint_key: bytes, now: datetime
) -> Moved | Taken:
    """
    Send everything to the new address that *token* confirms, and write that down under both addresses.

    A Suppression of the new address that the reader may lift is lifted; AddressSuppressed for any other. What else was
    asked for at the old address must be asked for anew. For seven days the old address can have it all back. Other
    errors as ``open``.
    """
    opened = _held(session, RequestKind.ADDRESS, token, keys=keys, now=now)
    subscriber = opened.subscription.subscriber
    was_back = _leads_back(opened.request, subscriber)
    to, before, mark_before = kept(opened.request.address), kept(subscriber.address), subscriber.fingerprint
    mark = fingerprint(to.key, fingerprint_key)
    reason = suppression.reason_for(session, mark)
    if reason is not None and reason not in suppression.LIFTED_BY_READER:
        raise AddressSuppressed(f"{to!r} gets no mail ({reason}); lift that first if its owner agrees")
    _give_way(session, mark)
    try:
        with session.begin_nested():
            _write_down(session, subscriber, evidence, now)
            subscriber.address, subscriber.address_key, subscriber.fingerprint = to.text, to.key, mark
            subscriber.address_since = now
            _write_down(session, subscriber, evidence, now)
    except IntegrityError:  # an address has one reader
        return Taken(opened.subscription)
    suppression.lift(session, mark)
    # Whoever still reads the old mailbox must not confirm what was asked for there.
    session.flush()
    session.expunge(opened.request)
    session.execute(delete(ReaderRequest).where(ReaderRequest.subscriber_id == subscriber.id))
    for subscription in subscriber.subscriptions:
        if subscription.state is SubscriptionState.PENDING:
            subscription.confirmation_nonce, subscription.confirmation_sent_at = random_id(), None
    way_back = None
    if not was_back and not suppression.is_suppressed(session, mark_before):
        way_back = ReaderRequest(
            subscriber_id=subscriber.id, kind=RequestKind.ADDRESS, asked_at=now, address=before.text
        )
        session.add(way_back)
    session.flush()
    return Moved(opened.subscription, before, way_back)


def forget_expired(session: Session, now: datetime) -> int:
    """Delete the requests whose link has died, and return how many."""
    died = (
        (ReaderRequest.kind == kind) & (ReaderRequest.asked_at < now - LIFETIMES[purpose])
        for kind, purpose in PURPOSES.items()
    )
    forgotten = session.scalars(delete(ReaderRequest).where(or_(*died)).returning(ReaderRequest.subscriber_id))
    return len(forgotten.all())


def _leads_back(request: ReaderRequest, subscriber: Subscriber) -> bool:
    """Return whether *request* is the way back of the last move: it was made in the same moment."""
    return request.asked_at == subscriber.address_since


def _has_died(request: ReaderRequest, now: datetime) -> bool:
    return request.asked_at < now - LIFETIMES[PURPOSES[request.kind]]


def _give_way(session: Session, mark: str) -> None:
    """Forget whoever was only typed in at the address of *mark*, and never confirmed: its owner now has it for this."""
    has_agreed = exists().where(Subscription.subscriber_id == Subscriber.id, Subscription.confirmed_at.is_not(None))
    session.execute(delete(Subscriber).where(Subscriber.fingerprint == mark, ~has_agreed))


def _held(session: Session, kind: RequestKind, token: str, *, keys: tokens.Keys, now: datetime) -> Opened:
    """Return what *token* confirms, its reader locked; another press of the button may have been faster."""
    claim = tokens.open(PURPOSES[kind], token, keys, now=now)
    _locked(session, Subscription.by_public_id(session, claim.public_id).subscriber_id)
    return open(session, kind, token, keys=keys, now=now)


def _locked(session: Session, subscriber_id: int) -> Subscriber:
    """Return the Subscriber, so locked that two presses of one button come after each other."""
    theirs = select(Subscriber).where(Subscriber.id == subscriber_id).with_for_update()
    return session.scalars(theirs.execution_options(populate_existing=True)).one()


def _write_down(session: Session, subscriber: Subscriber, evidence: Evidence, now: datetime) -> None:
    """Put the move into the ledger of the address that *subscriber* has at this moment."""
    going_on = select(Subscription).where(
        Subscription.subscriber_id == subscriber.id, Subscription.state != SubscriptionState.ENDED
    )
    for subscription in session.scalars(going_on.order_by(Subscription.id)).all():
        consent.record(session, subscription, ConsentKind.MOVED, evidence, at=now)
