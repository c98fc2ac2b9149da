"""Deliveries: plan them, claim them, settle them, and account for every one."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Integer,
    Row,
    Select,
    String,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    text,
    true,
    type_coerce,
    update,
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
    domain_of,
)
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId, SubscriberId
from digest.model.message import Recipient
from digest.store import leases
from subscribers import audience
from subscribers.base import UtcDateTime
from subscribers.cadence import Cadence
from subscribers.model import LIVE, Subscriber, SubscriptionState

#: The states in which nothing of an Edition goes out.
RESTING = frozenset({EditionState.PAUSED, EditionState.CANCELLED})
#: What a sender needs to know of a Delivery that it has claimed.
_CLAIMED = (
    Delivery.edition_id,
    Delivery.subscriber_id,
    Delivery.lease_no,
    Delivery.attempts,
    Delivery.due_at,
    Delivery.next_at,
)


class Told(NamedTuple):
    """A Delivery as its reader may know it."""

    newsletter: str
    cadence: Cadence
    date: date
    number: int
    subject: str | None
    state: DeliveryState
    reason: Reason | None
    due_at: datetime
    sent_at: datetime | None
    attempts: int
    #: What the relay said of it last.
    reply: str


class Doubt(NamedTuple):
    """A Delivery in doubt: *at* is when it was tried, None where its sender vanished without a journal."""

    subscriber_id: SubscriberId
    public_id: str
    reason: Reason | None
    relay: str
    reply: str
    at: datetime | None


def plan(
    session: Session,
    edition_id: EditionId,
    readers: Select[*tuple[Any, ...]],
    waves: Mapping[tuple[str, time | None], datetime],
    *,
    spread: timedelta = timedelta(0),
) -> int:
    """
    Write one Delivery for each of *readers*, and return how many are new; safe to repeat.

    *readers* has the columns of ``subscribers.audience.readers``. *waves* says when each (time zone, hour) falls due; a
    reader whose pair is not named gets no Delivery. Each wave is spread evenly over *spread*, in whole minutes.
    Suppressed readers are planned as skipped, so that the account shows them; who is suppressed, leaves, pauses or
    chooses another cadence later is skipped when claimed.
    """
    if not waves:
        return 0
    reader = readers.subquery("reader")
    due = _due(reader, waves)
    chosen = (reader.c.subscriber_id, reader.c.public_id, reader.c.suppressed, due.label("due_at"))
    wanted = select(*chosen).subquery("wanted")
    planned = select(
        literal(edition_id).label("edition_id"),
        wanted.c.subscriber_id,
        wanted.c.public_id,
        case((wanted.c.suppressed, DeliveryState.SKIPPED.value), else_=DeliveryState.PLANNED.value).label("state"),
        case((wanted.c.suppressed, Reason.SUPPRESSED.value), else_=null()).label("reason"),
        wanted.c.due_at,
        _spread(session, wanted.c.subscriber_id, wanted.c.due_at, spread).label("next_at"),
    ).where(wanted.c.due_at.is_not(None))
    insert = leases.insert(session, Delivery).from_select(list(planned.selected_columns.keys()), planned)
    is_planned = session.scalar(select(exists().where(Delivery.edition_id == edition_id)))
    # To look for conflicts costs PostgreSQL as much again, and a new Edition can have none.
    statement = insert.on_conflict_do_nothing() if is_planned else insert
    return cast("CursorResult[Any]", session.execute(statement.execution_options(preserve_rowcount=True))).rowcount


def move(
    session: Session,
    edition_id: EditionId,
    subscriber_id: SubscriberId,
    due_at: datetime,
    *,
    spread: timedelta = timedelta(0),
) -> bool:
    """
    Let a reader's Delivery go out with the wave at *due_at*, as if it had been planned so; return whether it now does.

    One that has been tried, or has come to its end, stays as it is.
    """
    minutes = _minutes(spread)
    late = timedelta(minutes=subscriber_id % minutes) if minutes else timedelta(0)
    statement = (
        update(Delivery)
        .where(
            Delivery.edition_id == edition_id,
            Delivery.subscriber_id == subscriber_id,
            Delivery.state == DeliveryState.PLANNED,
            Delivery.attempts == 0,
        )
        .values(due_at=due_at, next_at=due_at + late)
        .execution_options(synchronize_session=False)
    )
    return bool(cast("CursorResult[Any]", session.execute(statement)).rowcount)


def reschedule(
    session: Session,
    edition_id: EditionId,
    readers: Select[*tuple[Any, ...]],
    waves: Mapping[tuple[str, time | None], datetime],
    *,
    not_before: datetime,
    spread: timedelta = timedelta(0),
) -> int:
    """
    Let the Deliveries that nobody has tried fall due as *waves* says of *readers*, none *not_before*; return how many.

    Who is not among *readers* any more keeps their hour, if it is not earlier than that.
    """
    reader = readers.subquery("reader")
    named = select(_due(reader, waves)).where(reader.c.subscriber_id == Delivery.subscriber_id) if waves else None
    floor = literal(not_before, UtcDateTime)
    kept = case((Delivery.due_at < floor, floor), else_=Delivery.due_at)
    due = kept if named is None else func.coalesce(named.correlate(Delivery).scalar_subquery(), kept)
    untried = and_(Delivery.edition_id == edition_id, Delivery.state == DeliveryState.PLANNED, Delivery.attempts == 0)
    apart = {"synchronize_session": False}
    moved = session.execute(update(Delivery).where(untried).values(due_at=due), execution_options=apart)
    late = _spread(
        session, type_coerce(Delivery.subscriber_id, Integer), type_coerce(Delivery.due_at, UtcDateTime), spread
    )
    session.execute(update(Delivery).where(untried).values(next_at=late), execution_options=apart)
    return cast("CursorResult[Any]", moved).rowcount


class Hours(NamedTuple):
    """When the first and the last of an Edition's open Deliveries go out; None where none is open."""

    first: datetime | None
    last: datetime | None


