"""The ledger of consent: what was agreed to is written down once and never changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from subscribers.address import Address
from subscribers.errors import BadWish
from subscribers.model import ConsentEvent, ConsentKind, Subscriber, Subscription
from subscribers.text import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    How we know that somebody agreed or left.

    *wording* is what they saw, or the ground an operator gives. *source* names the form, command or file.
    *network_address* is the IP address that it came from, empty when there was none.
    """

    wording: str
    source: str
    network_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Whose consent it is, and for which Newsletter."""

    fingerprint: str
    subscriber_id: int
    newsletter: str


def refuse_named(words: str, address: Address, field: str) -> None:
    """BadWish when the operator's *words*, given as *field*, hold *address*: they outlive its erasure."""
    if address.key in words.lower():
        raise BadWish(field, "holds the address, and is kept when that is erased; say it without")


def record(
    session: Session, subscription: Subscription, kind: ConsentKind, evidence: Evidence, *, at: datetime
) -> ConsentEvent:
    """Write down that *kind* happened to *subscription*, which must be flushed."""
    party = Party(
        fingerprint=subscription.subscriber.fingerprint,
        subscriber_id=subscription.subscriber_id,
        newsletter=subscription.newsletter,
    )
    event = ConsentEvent(**_line(party, kind, evidence, at))
    session.add(event)
    return event


def record_all(
    session: Session, kind: ConsentKind, happened: Iterable[tuple[Party, Evidence]], *, at: datetime
) -> None:
    """Write down that *kind* happened to each, in one statement."""
    lines = [_line(party, kind, evidence, at) for party, evidence in happened]
    if lines:
        session.execute(insert(ConsentEvent), lines)


def _line(party: Party, kind: ConsentKind, evidence: Evidence, at: datetime) -> dict[str, Any]:
    return {
        "fingerprint": party.fingerprint,
        "subscriber_id": party.subscriber_id,
        "newsletter": party.newsletter,
        "kind": kind,
        "at": at,
        "wording": one_line(evidence.wording),
        "source": one_line(evidence.source)[:200],
        "network_address": one_line(evidence.network_address)[:45],
    }


def history(session: Session, fingerprint: str) -> Sequence[ConsentEvent]:
    """Return everything ever recorded for the address behind *fingerprint*, oldest first."""
    query = select(ConsentEvent).where(ConsentEvent.fingerprint == fingerprint)
    return session.scalars(query.order_by(ConsentEvent.at, ConsentEvent.id)).all()


def history_of(session: Session, subscriber: Subscriber) -> Sequence[ConsentEvent]:
    """
    Return everything recorded for *subscriber*, also at their earlier addresses.

    What was recorded for their present address before they had it, or before they were erased once, is not theirs to
    see: an address may have had another owner.
    """
    theirs = ConsentEvent.subscriber_id == subscriber.id
    return session.scalars(select(ConsentEvent).where(theirs).order_by(ConsentEvent.at, ConsentEvent.id)).all()


def history_of_nobody(session: Session, fingerprint: str) -> Sequence[ConsentEvent]:
    """Return what is recorded for the address behind *fingerprint* of people who are gone, oldest first."""
    theirs = (ConsentEvent.fingerprint == fingerprint) & ConsentEvent.subscriber_id.not_in(select(Subscriber.id))
    return session.scalars(select(ConsentEvent).where(theirs).order_by(ConsentEvent.at, ConsentEvent.id)).all()


def forget(session: Session, before: datetime, *, limit: int) -> int:
    """
    Delete the ledger of up to *limit* addresses of nobody whose last event came before *before*; return how many.

    The ledger of a reader who is still there stays whole, also that of an address they have left.
    """
    # The table and not the row class, which lets nothing be deleted: an event is proof and stands for ever, except that
    # the proof of somebody whom we have forgotten is forgotten too, when the operator says that its time is over.
    events = ConsentEvent.__table__
    theirs = select(ConsentEvent.fingerprint).join(Subscriber, Subscriber.id == ConsentEvent.subscriber_id)
    old = session.scalars(
        select(ConsentEvent.fingerprint)
        .where(
            ConsentEvent.fingerprint.not_in(select(Subscriber.fingerprint)),
            ConsentEvent.fingerprint.not_in(theirs),
        )
        .group_by(ConsentEvent.fingerprint)
        .having(func.max(ConsentEvent.at) < before)
        .order_by(ConsentEvent.fingerprint)
        .limit(limit)
    ).all()
    session.execute(delete(events).where(events.c.fingerprint.in_(old)))  # type: ignore[arg-type]  # it is a Table
    return len(old)
