"""Reports about mails that we sent: each counted once, and what follows from it for the address."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from subscribers import consent, suppression, unsubscribe
from subscribers.base import UtcDateTime
from subscribers.consent import Evidence
from subscribers.errors import UnknownSubscriber
from subscribers.model import (
    LIVE,
    Bounce,
    BounceKind,
    ConsentKind,
    EndReason,
    Subscriber,
    Subscription,
    SuppressionReason,
)
from subscribers.text import one_line

#: A soft bounce counts one point on its day, half a point after so long: a mailbox that was full in spring and works
#: since then is not held against its reader in autumn.
HALF_LIFE = timedelta(days=30)
#: From so many points on an address gets no mail: five soft bounces on five days in a row come to 4.78.
LIMIT = 4.75
#: A Bounce this old counts a thousandth of a point, and is forgotten.
KEPT = HALF_LIFE * 10
#: Mail to an address that its reader has left may come back so late: relays try for five days (RFC 5321 §4.5.4.1).
RETURNS_WITHIN = timedelta(days=5)
#: SQLite takes at most 32,766 values in one statement, old ones 999.
_BATCH = 500


class Effect(StrEnum):
    """What has followed from a report."""

    #: It had been counted before.
    REPEATED = "repeated"
    #: It was counted, and nothing else has changed.
    COUNTED = "counted"
    #: The address gets no mail any more.
    SUPPRESSED = "suppressed"
    #: The Subscription has ended.
    ENDED = "ended"
    #: The reader of the mail is not known any more; it was only counted.
    UNKNOWN_READER = "unknown reader"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    One report, checked to be about a mail of ours, in plain values.

    *mail* is ``EDITION.SUBSCRIBER`` or ``n.NOTICE``. *subscriber_id* or *fingerprint* says to whom it went; both None
    where nobody knows. *public_id* is the Subscription behind the mail, where there is one.
    """

    mail: str
    kind: BounceKind
    at: datetime
    status: str = ""
    diagnostic: str = ""
    subscriber_id: int | None = None
    fingerprint: str | None = None
    public_id: str = ""


def of_delivery(edition_id: int, subscriber_id: int) -> str:
    """Return what a Bounce calls the mail of one Edition to one Subscriber."""
    return f"{edition_id}.{subscriber_id}"


def of_notice(notice_id: int) -> str:
    """Return what a Bounce calls a Notice."""
    return f"n.{notice_id}"


def record(session: Session, said: Said) -> Effect:
    """Count one report and do what follows from it; see ``record_all``."""
    return record_all(session, [said])[0]


def record_all(session: Session, said: Sequence[Said]) -> list[Effect]:
    """
    Count each report once and do what follows from it, in their order; return the Effect of each.

    A hard bounce and a complaint suppress the address at once, soft ones when their points reach ``LIMIT``; a refusal
    by policy is only counted. A wish to leave ends the Subscription, unless it was confirmed anew since then. Nothing
    here asks whether a report may be believed.
    """
    subscribers = _subscribers(session, said)
    return [_record(session, one, one.fingerprint or _mark(one, subscribers.get(one.subscriber_id))) for one in said]


def score(session: Session, fingerprint: str, now: datetime) -> float:
    """Return the points that soft bounces have brought the address behind *fingerprint* by *now*, decay counted."""
    times = session.scalars(
        # One mail may come back twice, first for one reason and then for another.
        select(func.max(Bounce.at, type_=UtcDateTime))
        .where(Bounce.fingerprint == fingerprint, Bounce.kind == BounceKind.SOFT, Bounce.at > now - KEPT)
        .group_by(Bounce.mail)
    )
    return math.fsum(0.5 ** (max(now - at, timedelta(0)) / HALF_LIFE) for at in times)


def of_mail(session: Session, mail: str) -> Sequence[Bounce]:
    """Return all Bounces of *mail*, as ``of_delivery`` or ``of_notice`` calls it, the oldest first."""
    return session.scalars(select(Bounce).where(Bounce.mail == mail).order_by(Bounce.at, Bounce.id)).all()


def of_reader(session: Session, subscriber: Subscriber) -> Sequence[Bounce]:
    """Return all Bounces of mails to *subscriber*, also at their earlier addresses, the oldest first."""
    to_them = and_(Bounce.mail.like(f"%.{subscriber.id}"), Bounce.mail.not_like("n.%"))
    theirs = or_(Bounce.fingerprint == subscriber.fingerprint, to_them)
    return session.scalars(select(Bounce).where(theirs).order_by(Bounce.at, Bounce.id)).all()


def of_address(session: Session, fingerprint: str) -> Sequence[Bounce]:
    """Return all Bounces of mails to the address behind *fingerprint*, the oldest first."""
    return session.scalars(select(Bounce).where(Bounce.fingerprint == fingerprint).order_by(Bounce.at, Bounce.id)).all()