def hours(session: Session, edition_id: EditionId) -> Hours:
    """Return when what has not gone out yet of an Edition does."""
    query = select(func.min(Delivery.next_at), func.max(Delivery.next_at))
    first, last = session.execute(query.where(Delivery.edition_id == edition_id, leases.is_open(Delivery))).one()
    return Hours(first, last)


def _due(reader: Subquery, waves: Mapping[tuple[str, time | None], datetime]) -> ColumnElement[datetime]:
    """Return the instant of each reader's wave; NULL for a pair of zone and hour that *waves* does not name."""
    by_zone: dict[str, list[tuple[time | None, datetime]]] = defaultdict(list)
    for (zone, hour), due_at in waves.items():
        by_zone[zone].append((hour, due_at))
    return case(
        *(
            (reader.c.time_zone == zone, case(*(_at(reader, *each) for each in hours), else_=null()))
            for zone, hours in by_zone.items()
        ),
        else_=null(),
    )


def _at(reader: Subquery, hour: time | None, due_at: datetime) -> tuple[ColumnElement[bool], ColumnElement[datetime]]:
    wished = reader.c.hour
    return wished.is_(None) if hour is None else wished == hour, literal(due_at, UtcDateTime)


def _spread(
    session: Session, subscriber_id: ColumnElement[int], due_at: ColumnElement[datetime], spread: timedelta
) -> ColumnElement[datetime]:
    """Return when one Delivery of a wave begins: so many minutes after its hour as its reader's number says."""
    minutes = _minutes(spread)
    if not minutes:
        return due_at
    late = subscriber_id % minutes
    if session.get_bind().dialect.name == "sqlite":
        # As the driver writes instants, with their microseconds.
        moved = func.strftime("%Y-%m-%d %H:%M:%S", due_at, literal("+", String).op("||")(late).op("||")(" minutes"))
        return type_coerce(moved.op("||")(".000000"), UtcDateTime)
    return due_at + late * text("interval '1 minute'")


