"""What Deliveries and Notices have in common: claimed under a lease, settled behind its fence."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CursorResult,
    Row,
    String,
    and_,
    bindparam,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy import cast as cast_as
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from digest.errors import WrongState
from digest.model.delivery import (
    MOVES,
    OPEN,
    REPLY_LENGTH,
    Claimed,
    Delivery,
    DeliveryState,
    Lease,
    Reason,
    Settlement,
)
from digest.model.notice import Notice
from subscribers.base import Base

Mail = type[Delivery] | type[Notice]
Key = TypeVar("Key")

#: Databases take so many keys in one statement, and many more.
RECOVERED_AT_ONCE = 500


def insert(session: Session, into: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return the INSERT into the table of *into* in the dialect of the database in use, which knows ON CONFLICT."""
    return sqlite.insert(into) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(into)


def is_open(mail: Mail) -> ColumnElement[bool]:
    """Return the condition that a row of *mail* may be claimed."""
    # Written out in the statement: a partial index is not used for a condition with parameters.
    return mail.state.in_(bindparam("open_states", sorted(OPEN, reverse=True), expanding=True, literal_execute=True))


def _is_claimed(mail: Mail) -> ColumnElement[bool]:
    # Written out, as above.
    return mail.state == bindparam("claimed", DeliveryState.CLAIMED, literal_execute=True)


def claim(
    session: Session,
    mail: Mail,
    ready: ColumnElement[bool],
    returning: Sequence[Any],
    *,
    lease: Lease,
    limit: int,
) -> Sequence[Row[*tuple[Any, ...]]]:
    """
    Put up to *limit* open rows of *mail* that are *ready* under *lease*, those due longest first.

    Return the columns *returning* of each, in no order. Rows that another claimer has locked are passed over.
    """
    key = mail.__mapper__.primary_key
    chosen = (
        select(*key)
        .where(is_open(mail), ready)
        .order_by(mail.next_at, *key)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(mail)
        .where(tuple_(*key).in_(chosen))
        .values(
            state=DeliveryState.CLAIMED,
            lease_owner=lease.owner,
            lease_until=lease.until,
            lease_no=mail.lease_no + 1,
        )
        .returning(*returning)
    )
    # Not by the session: the ORM takes twice as long to hand over rows that are no objects.
    return session.connection().execute(statement).all()


def extend(session: Session, mail: Mail, claims: Iterable[Claimed[Any, Any]], lease: Lease) -> set[Any]:
    """Hold *claims* until the end of *lease*, and return the keys of those that are still ours."""
    claims = list(claims)
    held = _held(session, mail, lease.owner, [claimed.key for claimed in claims])
    ours = [claimed.key for claimed in claims if held.get(claimed.key) == claimed.lease_no]
    _change(session, mail, _named(mail, ours), lease_until=lease.until)
    return set(ours)


def settle(
    session: Session, mail: Mail, settlements: Sequence[Settlement[Key]], *, owner: str, now: datetime
) -> tuple[list[Settlement[Key]], list[Settlement[Key]]]:
    """Write down what has become of claimed mails; return those written, and those whose lease *owner* had lost."""
    with session.begin_nested() as attempt:
        if _write_all(session, mail, settlements, now, owner=owner) == len(settlements):
            return list(settlements), []
        attempt.rollback()
    held = _held(session, mail, owner, [settlement.key for settlement in settlements])
    written = [settlement for settlement in settlements if held.get(settlement.key) == settlement.lease_no]
    _write_all(session, mail, written, now)
    return written, [settlement for settlement in settlements if held.get(settlement.key) != settlement.lease_no]


def _write_all(
    session: Session, mail: Mail, settlements: Iterable[Settlement[Any]], now: datetime, *, owner: str | None = None
) -> int:
    """Write *settlements* down, with *owner* only those that it still holds; return how many were written."""
    alike: dict[tuple[Any, ...], list[Settlement[Any]]] = defaultdict(list)
    for settlement in settlements:
        alike[_likeness(settlement)].append(settlement)
    return sum(_write(session, mail, group, now, owner) for group in alike.values())


