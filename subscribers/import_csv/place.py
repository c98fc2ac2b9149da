"""From Candidates to rows: who is new, who stays as they are, who must not be brought back."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Insert, Integer, MetaData, Table, Text, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from subscribers import suppression
from subscribers.import_csv import bulk
from subscribers.import_csv.plan import ImportPlan, Reason, Refusal
from subscribers.import_csv.sieve import Candidate, Departure
from subscribers.model import (
    LIVE,
    ConsentEvent,
    ConsentKind,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from subscribers.text import one_line
from subscribers.wishes import Wishes

#: Letters of base32 in a public id or a nonce: 65 bits.
_ID = 13
#: Of those for each byte: eight bytes come out as the same one, as eight do for every other.
_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8
#: Consent that readers gave here themselves, or an operator for one of them by name.
_GIVEN_HERE = (ConsentKind.CONFIRMED, ConsentKind.ADDED, ConsentKind.RESTORED)

Batch = Sequence[Candidate | Departure]
#: Of a consent: it is to something that its reader still gets.
_is_theirs = and_(Subscription.newsletter == ConsentEvent.newsletter, Subscription.state.in_(LIVE))


@dataclass(slots=True)
class Placed:
    """How many of a batch were added, how many read already, and who was refused."""

    added: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def __add__(self, other: "Placed") -> "Placed":
        return Placed(self.added + other.added, self.unchanged + other.unchanged, [*self.refused, *other.refused])


class _Reader(NamedTuple):
    """A Subscriber whom the database has, and the state of their Subscription to this newsletter, if there is one."""

    id: int
    state: SubscriptionState | None


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database says of a batch, by mark: readers, suppressions and consents given here."""

    readers: Mapping[str, _Reader]
    suppressed: Mapping[str, SuppressionReason]
    consents: Mapping[str, datetime]


def place(
    session: Session, batch: Batch, plan: ImportPlan, *, now: datetime, handed_over: Callable[[], object]
) -> Placed:
    """
    Write what *batch*, in the order of its marks, asks for, and return what became of it.

    Calls *handed_over* when the rest is for the database to do, which leaves a processor and the interpreter's lock to
    others. IntegrityError or DataError where the database refuses one: then the transaction is spoilt, as it has no
    savepoint, for which SQLite would copy each page that it changes.
    """
    if not batch:
        return Placed()
    known = _known(session, batch, plan)
    placed, added, departed = _judged(batch, known)
    _suppress(session, departed, known, plan, now)
    if added:
        connection = session.connection()
        bulk.fill(connection, _ADDED, _cells(connection, added, known))
        handed_over()
        _write(connection, plan, now)
    return placed


def judge(session: Session, batch: Batch, plan: ImportPlan) -> Placed:
    """Return what ``place`` would make of *batch*."""
    return _judged(batch, _known(session, batch, plan))[0] if batch else Placed()


def _known(session: Session, batch: Batch, plan: ImportPlan) -> _Known:
    connection = session.connection()
    bulk.widen_cache(connection)
    asked = bulk.listed(connection, [each.mark for each in batch])
    this_newsletter = and_(Subscription.subscriber_id == Subscriber.id, Subscription.newsletter == plan.newsletter)
    found = connection.execute(
        select(asked.c.value, Subscriber.id, Subscription.state, Suppression.reason)
        .select_from(asked)
        .outerjoin(Subscriber, Subscriber.fingerprint == asked.c.value)
        .outerjoin(Subscription, this_newsletter)
        .outerjoin(Suppression, Suppression.fingerprint == asked.c.value)
        .where(or_(Subscriber.id.is_not(None), Suppression.reason.is_not(None)))
    )
    readers, suppressed = {}, {}
    for mark, subscriber_id, state, reason in found:
        if subscriber_id is not None:
            readers[mark] = _Reader(subscriber_id, state)
        if reason is not None:
            suppressed[mark] = reason
    return _Known(readers, suppressed, _consents(connection, batch, readers))


