"""Export: readers, the ledger of consent and the suppressed addresses, row by row and in constant memory."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time
from typing import Any, TextIO

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from subscribers.model import ConsentEvent, Subscriber, Subscription, SubscriptionState, Suppression
from subscribers.text import guarded

#: So many rows are held at a time.
PAGE = 2_000
READERS = (
    *("address", "name", "language", "time_zone", "sections", "cadence", "hour", "state", "paused_until"),
    *("suppressed", "created_at", "confirmed_at", "ended_at", "end_reason"),
)
LEDGER = (
    *("id", "at", "newsletter", "kind", "fingerprint", "subscriber_id", "address", "wording", "source"),
    "network_address",
)
SUPPRESSIONS = ("fingerprint", "reason", "at", "note")

Cells = tuple[Any, ...]


def rows(
    session: Session,
    newsletter: str,
    *,
    state: SubscriptionState | None = None,
    where: Sequence[ColumnElement[bool]] = (),
) -> Iterator[Cells]:
    """
    Yield the cells of READERS for each Subscription to *newsletter*, oldest first, as our own import reads them.

    *where* narrows by further conditions on Subscriber and Subscription.
    """
    query = (
        select(
            Subscriber.address,
            Subscriber.name,
            Subscriber.language,
            Subscriber.time_zone,
            Subscription.sections,
            Subscription.cadence,
            Subscription.hour,
            Subscription.state,
            Subscription.paused_until,
            Suppression.reason,
            Subscription.created_at,
            Subscription.confirmed_at,
            Subscription.ended_at,
            Subscription.end_reason,
        )
        .join(Subscription.subscriber)
        .outerjoin(Suppression, Suppression.fingerprint == Subscriber.fingerprint)
        .where(Subscription.newsletter == newsletter, *where)
    )
    if state is not None:
        query = query.where(Subscription.state == state)
    # In the order of the rows themselves: by the index of the audience SQLite would have to sort everybody.
    query = query.with_hint(Subscription, "NOT INDEXED", "sqlite").order_by(Subscription.id)
    return _streamed(session, query)


def ledger(session: Session, newsletter: str | None = None) -> Iterator[Cells]:
    """
    Yield the cells of LEDGER for each ConsentEvent, oldest first, of one *newsletter* or all.

    The address is that of the Subscriber who has the fingerprint now, None where nobody has.
    """
    query = select(
        ConsentEvent.id,
        ConsentEvent.at,
        ConsentEvent.newsletter,
        ConsentEvent.kind,
        ConsentEvent.fingerprint,
        ConsentEvent.subscriber_id,
        Subscriber.address,
        ConsentEvent.wording,
        ConsentEvent.source,
        ConsentEvent.network_address,
    ).outerjoin(Subscriber, Subscriber.fingerprint == ConsentEvent.fingerprint)
    if newsletter is not None:
        query = query.where(ConsentEvent.newsletter == newsletter)
    return _streamed(session, query.order_by(ConsentEvent.id))


def suppressions(session: Session) -> Iterator[Cells]:
    """Yield the cells of SUPPRESSIONS for each suppressed address, in the order of their fingerprints."""
    query = select(Suppression.fingerprint, Suppression.reason, Suppression.at, Suppression.note)
    return _streamed(session, query.order_by(Suppression.fingerprint))


def suppression_counts(session: Session) -> dict[str, int]:
    """Return how many addresses are suppressed, by reason."""
    query = select(Suppression.reason, func.count()).group_by(Suppression.reason).order_by(Suppression.reason)
    return {reason.value: number for reason, number in session.execute(query)}


def write_csv(stream: TextIO, headings: Sequence[str], found: Iterable[Cells]) -> int:
    """
    Write *found* under *headings* to *stream*, which leaves line ends alone, and return how many rows there were.

    No cell begins like a formula (``text.guarded``).
    """
    writer = csv.writer(stream, lineterminator="\r\n")  # RFC 4180
    writer.writerow(headings)
    number = 0
    for number, cells in enumerate(found, 1):  # noqa: B007 (the last number is the count)
        writer.writerow([guarded(_text(cell)) for cell in cells])
    return number


def write_json_lines(stream: TextIO, headings: Sequence[str], found: Iterable[Cells]) -> int:
    """Write each of *found* to *stream* as a JSON object on a line of its own, and return how many there were."""
    number = 0
    for number, cells in enumerate(found, 1):  # noqa: B007 (as above)
        values = dict(zip(headings, map(_plain, cells), strict=True))
        stream.write(json.dumps(values, ensure_ascii=False) + "\n")
    return number


def _streamed(session: Session, query: Select[*tuple[Any, ...]]) -> Iterator[Cells]:
    """Yield the rows of *query* as the database finds them."""
    return map(tuple, session.connection().execute(query, execution_options={"yield_per": PAGE}))


def _plain(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, int | tuple) else _text(cell)


def _text(cell: Any) -> str:
    match cell:
        case str():  # most are
            text = cell
        case None:
            text = ""
        case tuple():
            text = " ".join(cell)
        case datetime():
            text = cell.isoformat(timespec="seconds")
        case time():
            text = cell.isoformat(timespec="minutes")
        case _:
            text = str(cell)
    return text