def _likeness(settlement: Settlement[Any]) -> tuple[Any, ...]:
    """Return all that is written of *settlement* but its key and the words of its reply."""
    return (
        settlement.state,
        settlement.reason,
        settlement.is_attempt,
        settlement.next_at,
        settlement.relay,
        settlement.code,
        settlement.status,
        bool(settlement.reply),
    )


def recover(
    session: Session, mail: Mail, settlements: Sequence[Settlement[Key]], *, owner: str, now: datetime
) -> list[Settlement[Key]]:
    """
    Settle what the journal of *owner*, who lives no more, tells; return what was written.

    A mail that somebody has claimed since stays as it is. One whose claim the database has lost, in a power cut, is
    settled all the same.
    """
    key = mail.__mapper__.primary_key
    written: list[Settlement[Key]] = []
    for start in range(0, len(settlements), RECOVERED_AT_ONCE):
        told = settlements[start : start + RECOVERED_AT_ONCE]
        named = _named(mail, [settlement.key for settlement in told])
        rows = session.execute(
            select(*key, mail.lease_no, mail.state, mail.lease_owner).where(named).with_for_update()
        ).all()
        held: dict[object, tuple[int, DeliveryState, str | None]] = {}
        for *parts, lease_no, state, lease_owner in rows:
            held[parts[0] if len(parts) == 1 else tuple(parts)] = (lease_no, state, lease_owner)
        chosen = [settlement for settlement in told if _is_its(held.get(settlement.key), settlement, owner)]
        _write_all(session, mail, chosen, now)
        written += chosen
    return written


def put_back_of(session: Session, mail: Mail, owner: str) -> int:
    """Put back what *owner*, who lives no more, still holds; return how many."""
    held = and_(_is_claimed(mail), mail.lease_owner == owner)
    back = {"state": DeliveryState.PLANNED, "next_at": mail.due_at}  # it was due, or taken before its time
    return _change(session, mail, held, lease_owner=None, lease_until=None, **back)


def _is_its(found: tuple[int, DeliveryState, str | None] | None, settlement: Settlement[Any], owner: str) -> bool:
    if found is None:
        return False
    lease_no, state, lease_owner = found
    if lease_no == settlement.lease_no:
        return state == DeliveryState.CLAIMED and lease_owner == owner
    return lease_no < settlement.lease_no and (state in OPEN or state == DeliveryState.CLAIMED)


def release_expired(session: Session, mail: Mail, now: datetime, *, resends: bool) -> int:
    """
    Set mails whose holder did not come back to in_doubt, for nobody knows how far it came; return how many.

    With *resends* they are to be sent again.
    """
    expired = and_(_is_claimed(mail), mail.lease_until < now)
    fate: dict[str, Any] = {"state": DeliveryState.IN_DOUBT}
    if resends:
        fate = {"state": DeliveryState.DEFERRED, "next_at": now}
    return _change(session, mail, expired, reason=Reason.LEASE_EXPIRED, lease_owner=None, lease_until=None, **fate)


def skip(session: Session, mail: Mail, which: ColumnElement[bool], reason: Reason | ColumnElement[Any]) -> int:
    """Skip the open rows of *mail* that *which* names, and return how many."""
    return _change(session, mail, and_(is_open(mail), which), state=DeliveryState.SKIPPED, reason=reason)


def resolve(session: Session, mail: Mail, which: ColumnElement[bool], *, to: DeliveryState, now: datetime) -> int:
    """Decide mails in doubt: *to* sent, or planned to send them again; return how many. WrongState for other states."""
    if to not in MOVES[DeliveryState.IN_DOUBT]:
        raise WrongState(f"a mail in doubt cannot become {to}; choose sent, or planned to send it again")
    decided = {"sent_at": now} if to == DeliveryState.SENT else {"next_at": now}
    in_doubt = and_(mail.state == DeliveryState.IN_DOUBT, which)
    return _change(session, mail, in_doubt, state=to, reason=None, **decided)


