"""From wishes to rows: who is new, who stays as they are, who must not be brought back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from subscribers import consent
from subscribers.import_csv.plan import ImportPlan, Reason, Refusal
from subscribers.model import (
    ConsentKind,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from subscribers.signup import SignupWish, new_subscriber, new_subscription


@dataclass(frozen=True, slots=True)
class Candidate:
    """A wish from the file, the line that it stands on, and the fingerprint of its address."""

    line: int
    wish: SignupWish
    mark: str


class Placed(StrEnum):
    """What became of a Candidate that was not refused."""

    #: The reader gets the newsletter from now on.
    ADDED = "added"
    #: The reader had it before and keeps their own wishes.
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database says of a batch: its Subscribers and their states by address key, its Suppressions by mark."""

    subscribers: dict[str, Subscriber]
    states: dict[str, SubscriptionState | None]
    suppressed: dict[str, SuppressionReason]


def place(
    session: Session, batch: Sequence[Candidate], plan: ImportPlan, *, now: datetime, dry_run: bool
) -> Iterator[Placed | Refusal]:
    """
    Yield what becomes of each of *batch*; with *dry_run* only say it.

    Each batch has its own savepoint. Where the database refuses one, its Candidates are tried one by one, so that the
    fault of one row stays its own.
    """
    known = _known(session, batch, plan)
    verdicts = [_verdict(candidate, known) for candidate in batch]
    added = [candidate for candidate, verdict in zip(batch, verdicts, strict=True) if verdict is Placed.ADDED]
    try:
        if added and not dry_run:
            _write(session, added, known, plan, now)
    except (IntegrityError, DataError):
        if len(batch) == 1:
            yield Refusal(batch[0].line, Reason.NOT_STORED, "was refused by the database; import the file once more")
            return
        for candidate in batch:
            yield from place(session, [candidate], plan, now=now, dry_run=dry_run)
    else:
        yield from verdicts


def _known(session: Session, batch: Sequence[Candidate], plan: ImportPlan) -> _Known:
    this_newsletter = and_(Subscription.subscriber_id == Subscriber.id, Subscription.newsletter == plan.newsletter)
    found = session.execute(
        select(Subscriber, Subscription.state)
        .outerjoin(Subscription, this_newsletter)
        .where(Subscriber.address_key.in_([candidate.wish.address.key for candidate in batch]))
    ).all()
    suppressed = session.execute(
        select(Suppression.fingerprint, Suppression.reason).where(
            Suppression.fingerprint.in_([candidate.mark for candidate in batch])
        )
    ).all()
    return _Known(
        subscribers={subscriber.address_key: subscriber for subscriber, _ in found},
        states={subscriber.address_key: state for subscriber, state in found},
        suppressed={mark: reason for mark, reason in suppressed},  # noqa: C416 (a Row is a pair to the eye, not to mypy)
    )


def _verdict(candidate: Candidate, known: _Known) -> Placed | Refusal:
    reason = known.suppressed.get(candidate.mark)
    if reason is not None:
        return Refusal(candidate.line, Reason.SUPPRESSED, f"has an address that gets no mail ({reason})")
    match known.states.get(candidate.wish.address.key):
        case None:
            return Placed.ADDED
        case SubscriptionState.ENDED:
            fact = "names a reader who left this newsletter; only the reader, or you by hand, can begin it again"
            return Refusal(candidate.line, Reason.LEFT, fact)
        case SubscriptionState.PENDING:
            fact = "names a reader who was asked to confirm and has not done so yet"
            return Refusal(candidate.line, Reason.UNCONFIRMED, fact)
        case SubscriptionState.ACTIVE | SubscriptionState.PAUSED:
            return Placed.UNCHANGED


def _write(session: Session, added: Sequence[Candidate], known: _Known, plan: ImportPlan, now: datetime) -> None:
    with session.begin_nested():
        subscriptions = []
        for candidate in added:
            wish = candidate.wish
            subscriber = known.subscribers.get(wish.address.key) or new_subscriber(wish, candidate.mark, now)
            subscription = new_subscription(subscriber, wish, now)
            subscription.confirm(now)
            subscriptions.append(subscription)
        session.add_all(subscriptions)
        session.flush()
        for subscription in subscriptions:
            consent.record(session, subscription, ConsentKind.IMPORTED, plan.ground, at=now)
