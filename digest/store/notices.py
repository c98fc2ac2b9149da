"""Notices: single mails, put in once, claimed and settled like Deliveries."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest.model.delivery import Attempt, Claimed, DeliveryState, Lease, Reason, Settlement
from digest.model.ids import NoticeId
from digest.model.notice import Notice, NoticeToSend, NoticeWish
from digest.store import leases


def enqueue(session: Session, wish: NoticeWish, now: datetime) -> NoticeId:
    """Put in the Notice that *wish* asks for, and return its id; a repeated dedupe_key gives the id of the first."""
    columns = {
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
    insert = leases.insert(session, Notice).values(columns).on_conflict_do_nothing(index_elements=["dedupe_key"])
    made: NoticeId | None = session.scalar(insert.returning(Notice.id))
    if made is not None:
        return made
    return session.scalars(select(Notice.id).where(Notice.dedupe_key == wish.dedupe_key)).one()


def claim(session: Session, now: datetime, *, lease: Lease, limit: int) -> list[Claimed[NoticeId, NoticeToSend]]:
    """Take up to *limit* due Notices under *lease*; those past their expires_at are skipped."""
    leases.skip(session, Notice, Notice.expires_at <= now, Reason.TOO_LATE)
    taken = leases.claim(session, Notice, Notice.next_at <= now, lease=lease, limit=limit)
    return [
        Claimed(
            key=notice.id,
            item=NoticeToSend(id=notice.id, wish=notice.wish, created_at=notice.created_at),
            lease_no=notice.lease_no,
            attempts=notice.attempts,
            due_at=notice.due_at,
            next_at=notice.next_at,
            expires_at=notice.expires_at,
        )
        for notice in taken
    ]


def extend(session: Session, claims: Iterable[Claimed[NoticeId, object]], lease: Lease) -> set[NoticeId]:
    """Hold *claims* until the end of *lease*, and return the keys of those that are still ours."""
    return leases.extend(session, Notice, claims, lease)


def settle(
    session: Session, settlements: Sequence[Settlement[NoticeId]], *, owner: str, now: datetime
) -> list[Settlement[NoticeId]]:
    """Write down what has become of claimed Notices; return those that *owner* no longer held, which stay as are."""
    written, lost = leases.settle(session, Notice, settlements, owner=owner, now=now)
    session.add_all(
        Attempt(notice_id=settlement.key, **leases.attempt(settlement, now))
        for settlement in written
        if leases.leaves_an_attempt(settlement)
    )
    return lost


def expire_leases(session: Session, now: datetime) -> int:
    """Set Notices whose sender did not come back to in_doubt, and return how many."""
    return leases.release_expired(session, Notice, now)


def resolve(session: Session, notice_id: NoticeId, *, to: DeliveryState, now: datetime) -> int:
    """Decide a Notice in doubt: *to* sent, or planned to send it again; return 1, or 0 if it was not in doubt."""
    return leases.resolve(session, Notice, Notice.id == notice_id, to=to, now=now)


def address(session: Session, notice_id: NoticeId) -> str | None:
    """Return the address that a Notice was written to; None when it is not kept any more."""
    return session.scalar(select(Notice.address).where(Notice.id == notice_id))


def waiting(session: Session) -> int:
    """Return how many Notices are still to go out."""
    return session.scalar(select(func.count()).where(leases.is_open(Notice))) or 0