def attempt(settlement: Settlement[Any], now: datetime) -> dict[str, Any]:
    """Return the columns of an Attempt that tell of *settlement*, without the mail's key."""
    return {
        "at": now,
        "outcome": settlement.state,
        "code": settlement.code,
        "reply": settlement.reply[:REPLY_LENGTH],
    }


def leaves_an_attempt(settlement: Settlement[Any]) -> bool:
    """Return whether *settlement* is to be remembered as an Attempt: the relay had its say and did not take it."""
    return settlement.is_attempt and settlement.state != DeliveryState.SENT


def _write(session: Session, mail: Mail, alike: Sequence[Settlement[Any]], now: datetime, owner: str | None) -> int:
    """Write settlements that are alike but for keys and replies, in one go; columns not named keep their values."""
    first = alike[0]
    changes: dict[str, Any] = {
        "state": first.state,
        "reason": first.reason,
        "lease_owner": None,
        "lease_until": None,
    }
    if first.next_at is not None:
        changes["next_at"] = first.next_at
    if first.code is not None or first.reply:
        changes |= {"last_relay": first.relay, "last_code": first.code, "last_status": first.status}
        changes["last_reply"] = ""
    if first.state == DeliveryState.SENT:
        changes["sent_at"] = now
    if first.is_attempt:
        changes["attempts"] = mail.attempts + 1
    rows = [[*_parts(settlement.key), settlement.reply[:REPLY_LENGTH], settlement.lease_no] for settlement in alike]
    told = _rows(session, rows)
    keys = mail.__mapper__.primary_key
    which = [column == told[place] for place, column in enumerate(keys)]
    if owner is None:
        # A journal that is replayed once more, or an earlier holder, then comes too late.
        changes["lease_no"] = told[len(keys) + 1]
    else:
        # The fence: what another has taken over is left alone.
        which += [mail.state == DeliveryState.CLAIMED, mail.lease_owner == owner, mail.lease_no == told[len(keys) + 1]]
    if "last_reply" in changes:
        changes["last_reply"] = cast_as(told[len(keys)], String)
    statement = update(mail).where(*which).values(changes).execution_options(synchronize_session=False)
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def _rows(session: Session, rows: list[list[Any]]) -> list[ColumnElement[Any]]:
    """Return the columns of *rows*, numbers but for the last but one, handed over as one JSON text for speed."""
    text: ColumnElement[str] = bindparam("rows", json.dumps(rows, ensure_ascii=False))
    width = len(rows[0])
    if session.get_bind().dialect.name == "sqlite":
        each = func.json_each(text).table_valued("value", name="told")
        return [func.json_extract(each.c.value, f"$[{place}]") for place in range(width)]
    each = func.jsonb_array_elements(cast_as(text, JSONB)).table_valued("value", name="told")
    words = [each.c.value.op("->>")(place) for place in range(width)]
    return [word if place == width - 2 else cast_as(word, BigInteger) for place, word in enumerate(words)]


def _parts(key: object) -> tuple[object, ...]:
    return key if isinstance(key, tuple) else (key,)


def _held(session: Session, mail: Mail, owner: str, keys: Sequence[object]) -> dict[object, int]:
    """
    Return the lease_no of those of *keys* that *owner* holds, and lock them until the transaction ends.

    This is the fence: what is written to them in this transaction, nobody else has taken over.
    """
    key = mail.__mapper__.primary_key
    found = session.execute(
        select(*key, mail.lease_no)
        .where(_named(mail, keys), mail.state == DeliveryState.CLAIMED, mail.lease_owner == owner)
        .with_for_update()
    )
    return {parts[0] if len(parts) == 1 else tuple(parts): lease_no for *parts, lease_no in found}


def _named(mail: Mail, keys: Iterable[object]) -> ColumnElement[bool]:
    return tuple_(*mail.__mapper__.primary_key).in_([_parts(key) for key in keys])


def _change(session: Session, mail: Mail, which: ColumnElement[bool], **values: Any) -> int:
    statement = update(mail).where(which).values(**values).execution_options(synchronize_session=False)
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
