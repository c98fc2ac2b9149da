"""From Candidates to rows: who is new, who stays as they are, who must not be brought back."""

import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, and_, func, select
from sqlalchemy.exc import DataError, IntegrityError
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

#: Letters of base32 in a public id or a nonce: 65 bits.
_ID = 13
#: Consent that readers gave here themselves, or an operator for one of them by name.
_GIVEN_HERE = (ConsentKind.CONFIRMED, ConsentKind.ADDED, ConsentKind.RESTORED)

Batch = Sequence[Candidate | Departure]


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
    """What the database says of a batch: readers by address key, suppressions and consents given here by mark."""

    readers: Mapping[str, _Reader]
    suppressed: Mapping[str, SuppressionReason]
    consents: Mapping[str, datetime]


def place(session: Session, batch: Batch, plan: ImportPlan, *, now: datetime, dry_run: bool) -> Placed:
    """
    Write what *batch* asks for and return what became of it; with *dry_run* only say it.

    Each batch has its own savepoint. Where the database refuses one, it is halved until the fault of one row stands
    alone.
    """
    if not batch:
        return Placed()
    known = _known(session, batch, plan)
    placed, added, departed = _judged(batch, known)
    if dry_run:
        return placed
    try:
        with session.begin_nested():
            _write(session.connection(), added, known, plan, now)
            _suppress(session, departed, known, plan, now)
    except (IntegrityError, DataError):
        if len(batch) == 1:
            fact = "was refused by the database; import the file once more"
            return Placed(refused=[Refusal(batch[0].line, Reason.NOT_STORED, fact)])
        # The first in the file is the one that is taken.
        in_order, middle = sorted(batch, key=attrgetter("line")), len(batch) // 2
        halves = in_order[:middle], in_order[middle:]
        return sum((place(session, half, plan, now=now, dry_run=False) for half in halves), Placed())
    return placed


def _known(session: Session, batch: Batch, plan: ImportPlan) -> _Known:
    connection = session.connection()
    bulk.widen_cache(connection)
    marks = [each.mark for each in batch]
    this_newsletter = and_(Subscription.subscriber_id == Subscriber.id, Subscription.newsletter == plan.newsletter)
    found = session.execute(
        select(Subscriber.address_key, Subscriber.id, Subscription.state)
        .outerjoin(Subscription, this_newsletter)
        .where(bulk.is_one_of(connection, Subscriber.address_key, [each.key for each in batch]))
    )
    readers = {key: _Reader(subscriber_id, state) for key, subscriber_id, state in found}
    suppressed = session.execute(
        select(Suppression.fingerprint, Suppression.reason).where(
            bulk.is_one_of(connection, Suppression.fingerprint, marks)
        )
    )
    return _Known(
        readers=readers,
        suppressed={mark: reason for mark, reason in suppressed},  # noqa: C416 (a Row is a pair to the eye, not to mypy)
        consents=_consents(session, batch, readers, plan),
    )


def _consents(
    session: Session, batch: Batch, readers: Mapping[str, _Reader], plan: ImportPlan
) -> Mapping[str, datetime]:
    """Return when the live readers among those who had left elsewhere have agreed here."""
    marks = [
        each.mark
        for each in batch
        if isinstance(each, Departure) and each.key in readers and readers[each.key].state in LIVE
    ]
    if not marks:
        return {}
    given = session.execute(
        select(ConsentEvent.fingerprint, func.max(ConsentEvent.at))
        .where(
            bulk.is_one_of(session.connection(), ConsentEvent.fingerprint, marks),
            ConsentEvent.newsletter == plan.newsletter,
            ConsentEvent.kind.in_(_GIVEN_HERE),
        )
        .group_by(ConsentEvent.fingerprint)
    )
    return {mark: at for mark, at in given}  # noqa: C416 (as above)


def _judged(batch: Batch, known: _Known) -> tuple[Placed, list[Candidate], list[Departure]]:
    placed, added, departed = Placed(), [], []
    for each in batch:
        if isinstance(each, Departure):
            if _has_newer_consent(each, known):
                placed.unchanged += 1
            else:
                departed.append(each)
                fact = f"names somebody who had left there ({each.reason}); the address gets no mail from now on"
                placed.refused.append(Refusal(each.line, Reason.LEFT_ELSEWHERE, fact))
            continue
        refusal = _refusal(each, known)
        if refusal is not None:
            placed.refused.append(refusal)
        elif each.key in known.readers and known.readers[each.key].state is not None:
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
    reader = known.readers.get(candidate.key)
    if reader is None or reader.state is None or reader.state in LIVE:
        return None
    if reader.state is SubscriptionState.ENDED:
        fact = "names a reader who left this newsletter; only the reader, or you by hand, can begin it again"
        return Refusal(candidate.line, Reason.LEFT, fact)
    fact = "names a reader who was asked to confirm and has not done so yet"
    return Refusal(candidate.line, Reason.UNCONFIRMED, fact)


