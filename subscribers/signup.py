"""How a wish for a Newsletter begins: requested and confirmed by the reader, or added by an operator."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subscribers import consent, suppression, tokens, unanswered
from subscribers.address import Address, fingerprint
from subscribers.consent import Evidence
from subscribers.errors import AddressSuppressed, BadToken, BadWish
from subscribers.model import (
    LIVE,
    ConsentKind,
    SignupRequest,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)
from subscribers.text import one_line
from subscribers.wishes import Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupWish(Wishes):
    """What somebody asks for: one Newsletter, sent to one address in their way. BadWish as Wishes."""

    newsletter: str
    address: Address


@dataclass(frozen=True, slots=True)
class ConfirmationDue:
    """Send the confirmation mail now, with a token of the Subscription's public id and nonce."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class TooSoon:
    """Send nothing and change nothing: a confirmation is on its way to this mailbox, less than an hour old."""


@dataclass(frozen=True, slots=True)
class Later:
    """Send nothing yet: what is on its way is about another newsletter; ask once it is answered, or an hour old."""


@dataclass(frozen=True, slots=True)
class TooMany:
    """Send nothing and change nothing: this mailbox has not answered three confirmations within seven days."""


@dataclass(frozen=True, slots=True)
class AlreadySubscribed:
    """Nothing has changed: the reader has agreed before, and is active or paused."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Send nothing and keep nothing: the address gets no mail until an operator lifts its Suppression."""

    reason: SuppressionReason


@dataclass(frozen=True, slots=True)
class Begun:
    """The Subscription is active from now on."""

    subscription: Subscription


SignupOutcome = ConfirmationDue | TooSoon | Later | TooMany | AlreadySubscribed | Suppressed


def take_down(session: Session, wish: SignupWish, evidence: Evidence, *, now: datetime) -> None:
    """
    Write down what somebody asks for in the name of an address, to be taken up a little later.

    Nothing is asked about the address, so that the statements are the same whoever it belongs to. Where the same was
    asked and has not been taken up yet, the newest stands: so much may wait for one address as there are newsletters.
    """
    session.execute(
        delete(SignupRequest)
        .where(SignupRequest.address_key == wish.address.key, SignupRequest.newsletter == wish.newsletter)
        .execution_options(synchronize_session=False)
    )
    session.add(
        SignupRequest(
            newsletter=wish.newsletter,
            address=wish.address.text,
            address_key=wish.address.key,
            name=wish.name,
            language=wish.language,
            time_zone=wish.time_zone,
            sections=wish.sections,
            cadence=wish.cadence,
            hour=wish.hour,
            at=now,
            wording=one_line(evidence.wording),
            source=one_line(evidence.source)[:200],
            network_address=one_line(evidence.network_address)[:45],
        )
    )
    session.flush()


def waiting(session: Session, *, fingerprint_key: bytes, now: datetime, limit: int) -> Sequence[int]:
    """
    Return the ids of up to *limit* sign-ups that have not been taken up, oldest first.

    Those at an address that was just asked about another newsletter have to wait for their turn, and keep nobody else.
    """
    found: list[int] = []
    last = 0
    rows = select(SignupRequest.id, SignupRequest.address_key, SignupRequest.newsletter).order_by(SignupRequest.id)
    while len(found) < limit and (page := session.execute(rows.where(SignupRequest.id > last).limit(limit)).all()):
        marks = [fingerprint(key, fingerprint_key) for _, key, _ in page]
        asked = unanswered.asked_about(session, marks, now)
        found += [
            row.id for row, mark in zip(page, marks, strict=True) if not asked.get(mark, set()) - {row.newsletter}
        ]
        last = page[-1].id
    return found[:limit]