def _minutes(spread: timedelta) -> int:
    return int(spread.total_seconds() // 60)


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

    None is due of an Edition that is paused or cancelled.

    Address, name and Sections are those of now: who by now has left, has paused beyond the Edition's day, wants another
    cadence or is suppressed is skipped. With *ignore_wave* the
    untried ones need not be due.
    """
    ready: ColumnElement[bool] = Delivery.next_at <= now
    if ignore_wave:
        # Where a wave is spread, its minute is to be ignored too; never claimed, nothing else can have moved it.
        untried = or_(Delivery.next_at == Delivery.due_at, Delivery.lease_no == 0)
        ready = or_(ready, and_(Delivery.state == DeliveryState.PLANNED, untried))
    if edition_id is None:
        ready = and_(Delivery.edition_id.not_in(select(Edition.id).where(Edition.state.in_(RESTING))), ready)
    elif not is_going(session, edition_id):
        return []
    else:
        ready = and_(Delivery.edition_id == edition_id, ready)
    while taken := leases.claim(session, Delivery, ready, _CLAIMED, lease=lease, limit=limit):
        claimed, gone = _told_apart(taken, _readers(session, taken))
        settle(session, gone, owner=lease.owner, now=now)
        if claimed:
            # Put back untouched, they are to be taken again however much they were spread.
            return [replace(each, next_at=each.due_at) for each in claimed] if ignore_wave else claimed
    return []


def extend(session: Session, claims: Iterable[Claimed[DeliveryKey, object]], lease: Lease) -> set[DeliveryKey]:
    """Hold *claims* until the end of *lease*, and return the keys of those that are still ours."""
    return leases.extend(session, Delivery, claims, lease)


def settle(
    session: Session, settlements: Sequence[Settlement[DeliveryKey]], *, owner: str, now: datetime
) -> list[Settlement[DeliveryKey]]:
    """Write down what has become of claimed Deliveries; return those that *owner* no longer held, which stay as are."""
    written, lost = leases.settle(session, Delivery, settlements, owner=owner, now=now)
    _remember(session, written, now)
    return lost


def recover(
    session: Session, settlements: Sequence[Settlement[DeliveryKey]], *, owner: str, now: datetime
) -> Counter[str]:
    """Settle what the journal of *owner*, who lives no more, tells, and put back the rest that it held."""
    written = leases.recover(session, Delivery, settlements, owner=owner, now=now)
    _remember(session, written, now)
    counts = Counter(settlement.state.value for settlement in written)
    counts["put_back"] += leases.put_back_of(session, Delivery, owner)
    return counts


def is_going(session: Session, edition_id: EditionId) -> bool:
    """Return whether the Edition is neither paused nor cancelled."""
    return session.scalar(select(Edition.state).where(Edition.id == edition_id)) not in RESTING


def has_begun(session: Session, edition_id: EditionId) -> bool:
    """Return whether a sender has taken up any mail of the Edition yet."""
    return bool(session.scalar(select(exists().where(Delivery.edition_id == edition_id, Delivery.lease_no > 0))))


def cancel(session: Session, edition_id: EditionId) -> int:
    """Skip what has not gone out of a cancelled Edition, and return how many."""
    return leases.skip(session, Delivery, Delivery.edition_id == edition_id, Reason.CANCELLED)


def in_doubt(session: Session, edition_id: EditionId, limit: int) -> list[Doubt]:
    """Return up to *limit* Deliveries in doubt with everything that is known of them, by subscriber."""
    at = select(func.max(Attempt.at)).where(
        Attempt.edition_id == Delivery.edition_id, Attempt.subscriber_id == Delivery.subscriber_id
    )
    rows = session.execute(
        select(
            Delivery.subscriber_id,
            Delivery.public_id,
            Delivery.reason,
            Delivery.last_relay,
            Delivery.last_reply,
            at.scalar_subquery(),
        )
        .where(Delivery.edition_id == edition_id, Delivery.state == DeliveryState.IN_DOUBT)
        .order_by(Delivery.subscriber_id)
        .limit(limit)
    )
    return [Doubt(*row) for row in rows]


def _remember(session: Session, written: Iterable[Settlement[DeliveryKey]], now: datetime) -> None:
    session.add_all(
        Attempt(edition_id=settlement.key[0], subscriber_id=settlement.key[1], **leases.attempt(settlement, now))
        for settlement in written
        if leases.leaves_an_attempt(settlement)
    )


def expire_leases(session: Session, now: datetime, *, resends: bool = False) -> int:
    """Set Deliveries whose sender did not come back to in_doubt, or with *resends* to go out again; return how many."""
    return leases.release_expired(session, Delivery, now, resends=resends)


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


def waits_until(session: Session, key: DeliveryKey) -> datetime | None:
    """Return when the Delivery called *key* falls due; None where there is none, or it does not wait any more."""
    edition_id, subscriber_id = key
    this = and_(Delivery.edition_id == edition_id, Delivery.subscriber_id == subscriber_id)
    return session.scalar(select(Delivery.due_at).where(this, leases.is_open(Delivery)))


def of_reader(session: Session, subscriber_id: SubscriberId) -> list[Told]:
    """Return the Deliveries to a Subscriber, the oldest first."""
    # By way of the Editions, since the key of a Delivery begins with one.
    rows = session.execute(
        select(
            Edition.newsletter,
            Edition.cadence,
            Edition.date,
            Edition.number,
            Edition.draft_json["subject"].as_string(),
            Delivery.state,
            Delivery.reason,
            Delivery.due_at,
            Delivery.sent_at,
            Delivery.attempts,
            Delivery.last_reply,
        )
        .join(Delivery, and_(Delivery.edition_id == Edition.id, Delivery.subscriber_id == subscriber_id))
        .order_by(Delivery.due_at, Edition.id)
    )
    return [Told(*row) for row in rows]


def forget_reader(session: Session, subscriber_id: SubscriberId) -> int:
    """
    Blank what relays have said of the Deliveries to a Subscriber, which may hold the address; return of how many.

    The rows stay, for they hold numbers only, and the account of their Editions goes on to add up.
    """
    # By way of the Editions, as above.
    said = and_(
        Delivery.edition_id.in_(select(Edition.id)), Delivery.subscriber_id == subscriber_id, Delivery.last_reply != ""
    )
    attempts = and_(Attempt.edition_id.in_(select(Edition.id)), Attempt.subscriber_id == subscriber_id)
    apart = {"synchronize_session": False}
    session.execute(update(Attempt).where(attempts).values(reply=""), execution_options=apart)
    blanked = session.execute(update(Delivery).where(said).values(last_reply=""), execution_options=apart)
    return cast("CursorResult[Any]", blanked).rowcount


def forget_unknown(session: Session, since: datetime) -> int:
    """
    Blank what relays have said, of Editions approved *since*, about readers who are erased; return of how many.

    A mail that was being sent while its reader was erased is settled afterwards, with the reply.
    """
    lately = select(Edition.id).where(Edition.approved_at >= since)
    said = and_(Delivery.edition_id.in_(lately), Delivery.last_reply != "", _is_erased(Delivery.subscriber_id))
    attempts = and_(Attempt.edition_id.in_(lately), Attempt.reply != "", _is_erased(Attempt.subscriber_id))
    apart = {"synchronize_session": False}
    session.execute(update(Attempt).where(attempts).values(reply=""), execution_options=apart)
    blanked = session.execute(update(Delivery).where(said).values(last_reply=""), execution_options=apart)
    return cast("CursorResult[Any]", blanked).rowcount


def _is_erased(subscriber_id: Any) -> ColumnElement[bool]:
    return ~exists().where(Subscriber.id == subscriber_id)


class Failure(NamedTuple):
    """So many Deliveries of an Edition that stand in *state* for one cause, with what one of the relays said."""

    state: DeliveryState
    reason: Reason | None
    code: int | None
    #: The enhanced status code (RFC 3463); empty where the relay gave none.
    status: str
    reply: str
    mails: int


def failures(session: Session, edition_id: EditionId, limit: int = 8) -> list[Failure]:
    """Return why Deliveries of an Edition failed, wait for another try or are in doubt: the commonest causes first."""
    # A status says the cause whatever stands behind it, which often names the address; without one the words must do.
    words = case((Delivery.last_status == "", Delivery.last_reply), else_="")
    cause = (Delivery.state, Delivery.reason, Delivery.last_code, Delivery.last_status)
    troubled = (DeliveryState.FAILED, DeliveryState.DEFERRED, DeliveryState.IN_DOUBT)
    count = func.count()
    rows = session.execute(
        select(*cause, func.min(Delivery.last_reply), count)
        .where(Delivery.edition_id == edition_id, Delivery.state.in_(troubled))
        .group_by(*cause, words)
        .order_by(count.desc(), *cause)
        .limit(limit)
    )
    return [Failure(*row) for row in rows]


def sent_since(session: Session, edition_id: EditionId, since: datetime) -> int:
    """Return how many mails of an Edition relays have taken since *since*."""
    lately = and_(Delivery.edition_id == edition_id, Delivery.sent_at > since)
    return session.scalar(select(func.count()).where(lately)) or 0


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


class _Standing(NamedTuple):
    """How a reader's wishes stand at this moment, and which wishes the Edition serves."""

    reader: Row[*tuple[Any, ...]]
    served: tuple[Cadence, ...]


def _readers(session: Session, taken: Iterable[Row[*tuple[Any, ...]]]) -> dict[DeliveryKey, _Standing]:
    """Return how the wishes behind *taken* stand; an erased reader is missing."""
    subscribers = defaultdict(list)
    for edition_id, subscriber_id, *_ in taken:
        subscribers[edition_id].append(subscriber_id)
    connection = session.connection()
    facts = (Edition.id, Edition.newsletter, Edition.cadence, Edition.date)
    editions = connection.execute(select(*facts).where(Edition.id.in_(subscribers))).all()
    return {
        (edition_id, reader[0]): _Standing(reader, served)
        for edition_id, newsletter, cadence, date in editions
        for served in [Cadence.served_by(cadence, date)]
        for reader in connection.execute(audience.current(newsletter, subscribers[edition_id], date))
    }


def _told_apart(
    taken: Iterable[Row[*tuple[Any, ...]]], readers: Mapping[DeliveryKey, _Standing]
) -> tuple[list[Claimed[DeliveryKey, Recipient]], list[Settlement[DeliveryKey]]]:
    """Return what is to be sent, and the skips of those who are no longer to get it."""
    claimed, gone = [], []
    for edition_id, subscriber_id, lease_no, attempts, due_at, next_at in sorted(taken, key=itemgetter(5)):
        key = (edition_id, subscriber_id)
        standing = readers.get(key)
        if standing is None:
            gone.append(_skip(key, lease_no, Reason.UNSUBSCRIBED))
            continue
        reader, served = standing
        _, public_id, address, name, time_zone, sections, cadence, state, wants, suppressed = reader
        if reason := _obstacle(state, suppressed, wants, cadence in served):
            gone.append(_skip(key, lease_no, reason))
            continue
        claimed.append(
            Claimed(
                key=key,
                item=Recipient(
                    edition_id=edition_id,
                    subscriber_id=subscriber_id,
                    public_id=public_id,
                    address=address,
                    name=name,
                    time_zone=time_zone,
                    sections=sections,
                ),
                domain=domain_of(address),
                lease_no=lease_no,
                attempts=attempts,
                due_at=due_at,
                next_at=next_at,
            )
        )
    return claimed, gone


def _obstacle(state: SubscriptionState, suppressed: bool, wants: bool, serves: bool) -> Reason | None:
    """Return why a reader is not to get an Edition now; None where nothing is against it."""
    if state not in LIVE:
        return Reason.UNSUBSCRIBED
    if suppressed:
        return Reason.SUPPRESSED
    if not wants:
        return Reason.PAUSED
    return None if serves else Reason.NOT_WANTED


def _skip(key: DeliveryKey, lease_no: int, reason: Reason) -> Settlement[DeliveryKey]:
    return Settlement(key=key, lease_no=lease_no, state=DeliveryState.SKIPPED, is_attempt=False, reason=reason)