def _consents(connection: Connection, batch: Batch, readers: Mapping[str, _Reader]) -> Mapping[str, datetime]:
    """Return when those who had left elsewhere have agreed to what they read here, be it another newsletter."""
    marks = [each.mark for each in batch if isinstance(each, Departure) and each.mark in readers]
    if not marks:
        return {}
    asked = bulk.listed(connection, marks)
    given = connection.execute(
        select(ConsentEvent.fingerprint, func.max(ConsentEvent.at))
        .join(asked, ConsentEvent.fingerprint == asked.c.value)
        .join(Subscriber, Subscriber.fingerprint == ConsentEvent.fingerprint)
        .join(Subscription, and_(Subscription.subscriber_id == Subscriber.id, _is_theirs))
        .where(ConsentEvent.kind.in_(_GIVEN_HERE))
        .group_by(ConsentEvent.fingerprint)
    )
    return {mark: at for mark, at in given}  # noqa: C416 (a Row is a pair to the eye, not to mypy)


def _judged(batch: Batch, known: _Known) -> tuple[Placed, list[Candidate], list[Departure]]:
    placed, added, departed = Placed(), [], []
    for each in batch:
        if isinstance(each, Departure):
            if _has_newer_consent(each, known):
                if known.readers[each.mark].state in LIVE:
                    placed.unchanged += 1
                else:  # what they read is another newsletter, which this file knows nothing of
                    fact = "names somebody who had left there, and who reads another newsletter here"
                    placed.refused.append(Refusal(each.line, Reason.LEFT_ELSEWHERE, fact))
            else:
                departed.append(each)
                fact = f"names somebody who had left there ({each.reason}); the address gets no mail from now on"
                placed.refused.append(Refusal(each.line, Reason.LEFT_ELSEWHERE, fact))
            continue
        refusal = _refusal(each, known)
        if refusal is not None:
            placed.refused.append(refusal)
        elif each.mark in known.readers and known.readers[each.mark].state is not None:
            placed.unchanged += 1
        else:
            placed.added += 1
            added.append(each)
    return placed, added, departed


def _has_newer_consent(departure: Departure, known: _Known) -> bool:
    """Return whether the reader has agreed here later than they left there; a file without that date is the older."""
    agreed_at = known.consents.get(departure.mark)
    if agreed_at is None or departure.is_named_before:
        return False
    return departure.left_at is None or agreed_at > departure.left_at


def _refusal(candidate: Candidate, known: _Known) -> Refusal | None:
    reason = known.suppressed.get(candidate.mark)
    if reason is not None:
        return Refusal(candidate.line, Reason.SUPPRESSED, f"has an address that gets no mail ({reason})")
    reader = known.readers.get(candidate.mark)
    if reader is None or reader.state is None or reader.state in LIVE:
        return None
    if reader.state is SubscriptionState.ENDED:
        fact = "names a reader who left this newsletter; only the reader, or you by hand, can begin it again"
        return Refusal(candidate.line, Reason.LEFT, fact)
    fact = "names a reader who was asked to confirm and has not done so yet"
    return Refusal(candidate.line, Reason.UNCONFIRMED, fact)


def _write(connection: Connection, plan: ImportPlan, now: datetime) -> None:
    """Write those in _ADDED, who are in the order of their marks: a batch then touches few pages of the indexes."""
    given = _ADDED.c
    is_stranger = given.subscriber_id.is_(None)
    strangers = select(*(given[name] for name in _PERSON), literal(now)).where(is_stranger).order_by(given.number)
    connection.execute(_into(Subscriber).from_select([*_PERSON, "created_at"], strangers))
    wished = (
        select(
            Subscriber.id,
            literal(plan.newsletter),
            *(given[name] for name in _WISHED),
            literal(now),
            literal(now),
        )
        .join(_ADDED, given.fingerprint == Subscriber.fingerprint)
        .order_by(given.number)
    )
    columns = ["subscriber_id", "newsletter", *_WISHED, "created_at", "confirmed_at"]
    connection.execute(_into(Subscription).from_select(columns, wished))
    _record(connection, plan, now)


