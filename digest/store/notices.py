"""Notices: single mails, put in once, claimed and settled like Deliveries."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, insert, literal, or_, select
from sqlalchemy.orm import Session

from digest.model.delivery import Attempt, Claimed, DeliveryState, Lease, Reason, Settlement, domain_of
from digest.model.ids import NoticeId
from digest.model.notice import FOR_STAFF, Notice, NoticeToSend, NoticeWish
from digest.model.staff import Staff
from digest.store import leases
from subscribers.address import fingerprint, kept
from subscribers.model import Subscription, SubscriptionState, Suppression
from subscribers.suppression import LIFTED_BY_READER

#: So many signs of a welcome's dedupe_key, after its kind, name the Subscription.
_PUBLIC_ID_LENGTH = 13
#: Nothing will become of a Notice in one of these any more, unless somebody decides one in doubt.
_OVER = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SKIPPED, DeliveryState.IN_DOUBT)


def enqueue(session: Session, wish: NoticeWish, now: datetime) -> NoticeId:
    """Put in the Notice that *wish* asks for, and return its id; a repeated dedupe_key gives the id of the first."""
    put_in = leases.insert(session, Notice).values(_columns(wish, now))
    once = put_in.on_conflict_do_nothing(index_elements=["dedupe_key"])
    made: NoticeId | None = session.scalar(once.returning(Notice.id))
    if made is not None:
        return made
    return session.scalars(select(Notice.id).where(Notice.dedupe_key == wish.dedupe_key)).one()


def enqueue_for_staff(session: Session, wish: NoticeWish, now: datetime) -> None:
    """Put in the Notice that *wish* asks for if its address has an account; one statement, whether it has or not."""
    columns = _columns(wish, now)
    kinds = Notice.__table__.c
    row = select(*(literal(value, kinds[name].type) for name, value in columns.items()))
    session.execute(insert(Notice).from_select(list(columns), row.where(exists().where(Staff.email == wish.address))))


def claim(
    session: Session, now: datetime, *, lease: Lease, limit: int, fingerprint_key: bytes
) -> list[Claimed[NoticeId, NoticeToSend]]:
    """Take up to *limit* due Notices under *lease*; those that are of no use any more, or must not go, are skipped."""
    _skip_in_vain(session, now)
    while taken := leases.claim(session, Notice, Notice.next_at <= now, [Notice.id], lease=lease, limit=limit):
        claimed = select(Notice).where(Notice.id.in_([row.id for row in taken])).order_by(Notice.next_at, Notice.id)
        found = session.scalars(claimed.execution_options(populate_existing=True)).all()
        barred = _barred(session, found, fingerprint_key)
        settle(session, [_skip(notice) for notice in found if notice.id in barred], owner=lease.owner, now=now)
        if going := [_claimed(notice) for notice in found if notice.id not in barred]:
            return going
    return []


def _claimed(notice: Notice) -> Claimed[NoticeId, NoticeToSend]:
    return Claimed(
        key=notice.id,
        item=NoticeToSend(id=notice.id, wish=notice.wish, created_at=notice.created_at),
        domain=domain_of(notice.address),
        lease_no=notice.lease_no,
        attempts=notice.attempts,
        due_at=notice.due_at,
        next_at=notice.next_at,
        expires_at=notice.expires_at,
    )


def _skip(notice: Notice) -> Settlement[NoticeId]:
    return Settlement(
        key=notice.id,
        lease_no=notice.lease_no,
        state=DeliveryState.SKIPPED,
        is_attempt=False,
        reason=Reason.SUPPRESSED,
    )


def _barred(session: Session, found: Iterable[Notice], fingerprint_key: bytes) -> set[NoticeId]:
    """Return the ids of those among *found* whose address only an operator can let get mail again."""
    # By the fingerprint of the address itself: whoever is asked about a move there, or told of one, is no reader there.
    marks = {
        notice.id: fingerprint(kept(notice.address).key, fingerprint_key)
        for notice in found
        if notice.kind not in FOR_STAFF
    }
    held = select(Suppression.fingerprint).where(
        Suppression.fingerprint.in_(set(marks.values())), Suppression.reason.not_in(LIFTED_BY_READER)
    )
    suppressed = set(session.scalars(held))
    return {notice_id for notice_id, mark in marks.items() if mark in suppressed}


def _skip_in_vain(session: Session, now: datetime) -> None:
    """Skip what is too late, and welcomes to who has left."""
    is_late = and_(Notice.expires_at.is_not(None), Notice.expires_at <= now)
    has_left = and_(
        Notice.kind == "welcome",
        exists().where(
            Subscription.public_id == func.substr(Notice.dedupe_key, len("welcome:") + 1, _PUBLIC_ID_LENGTH),
            Subscription.state == SubscriptionState.ENDED,
        ),
    )
    kind_of = Notice.reason.type
    reason = case(
        (is_late, literal(Reason.TOO_LATE, kind_of)),
        else_=literal(Reason.UNSUBSCRIBED, kind_of),
    )
    leases.skip(session, Notice, or_(is_late, has_left), reason)


def extend(session: Session, claims: Iterable[Claimed[NoticeId, object]], lease: Lease) -> set[NoticeId]:
    """Hold *claims* until the end of *lease*, and return the keys of those that are still ours."""
    return leases.extend(session, Notice, claims, lease)


def settle(
    session: Session, settlements: Sequence[Settlement[NoticeId]], *, owner: str, now: datetime
) -> list[Settlement[NoticeId]]:
    """Write down what has become of claimed Notices; return those that *owner* no longer held, which stay as are."""
    written, lost = leases.settle(session, Notice, settlements, owner=owner, now=now)
    _remember(session, written, now)
    return lost


def _remember(session: Session, written: Iterable[Settlement[NoticeId]], now: datetime) -> None:
    session.add_all(
        Attempt(notice_id=settlement.key, **leases.attempt(settlement, now))
        for settlement in written
        if leases.leaves_an_attempt(settlement)
    )


def recover(
    session: Session, settlements: Sequence[Settlement[NoticeId]], *, owner: str, now: datetime
) -> Counter[str]:
    """Settle what the journal of *owner*, who lives no more, tells, and put back the rest that it held."""
    written = leases.recover(session, Notice, settlements, owner=owner, now=now)
    _remember(session, written, now)
    counts = Counter(settlement.state.value for settlement in written)
    counts["put_back"] += leases.put_back_of(session, Notice, owner)
    return counts


def expire_leases(session: Session, now: datetime, *, resends: bool = False) -> int:
    """Set Notices whose sender did not come back to in_doubt, or with *resends* to go out again; return how many."""
    return leases.release_expired(session, Notice, now, resends=resends)


def resolve(session: Session, notice_id: NoticeId, *, to: DeliveryState, now: datetime) -> int:
    """Decide a Notice in doubt: *to* sent, or planned to send it again; return 1, or 0 if it was not in doubt."""
    return leases.resolve(session, Notice, Notice.id == notice_id, to=to, now=now)


def fate(session: Session, notice_id: NoticeId) -> tuple[DeliveryState, str]:
    """Return what has become of a Notice, and what the relay last said of it, with its code."""
    notice = session.get_one(Notice, notice_id)
    code = f"{notice.last_code} " if notice.last_code is not None else ""
    return notice.state, f"{code}{notice.last_reply}"


def address(session: Session, notice_id: NoticeId) -> str | None:
    """Return the address that a Notice was written to; None when it is not kept any more."""
    return session.scalar(select(Notice.address).where(Notice.id == notice_id))


def waiting(session: Session) -> int:
    """Return how many Notices are still to go out."""
    return session.scalar(select(func.count()).where(leases.is_open(Notice))) or 0


def written_since(session: Session, dedupe_start: str, since: datetime) -> int:
    """Return how many Notices whose dedupe_key begins with *dedupe_start* were put in since *since*."""
    begins = Notice.dedupe_key.startswith(dedupe_start, autoescape=True)
    return session.scalar(select(func.count()).where(begins, Notice.created_at > since)) or 0


def written_since_to(session: Session, kind: str, since: datetime) -> list[tuple[str, datetime]]:
    """Return the addresses that Notices of *kind* were put in for since *since*, and when: one for each Notice."""
    written = select(Notice.address, Notice.created_at).where(Notice.kind == kind, Notice.created_at > since)
    return [(address, at) for address, at in session.execute(written)]


def of_reader(session: Session, spellings: Collection[str]) -> Sequence[Notice]:
    """Return the Notices to the reader whose address and its key these are, the oldest first."""
    return session.scalars(select(Notice).where(_to_reader(spellings)).order_by(Notice.created_at, Notice.id)).all()


def forget_reader(session: Session, spellings: Collection[str], marks: Iterable[str]) -> int:
    """
    Delete the Notices to a reader, open ones too, also those to another address: their dedupe_key holds one of *marks*.

    Return how many. One that a sender holds may still go out.
    """
    theirs = or_(_to_reader(spellings), *(Notice.dedupe_key.contains(mark, autoescape=True) for mark in marks))
    return len(session.scalars(delete(Notice).where(theirs).returning(Notice.id)).all())


def forget_before(session: Session, instant: datetime, now: datetime, *, limit: int) -> int:
    """
    Delete up to *limit* Notices put in before *instant* that have come to their end, and return how many.

    One to editors and operators is kept twice as long: its dedupe_key keeps it from being written again while its
    Edition is open.
    """
    staff_instant = instant - (now - instant)
    kept_from = case((Notice.kind.in_(FOR_STAFF), literal(staff_instant)), else_=literal(instant))
    old = select(Notice.id).where(Notice.state.in_(_OVER), Notice.created_at < kept_from)
    chosen = session.scalars(old.order_by(Notice.id).limit(limit).with_for_update(skip_locked=True)).all()
    session.execute(delete(Notice).where(Notice.id.in_(chosen)))
    return len(chosen)


def _columns(wish: NoticeWish, now: datetime) -> dict[str, Any]:
    return {
        "kind": wish.kind,
        "newsletter": wish.newsletter,
        "address": wish.address,
        "name": wish.name,
        "language": wish.language,
        "values": dict(wish.values),
        "dedupe_key": wish.dedupe_key,
        "created_at": now,
        "due_at": now,
        "next_at": now,
        "expires_at": wish.expires_at,
    }


def _to_reader(spellings: Collection[str]) -> ColumnElement[bool]:
    address = or_(Notice.address.in_(spellings), *(key.in_(spellings) for key in _keys()))
    return and_(address, Notice.kind.not_in(FOR_STAFF))


def _keys() -> tuple[ColumnElement[str], ...]:
    """Return what the key of a Notice's address may be: of a last Sigma PostgreSQL makes a middle one."""
    small = func.lower(Notice.address)
    return small, func.replace(small, "\u03c3@", "\u03c2@")