def take_up(
    session: Session, request_id: int, *, newsletters: Collection[str], fingerprint_key: bytes, now: datetime
) -> SignupOutcome | None:
    """
    Let the sign-up *request_id* that waits take its course as ``request`` says, and strike it off the list.

    For Later it stays there. What was asked at other addresses of the same mailbox, for any of *newsletters*, counts
    against it as well: a stranger can put any tag behind a plus. None when another has taken it up, or is doing so.
    """
    claimed = select(SignupRequest).where(SignupRequest.id == request_id).with_for_update(skip_locked=True)
    asked = session.scalar(claimed)
    if asked is None:
        return None
    wish = SignupWish(
        newsletter=asked.newsletter,
        address=Address(text=asked.address, key=asked.address_key),
        name=asked.name,
        language=asked.language,
        time_zone=asked.time_zone,
        sections=asked.sections,
        cadence=asked.cadence,
        hour=asked.hour,
    )
    outcome: SignupOutcome | None = _refused_for_mailbox(session, wish.address, newsletters, fingerprint_key, now)
    if outcome is None:
        evidence = Evidence(wording=asked.wording, source=asked.source, network_address=asked.network_address)
        outcome = request(session, wish, evidence, fingerprint_key=fingerprint_key, now=now)
    if not isinstance(outcome, Later):
        session.delete(asked)
    return outcome


def _refused_for_mailbox(
    session: Session, address: Address, newsletters: Collection[str], fingerprint_key: bytes, now: datetime
) -> TooSoon | TooMany | None:
    """Return why the mailbox of *address* gets no mail now, for what was asked at its other addresses."""
    others = unanswered.beside(session, address, newsletters, now)
    if not others:
        return None
    marks = (fingerprint(address.key, fingerprint_key), *others)
    if sum(unanswered.count(session, mark, now) for mark in marks) >= unanswered.MOST_UNANSWERED:
        return TooMany()
    return TooSoon() if max(others.values()) > now - unanswered.BETWEEN_CONFIRMATIONS else None


def drop(session: Session, request_id: int) -> None:
    """Strike the sign-up *request_id* off the list without taking it up."""
    session.execute(delete(SignupRequest).where(SignupRequest.id == request_id))


def request(
    session: Session, wish: SignupWish, evidence: Evidence, *, fingerprint_key: bytes, now: datetime
) -> SignupOutcome:
    """
    Take down what somebody asks for in the name of an address, until its owner confirms.

    Whoever asked must get the same answer for every outcome, so that none learns who reads what. Nothing that the owner
    has once confirmed is changed by an unconfirmed request.
    """
    mark = fingerprint(wish.address.key, fingerprint_key)
    reason = suppression.reason_for(session, mark)
    if reason is not None and reason not in suppression.LIFTED_BY_READER:
        return Suppressed(reason)
    if unanswered.count(session, mark, now) >= unanswered.MOST_UNANSWERED:
        return TooMany()
    subscriber = _subscriber(session, wish, mark, now)
    found = _theirs(session, subscriber, wish.newsletter)
    if found is not None and found.state in LIVE:
        return AlreadySubscribed(found)
    if unanswered.was_asked_lately(session, subscriber.id, now):
        asked_at = None if found is None else found.confirmation_sent_at
        return TooSoon() if asked_at is not None and asked_at > now - unanswered.BETWEEN_CONFIRMATIONS else Later()
    subscription = found or _begin_to_wait(session, subscriber, wish, now)
    _take_wish(session, subscription, wish)
    subscription.confirmation_sent_at = now
    consent.record(session, subscription, ConsentKind.REQUESTED, evidence, at=now)
    session.flush()
    return ConfirmationDue(subscription)


def confirm(
    session: Session, token: str, evidence: Evidence, *, keys: tokens.Keys, now: datetime
) -> Begun | AlreadySubscribed:
    """
    Begin the Subscription that the confirmation *token* names; a repeated click is AlreadySubscribed.

    BadToken when the token is not ours, is more than seven days old or was made for an earlier wish;
    UnknownSubscriber when the reader has been erased; AddressSuppressed when only an operator can let mail go there. A
    Suppression that the reader may lift is lifted.
    """
    claim = tokens.open(tokens.Purpose.CONFIRM, token, keys, now=now)
    subscription = Subscription.by_public_id(session, claim.public_id, for_update=True)
    is_spent = subscription.state is SubscriptionState.ENDED
    if is_spent or not compare_digest(claim.nonce, subscription.confirmation_nonce):
        raise BadToken("This link belongs to a sign-up that has ended since; sign up again to get a new one.")
    if subscription.state in LIVE:
        return AlreadySubscribed(subscription)
    mark = subscription.subscriber.fingerprint
    reason = suppression.reason_for(session, mark)
    if reason is not None and reason not in suppression.LIFTED_BY_READER:
        raise AddressSuppressed(f"the reader of {subscription} gets no mail ({reason}); lift that first")
    suppression.lift(session, mark)
    subscription.confirm(now)
    consent.record(session, subscription, ConsentKind.CONFIRMED, evidence, at=now)
    session.flush()
    return Begun(subscription)