def _write(connection: Connection, added: Sequence[Candidate], known: _Known, plan: ImportPlan, now: datetime) -> None:
    if not added:
        return
    ids = _subscriber_ids(connection, added, known, now)
    to_subscription = _Values(connection, Subscription)
    at = to_subscription("created_at", now)
    rows = (
        (
            ids[each.key],
            plan.newsletter,
            SubscriptionState.PAUSED.value if each.is_paused else SubscriptionState.ACTIVE.value,
            public_id,
            nonce,
            to_subscription("sections", each.wishes.sections),
            each.wishes.cadence.value,
            to_subscription("hour", each.wishes.hour),
            at,
            at,
            to_subscription("paused_until", each.paused_until),
        )
        # In the order of their index, as the Candidates are by fingerprint: a batch touches few of its pages twice.
        for each, public_id, nonce in zip(added, sorted(_random_ids(len(added))), _random_ids(len(added)), strict=True)
    )
    names = (
        *("subscriber_id", "newsletter", "state", "public_id", "confirmation_nonce", "sections", "cadence", "hour"),
        *("created_at", "confirmed_at", "paused_until"),
    )
    bulk.insert(connection, _table(Subscription), names, rows)
    _record(connection, added, ids, plan, now)


def _subscriber_ids(
    connection: Connection, added: Sequence[Candidate], known: _Known, now: datetime
) -> Mapping[str, int]:
    """Return the ids of the Subscribers *added*, by address key; those whom nobody knew are written."""
    strangers = [each for each in added if each.key not in known.readers]
    ids = {each.key: known.readers[each.key].id for each in added if each.key in known.readers}
    if not strangers:
        return ids
    drawn = bulk.new_ids(connection, _table(Subscriber), len(strangers))
    at = _Values(connection, Subscriber)("created_at", now)
    rows = (
        (number, each.address, each.key, each.mark, each.name, each.wishes.language, each.wishes.time_zone, at)
        for number, each in zip(drawn, strangers, strict=True)
    )
    names = ("id", "address", "address_key", "fingerprint", "name", "language", "time_zone", "created_at")
    bulk.insert(connection, _table(Subscriber), names, rows)
    return ids | {each.key: number for number, each in zip(drawn, strangers, strict=True)}


def _record(
    connection: Connection, added: Sequence[Candidate], ids: Mapping[str, int], plan: ImportPlan, now: datetime
) -> None:
    """Write down, for each of *added*, on what ground they were."""
    wording, source = one_line(plan.ground.wording), one_line(plan.ground.source)[:200]
    network_address = one_line(plan.ground.network_address)[:45]
    at = _Values(connection, ConsentEvent)("at", now)
    kind = ConsentKind.IMPORTED.value
    rows = (
        (each.mark, ids[each.key], plan.newsletter, kind, at, wording + each.said, source, network_address)
        for each in added
    )
    names = ("fingerprint", "subscriber_id", "newsletter", "kind", "at", "wording", "source", "network_address")
    bulk.insert(connection, _table(ConsentEvent), names, rows)


def _suppress(session: Session, departed: Sequence[Departure], known: _Known, plan: ImportPlan, now: datetime) -> None:
    note = one_line(f"had left there, says {plan.ground.source}")[:500]
    connection = session.connection()
    at = _Values(connection, Suppression)("at", now)
    fresh = [(each.mark, each.reason.value, at, note) for each in departed if each.mark not in known.suppressed]
    if fresh:
        bulk.insert(connection, _table(Suppression), ("fingerprint", "reason", "at", "note"), fresh, if_new=True)
    for each in departed:
        if known.suppressed.get(each.mark) in suppression.LIFTED_BY_READER - {each.reason}:
            suppression.suppress(session, each.mark, each.reason, at=now, note=note)


class _Values:
    """Turns values into what the driver takes, each different one once."""

    def __init__(
        self, connection: Connection, row: type[Subscriber | Subscription | ConsentEvent | Suppression]
    ) -> None:
        self._binders: dict[str, Callable[[Any], Any]] = {}

        @lru_cache(maxsize=4096)
        def bound(name: str, value: Any) -> Any:
            return bulk.binder(connection, _table(row), name)(value)

        self._bound = bound

    def __call__(self, name: str, value: Any) -> Any:
        return self._bound(name, value)


def _table(row: type[Subscriber | Subscription | ConsentEvent | Suppression]) -> Table:
    table = row.__table__
    assert isinstance(table, Table)
    return table


def _random_ids(number: int) -> list[str]:
    letters = base64.b32encode(secrets.token_bytes(-(-number * _ID // 8) * 5)).decode().lower()
    return [letters[start : start + _ID] for start in range(0, number * _ID, _ID)]