def _cells(connection: Connection, added: Sequence[Candidate], known: _Known) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of _ADDED."""
    kinds = _table(Subscription).c
    to_sections, to_hour, to_date = (
        bulk.binder(connection, kinds[name].type) for name in ("sections", "hour", "paused_until")
    )

    @lru_cache(maxsize=4096)  # few different ones stand in a file
    def of_wishes(wishes: Wishes) -> tuple[Any, ...]:
        return wishes.cadence.value, to_sections(wishes.sections), to_hour(wishes.hour)

    readers, number = known.readers, len(added)
    for place, (each, public_id, nonce) in enumerate(zip(added, _public_ids(number), _random_ids(number), strict=True)):
        reader = readers.get(each.mark)
        yield (
            place,
            None if reader is None else reader.id,
            each.mark,
            each.address,
            each.key,
            each.name,
            each.wishes.language,
            each.wishes.time_zone,
            public_id,
            nonce,
            SubscriptionState.PAUSED.value if each.is_paused else SubscriptionState.ACTIVE.value,
            to_date(each.paused_until),
            *of_wishes(each.wishes),
            each.said,
        )


def _record(connection: Connection, plan: ImportPlan, now: datetime) -> None:
    """Write down, for each of those added, on what ground they were."""
    ground = {
        "wording": literal(one_line(plan.ground.wording)) + _ADDED.c.said,
        "newsletter": literal(plan.newsletter),
        "kind": literal(ConsentKind.IMPORTED, _table(ConsentEvent).c.kind.type),
        "at": literal(now),
        "source": literal(one_line(plan.ground.source)[:200]),
        "network_address": literal(one_line(plan.ground.network_address)[:45]),
    }
    events = (
        select(Subscriber.id, Subscriber.fingerprint, *ground.values())
        .join(_ADDED, _ADDED.c.fingerprint == Subscriber.fingerprint)
        .order_by(_ADDED.c.number)
    )
    connection.execute(_into(ConsentEvent).from_select(["subscriber_id", "fingerprint", *ground], events))


def _suppress(session: Session, departed: Sequence[Departure], known: _Known, plan: ImportPlan, now: datetime) -> None:
    note = one_line(f"had left there, says {plan.ground.source}")[:500]
    # Of those who stand twice in a batch the first counts, of reasons that the reader cannot lift before all others.
    graver_first = sorted(departed, key=lambda each: each.reason in suppression.LIFTED_BY_READER)
    fresh = {each.mark: each.reason for each in reversed(graver_first) if each.mark not in known.suppressed}
    if fresh:
        # In one order, lest two imports at once wait for each other.
        session.connection().execute(
            _table(Suppression).insert(),
            [
                {"fingerprint": mark, "reason": reason, "at": now, "note": note}
                for mark, reason in sorted(fresh.items())
            ],
        )
    for each in departed:
        if known.suppressed.get(each.mark) in suppression.LIFTED_BY_READER - {each.reason}:
            suppression.suppress(session, each.mark, each.reason, at=now, note=note)


def _into(row: type[Subscriber | Subscription | ConsentEvent]) -> Insert:
    # Else SQLite would copy each page for the case that a statement fails; here the transaction fails with it.
    return _table(row).insert().prefix_with("OR FAIL", dialect="sqlite")


def _table(row: type[Subscriber | Subscription | ConsentEvent | Suppression]) -> Table:
    table = row.__table__
    assert isinstance(table, Table)
    return table


def _public_ids(number: int) -> list[str]:
    """Return ids that stand side by side in their index: all begin with the same 10 random bits, then come 55."""
    begin = _random_ids(1)[0][:2]
    return sorted(f"{begin}{each[2:]}" for each in _random_ids(number))


def _random_ids(number: int) -> list[str]:
    letters = secrets.token_bytes(number * _ID).translate(_LETTERS).decode()
    return [letters[start : start + _ID] for start in range(0, number * _ID, _ID)]


_PERSON = ("fingerprint", "address", "address_key", "name", "language", "time_zone")
_WISHED = ("public_id", "confirmation_nonce", "state", "paused_until", "cadence", "sections", "hour")
#: Those of a batch who are added, for as long as its transaction; *subscriber_id* is that of who was known before.
_ADDED = Table(
    "added",
    MetaData(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("subscriber_id", Integer),
    *(Column(name, _table(Subscriber).c[name].type) for name in _PERSON),
    *(Column(name, _table(Subscription).c[name].type) for name in _WISHED),
    Column("said", Text),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
