"""Deliveries: plan them, claim them, settle them, and account for every one."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Row,
    Select,
    String,
    Time,
    and_,
    case,
    column,
    func,
    literal,
    null,
    or_,
    select,
    true,
    values,
)
from sqlalchemy.orm import Session

from digest.model.delivery import (
    Account,
    Attempt,
    Claimed,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Lease,
    Reason,
    Settlement,
)
from digest.model.edition import Edition
from digest.model.ids import EditionId, SubscriberId
from digest.model.message import Recipient
from digest.store import leases
from subscribers import audience
from subscribers.base import UtcDateTime
from subscribers.model import SubscriptionState


def plan(
    session: Session,
    edition_id: EditionId,
    readers: Select[*tuple[Any, ...]],
    waves: Mapping[tuple[str, time | None], datetime],
) -> int:
    """
    Write one Delivery for each of *readers*, and return how many are new; safe to repeat.

    *readers* has the columns of ``subscribers.audience.readers``. *waves* says when each (time zone, hour) falls due; a
    reader whose pair is not named gets no Delivery. Suppressed readers are planned as skipped, so that the account
    shows them; who is suppressed or leaves later is skipped when claimed.
    """
    if not waves:
        return 0
    reader = readers.subquery("reader")
    due = values(column("time_zone", String), column("hour", Time), column("due_at", UtcDateTime)).data(
        # A bare NULL would make a column of hours, none of which is set, text to PostgreSQL.
        [(zone, literal(hour, Time), due_at) for (zone, hour), due_at in waves.items()]
    )
    # Nested, since the SQLite driver counts no rows of a statement that begins with WITH.
    wave = select(due.cte("due", nesting=True)).subquery("wave")
    planned = select(
        literal(edition_id).label("edition_id"),
        reader.c.subscriber_id,
        reader.c.public_id,
        case((reader.c.suppressed, DeliveryState.SKIPPED.value), else_=DeliveryState.PLANNED.value).label("state"),
        case((reader.c.suppressed, Reason.SUPPRESSED.value), else_=null()).label("reason"),
        wave.c.due_at,
        wave.c.due_at.label("next_at"),
    ).where(reader.c.time_zone == wave.c.time_zone, reader.c.hour.is_not_distinct_from(wave.c.hour))
    insert = leases.insert(session, Delivery).from_select(list(planned.selected_columns.keys()), planned)
    statement = insert.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def claim(
    session: Session,
    edition_id: EditionId | None,
    now: datetime,
    *,
    lease: Lease,
    limit: int,
    ignore_wave: bool = False,
) -> list[Claimed[DeliveryKey, Recipient]]:
    """
    Take up to *limit* due Deliveries of an Edition (None: of any) under *lease*; an empty list means that none is due.

    Address, name and Sections are those of now: who has left or is suppressed by now is skipped. With *ignore_wave* the
    untried ones need not be due.
    """
    ready: ColumnElement[bool] = Delivery.next_at <= now
    if ignore_wave:
        ready = or_(ready, and_(Delivery.state == DeliveryState.PLANNED, Delivery.next_at == Delivery.due_at))
    if edition_id is not None:
        ready = and_(Delivery.edition_id == edition_id, ready)
    while taken := leases.claim(session, Delivery, ready, lease=lease, limit=limit):
        claimed, gone = _told_apart(taken, _readers(session, taken))
        settle(session, gone, owner=lease.owner, now=now)
        if claimed:
            return claimed
    return []


def extend(session: Session, claims: Iterable[Claimed[DeliveryKey, object]], lease: Lease) -> set[DeliveryKey]:
    """Hold *claims* until the end of *lease*, and return the keys of those that are still ours."""
    return leases.extend(session, Delivery, claims, lease)


def settle(
    session: Session, settlements: Sequence[Settlement[DeliveryKey]], *, owner: str, now: datetime
) -> list[Settlement[DeliveryKey]]:
    """Write down what has become of claimed Deliveries; return those that *owner* no longer held, which stay as are."""
    written, lost = leases.settle(session, Delivery, settlements, owner=owner, now=now)
    session.add_all(
        Attempt(edition_id=settlement.key[0], subscriber_id=settlement.key[1], **leases.attempt(settlement, now))
        for settlement in written
        if leases.leaves_an_attempt(settlement)
    )
    return lost


def expire_leases(session: Session, now: datetime) -> int:
    """Set Deliveries whose sender did not come back to in_doubt, and return how many."""
    return leases.release_expired(session, Delivery, now)


def skip_too_late(session: Session, edition_id: EditionId, now: datetime, catch_up: timedelta) -> int:
    """Skip the open Deliveries whose hour passed more than *catch_up* ago, and return how many."""
    late = and_(Delivery.edition_id == edition_id, Delivery.due_at < now - catch_up)
    return leases.skip(session, Delivery, late, Reason.TOO_LATE)


def resolve(
    session: Session,
    edition_id: EditionId,
    *,
    to: DeliveryState,
    now: datetime,
    only: Collection[SubscriberId] | None = None,
) -> int:
    """Decide Deliveries in doubt: *to* sent, or planned to send them again; return how many. *only* names some."""
    chosen = true() if only is None else Delivery.subscriber_id.in_(only)
    return leases.resolve(session, Delivery, and_(Delivery.edition_id == edition_id, chosen), to=to, now=now)


def public_id(session: Session, key: DeliveryKey) -> str | None:
    """Return the public id of the Subscription behind the Delivery called *key*; None without such a Delivery."""
    edition_id, subscriber_id = key
    return session.scalar(
        select(Delivery.public_id).where(Delivery.edition_id == edition_id, Delivery.subscriber_id == subscriber_id)
    )


def account(session: Session, edition_id: EditionId) -> Account:
    """Return what has become of the Deliveries of an Edition."""
    found = session.execute(
        select(Delivery.state, Delivery.reason, func.count())
        .where(Delivery.edition_id == edition_id)
        .group_by(Delivery.state, Delivery.reason)
    ).all()
    counts = Counter[str]()
    for state, reason, count in found:
        is_suppressed = state == DeliveryState.SKIPPED and reason == Reason.SUPPRESSED
        counts["suppressed" if is_suppressed else _ACCOUNTS[state]] += count
    return Account(intended=counts.total(), **counts)


_ACCOUNTS = {
    DeliveryState.PLANNED: "waiting",
    DeliveryState.CLAIMED: "waiting",
    DeliveryState.SENT: "sent",
    DeliveryState.DEFERRED: "deferred",
    DeliveryState.FAILED: "failed",
    DeliveryState.SKIPPED: "skipped",
    DeliveryState.IN_DOUBT: "in_doubt",
}


def _readers(session: Session, taken: Iterable[Delivery]) -> dict[DeliveryKey, Row[*tuple[Any, ...]]]:
    """Return how the wishes behind *taken* stand at this moment; an erased reader is missing."""
    subscribers = defaultdict(list)
    for delivery in taken:
        subscribers[delivery.edition_id].append(delivery.subscriber_id)
    newsletters = session.execute(select(Edition.id, Edition.newsletter).where(Edition.id.in_(subscribers)))
    return {
        (edition_id, reader.subscriber_id): reader
        for edition_id, newsletter in newsletters
        for reader in session.execute(audience.current(newsletter, subscribers[edition_id]))
    }


def _told_apart(
    taken: Iterable[Delivery], readers: Mapping[DeliveryKey, Row[*tuple[Any, ...]]]
) -> tuple[list[Claimed[DeliveryKey, Recipient]], list[Settlement[DeliveryKey]]]:
    """Return what is to be sent, and the skips of those who are no longer to get it."""
    claimed, gone = [], []
    for delivery in taken:
        key = (delivery.edition_id, delivery.subscriber_id)
        reader = readers.get(key)
        if reader is None or reader.state != SubscriptionState.ACTIVE:
            gone.append(_skip(key, delivery, Reason.UNSUBSCRIBED))
        elif reader.suppressed:
            gone.append(_skip(key, delivery, Reason.SUPPRESSED))
        else:
            claimed.append(_claimed(key, delivery, reader))
    return claimed, gone


def _skip(key: DeliveryKey, delivery: Delivery, reason: Reason) -> Settlement[DeliveryKey]:
    return Settlement(key=key, lease_no=delivery.lease_no, state=DeliveryState.SKIPPED, is_attempt=False, reason=reason)


def _claimed(key: DeliveryKey, delivery: Delivery, reader: Row[*tuple[Any, ...]]) -> Claimed[DeliveryKey, Recipient]:
    return Claimed(
        key=key,
        item=Recipient(
            edition_id=delivery.edition_id,
            subscriber_id=delivery.subscriber_id,
            public_id=reader.public_id,
            address=reader.address,
            name=reader.name,
            time_zone=reader.time_zone,
            sections=reader.sections,
        ),
        lease_no=delivery.lease_no,
        attempts=delivery.attempts,
        due_at=delivery.due_at,
        next_at=delivery.next_at,
    )