def counts(session: Session, since: datetime) -> Mapping[BounceKind, int]:
    """Return how many Bounces of each kind have come since *since*; kinds without any are missing."""
    found = session.execute(select(Bounce.kind, func.count()).where(Bounce.at >= since).group_by(Bounce.kind))
    return {row[0]: row[1] for row in found}


def forget_before(session: Session, instant: datetime) -> int:
    """Delete the Bounces that came before *instant* and return how many; Suppressions stay."""
    return len(session.scalars(delete(Bounce).where(Bounce.at < instant).returning(Bounce.id)).all())


class _Reader(NamedTuple):
    fingerprint: str
    address_since: datetime | None


def _mark(said: Said, reader: _Reader | None) -> str | None:
    """Return the fingerprint of the address that *said* is about; None where nobody knows which it was."""
    if reader is None:
        return None
    if (
        said.kind in {BounceKind.HARD, BounceKind.SOFT}
        and reader.address_since is not None
        and said.at < reader.address_since + RETURNS_WITHIN
    ):
        # The mail may have gone to the address that the reader had before, and that is no fault of the present one. If
        # the present one is dead too, the next mail tells.
        return None
    return reader.fingerprint


def _subscribers(session: Session, said: Iterable[Said]) -> dict[int | None, _Reader]:
    """Return what is known of each Subscriber that *said* names; an erased one is missing."""
    ids = sorted({one.subscriber_id for one in said if one.subscriber_id is not None and one.fingerprint is None})
    found: dict[int | None, _Reader] = {}
    for start in range(0, len(ids), _BATCH):
        some = ids[start : start + _BATCH]
        columns = (Subscriber.id, Subscriber.fingerprint, Subscriber.address_since)
        rows = session.execute(select(*columns).where(Subscriber.id.in_(some)))
        found.update((subscriber_id, _Reader(mark, since)) for subscriber_id, mark, since in rows)
    return found


def _record(session: Session, said: Said, mark: str | None) -> Effect:
    is_new = _count(session, said, mark)
    if said.kind is BounceKind.UNSUBSCRIBE:
        return _leave(session, said)  # also a second time: the reader may have come back in between
    if not is_new:
        return Effect.REPEATED
    return Effect.UNKNOWN_READER if mark is None else _follow(session, said, mark)


def _count(session: Session, said: Said, mark: str | None) -> bool:
    """Write the Bounce down, and return whether it is new."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = {
        "mail": said.mail,
        "kind": said.kind,
        "status": one_line(said.status)[:40],
        "fingerprint": mark,
        "at": said.at,
        "diagnostic": one_line(said.diagnostic)[:200],
    }
    written = dialect.insert(Bounce).values(row).on_conflict_do_nothing().returning(Bounce.id)
    return session.scalar(written) is not None


def _follow(session: Session, said: Said, mark: str) -> Effect:
    if said.kind is BounceKind.HARD:
        return _suppress(session, said, mark, SuppressionReason.HARD_BOUNCE, said.status)
    if said.kind is BounceKind.COMPLAINT:
        _write_down(session, said)
        return _suppress(session, said, mark, SuppressionReason.COMPLAINT, said.status)
    points = score(session, mark, said.at) if said.kind is BounceKind.SOFT else 0.0
    if points < LIMIT:
        return Effect.COUNTED
    return _suppress(session, said, mark, SuppressionReason.SOFT_BOUNCES, f"{points:.1f} points")


def _suppress(session: Session, said: Said, mark: str, reason: SuppressionReason, note: str) -> Effect:
    suppression.suppress(session, mark, reason, at=said.at, note=f"mail {said.mail}: {note}".rstrip(": "))
    return Effect.SUPPRESSED


def _write_down(session: Session, said: Said) -> None:
    """Put a complaint into the ledger of the Subscription that it is about, where that lives."""
    subscription = session.scalar(select(Subscription).where(Subscription.public_id == said.public_id))
    if said.public_id and subscription is not None and subscription.state in LIVE:
        evidence = Evidence(wording=f"The reader reported mail {said.mail} as spam", source="complaint report")
        consent.record(session, subscription, ConsentKind.COMPLAINED, evidence, at=said.at)


def _leave(session: Session, said: Said) -> Effect:
    evidence = Evidence(wording="The reader wrote to the address for leaving", source="mail")
    try:
        subscription = Subscription.by_public_id(session, said.public_id)
        if subscription.confirmed_at is not None and said.at < subscription.confirmed_at:
            return Effect.REPEATED
        outcome = unsubscribe.one_click(session, said.public_id, evidence, now=said.at, reason=EndReason.MAILTO)
    except UnknownSubscriber:
        return Effect.UNKNOWN_READER
    return Effect.ENDED if isinstance(outcome, unsubscribe.Left) else Effect.COUNTED
