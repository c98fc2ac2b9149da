"""What is kept about a reader, for them to read: as JSON for machines and as a table for people."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from io import StringIO
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import bounces, consent
from subscribers.address import Address
from subscribers.model import (
    Bounce,
    ConsentEvent,
    ReaderRequest,
    SignupRequest,
    Subscriber,
    Subscription,
    Suppression,
)
from subscribers.text import guarded

#: What is kept, by its parts: a part is one record or a list of them, a record is names and plain values.
OwnData = dict[str, Any]

#: Spreadsheets take a file without it for the local code page.
_BYTE_ORDER_MARK = "\ufeff"


def of(session: Session, subscriber: Subscriber, *, now: datetime) -> OwnData:
    """Return everything that is kept about *subscriber* here, with *now* as ``made_at``; instants are UTC."""
    theirs = select(Subscription).where(Subscription.subscriber_id == subscriber.id)
    asked = select(ReaderRequest).where(ReaderRequest.subscriber_id == subscriber.id).order_by(ReaderRequest.kind)
    return {
        "made_at": plain(now),
        "reader": {
            "address": subscriber.address,
            "name": subscriber.name,
            "language": subscriber.language,
            "time_zone": subscriber.time_zone,
            "created_at": plain(subscriber.created_at),
            "address_since": plain(subscriber.address_since),
        },
        "subscriptions": [_wish(one) for one in session.scalars(theirs.order_by(Subscription.id))],
        "history": [_event(one) for one in consent.history_of(session, subscriber)],
        "suppression": _suppression(session, subscriber.fingerprint),
        "returned_mails": [_bounce(one) for one in bounces.of_reader(session, subscriber)],
        "requests": [
            {"kind": one.kind.value, "asked_at": plain(one.asked_at), "address": one.address}
            for one in session.scalars(asked)
        ],
        "sign_ups": _sign_ups(session, subscriber.address_key),
    }


def of_nobody(session: Session, address: Address, mark: str, *, now: datetime) -> OwnData:
    """
    Return what is kept here of an *address* that no reader has, by its fingerprint *mark*.

    The ledger of a reader who has moved away from it is theirs. Of the others any may have owned it: whether it was the
    one who asks is for whoever hands it out to judge.
    """
    return {
        "made_at": plain(now),
        "history": [_event(one) for one in consent.history_of_nobody(session, mark)],
        "suppression": _suppression(session, mark),
        "returned_mails": [_bounce(one) for one in bounces.of_address(session, mark)],
        "sign_ups": _sign_ups(session, address.key),
    }


def plain(value: datetime | date | time | None) -> str | None:
    """Return *value* in ISO 8601."""
    return None if value is None else value.isoformat()


def as_json(data: Mapping[str, Any]) -> str:
    """Return *data* as JSON that people can read too."""
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def as_csv(data: Mapping[str, Any]) -> str:
    """
    Return *data* as one table: the part, the number of the record in it, the name of the value, the value.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    written = StringIO()
    table = csv.writer(written)
    table.writerow(("part", "record", "name", "value"))
    for part, value in data.items():
        for number, name, cell in _cells(value):
            table.writerow((part, number, name, guarded(_text(cell))))
    return _BYTE_ORDER_MARK + written.getvalue()


def _cells(value: object) -> Iterator[tuple[str, str, object]]:
    """Give the (record, name, value) of each cell of a part."""
    if isinstance(value, Mapping):
        yield from (("", name, cell) for name, cell in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, record in enumerate(value, 1):
            yield from ((str(number), name, cell) for name, cell in record.items())
    else:
        yield "", "", value


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return ", ".join(map(str, cell)) if isinstance(cell, list) else str(cell)


def _wish(subscription: Subscription) -> dict[str, Any]:
    return {
        "newsletter": subscription.newsletter,
        "state": subscription.state.value,
        "sections": None if subscription.sections is None else list(subscription.sections),
        "cadence": subscription.cadence.value,
        "hour": plain(subscription.hour),
        "created_at": plain(subscription.created_at),
        "confirmation_sent_at": plain(subscription.confirmation_sent_at),
        "confirmed_at": plain(subscription.confirmed_at),
        "paused_until": plain(subscription.paused_until),
        "ended_at": plain(subscription.ended_at),
        "end_reason": None if subscription.end_reason is None else subscription.end_reason.value,
        "leaving_cause": None if subscription.leaving_cause is None else subscription.leaving_cause.value,
        "leaving_words": subscription.leaving_words,
        "public_id": subscription.public_id,
    }


def _suppression(session: Session, mark: str) -> dict[str, Any] | None:
    held = session.get(Suppression, mark)
    return None if held is None else {"reason": held.reason.value, "at": plain(held.at), "note": held.note}


def _bounce(bounce: Bounce) -> dict[str, Any]:
    return {
        "kind": bounce.kind.value,
        "status": bounce.status,
        "at": plain(bounce.at),
        "diagnostic": bounce.diagnostic,
    }


def _sign_ups(session: Session, address_key: str) -> list[dict[str, Any]]:
    """Return what was typed into forms and has not been taken up."""
    typed = select(SignupRequest).where(SignupRequest.address_key == address_key).order_by(SignupRequest.id)
    return [
        {
            "newsletter": one.newsletter,
            "address": one.address,
            "name": one.name,
            "language": one.language,
            "time_zone": one.time_zone,
            "sections": None if one.sections is None else list(one.sections),
            "cadence": one.cadence.value,
            "hour": plain(one.hour),
            "at": plain(one.at),
            "wording": one.wording,
            "source": one.source,
            "network_address": one.network_address,
        }
        for one in session.scalars(typed)
    ]


def _event(event: ConsentEvent) -> dict[str, Any]:
    return {
        "newsletter": event.newsletter,
        "kind": event.kind.value,
        "at": plain(event.at),
        "wording": event.wording,
        "source": event.source,
        "network_address": event.network_address,
    }