def add(
    session: Session, wish: SignupWish, evidence: Evidence, *, fingerprint_key: bytes, now: datetime
) -> Begun | AlreadySubscribed:
    """
    Begin a Subscription by an operator's hand, at once, on the ground that *evidence* states.

    BadWish without a ground, and for one that holds the address; AddressSuppressed when the address gets no mail, for
    whatever reason.
    """
    if not one_line(evidence.wording):
        raise BadWish("consent", "has no ground; say when and how the reader agreed")
    consent.refuse_named(evidence.wording, wish.address, "consent")
    mark = fingerprint(wish.address.key, fingerprint_key)
    reason = suppression.reason_for(session, mark)
    if reason is not None:
        raise AddressSuppressed(f"{wish.address!r} gets no mail ({reason}); lift that first if its owner agrees")
    subscriber = _subscriber(session, wish, mark, now)
    subscription = _theirs(session, subscriber, wish.newsletter) or _begin_to_wait(session, subscriber, wish, now)
    if subscription.state in LIVE:
        return AlreadySubscribed(subscription)
    _take_wish(session, subscription, wish)
    subscription.confirm(now)
    consent.record(session, subscription, ConsentKind.ADDED, evidence, at=now)
    session.flush()
    return Begun(subscription)


def new_subscriber(wish: SignupWish, mark: str, now: datetime) -> Subscriber:
    """Return the row of a reader whom we have not known, with *mark* as the address's fingerprint."""
    return Subscriber(
        address=wish.address.text,
        address_key=wish.address.key,
        fingerprint=mark,
        name=wish.name,
        language=wish.language,
        time_zone=wish.time_zone,
        created_at=now,
    )


def new_subscription(subscriber: Subscriber, wish: SignupWish, now: datetime) -> Subscription:
    """Return the row, still pending, of what *subscriber* asks for."""
    return Subscription(
        subscriber=subscriber,
        newsletter=wish.newsletter,
        state=SubscriptionState.PENDING,
        sections=wish.sections,
        cadence=wish.cadence,
        hour=wish.hour,
        created_at=now,
    )


def _subscriber(session: Session, wish: SignupWish, mark: str, now: datetime) -> Subscriber:
    """Return the one Subscriber at this address, locked, made if need be."""
    theirs = select(Subscriber).where(Subscriber.fingerprint == mark)
    # The lock makes requests for one address wait for each other, so that only one of them asks for a confirmation.
    theirs = theirs.with_for_update().execution_options(populate_existing=True)
    subscriber = session.scalar(theirs)
    if subscriber is None:
        try:
            with session.begin_nested():
                subscriber = new_subscriber(wish, mark, now)
                session.add(subscriber)
        except IntegrityError:  # another process was faster
            subscriber = session.scalars(theirs).one()
    return subscriber


def _theirs(session: Session, subscriber: Subscriber, newsletter: str) -> Subscription | None:
    return session.scalar(
        select(Subscription)
        .where(Subscription.subscriber_id == subscriber.id, Subscription.newsletter == newsletter)
        .execution_options(populate_existing=True)
    )


def _begin_to_wait(session: Session, subscriber: Subscriber, wish: SignupWish, now: datetime) -> Subscription:
    subscription = new_subscription(subscriber, wish, now)
    session.add(subscription)
    session.flush()
    return subscription


def _take_wish(session: Session, subscription: Subscription, wish: SignupWish) -> None:
    """
    Let a Subscription that nobody has confirmed stand for *wish*; an ended one opens again.

    The person stays as they are once any wish of theirs has been confirmed, even one that has ended since.
    """
    if subscription.state is SubscriptionState.ENDED:
        subscription.reopen()
    subscription.sections, subscription.cadence, subscription.hour = wish.sections, wish.cadence, wish.hour
    subscriber = subscription.subscriber
    has_agreed = exists().where(Subscription.subscriber_id == subscriber.id, Subscription.confirmed_at.is_not(None))
    if not session.scalar(select(has_agreed)):
        subscriber.address, subscriber.name = wish.address.text, wish.name
        subscriber.language, subscriber.time_zone = wish.language, wish.time_zone
