"""Records: everything that is kept about somebody, of all tables, as it is handed out to them."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from digest.database import Session
from digest.model.ids import SubscriberId
from digest.store import deliveries
from digest.store import notices as notice_store
from subscribers import own_data
from subscribers.address import Address
from subscribers.model import Subscriber
from subscribers.own_data import OwnData


def everything_about(session: Session, subscriber: Subscriber, now: dt.datetime) -> OwnData:
    """Return everything that is kept about *subscriber*, with the mails that they have got or will get."""
    return own_data.of(session, subscriber, now=now) | {
        "editions": [
            {
                "newsletter": told.newsletter,
                "cadence": told.cadence.value,
                "date": told.date.isoformat(),
                "number": told.number,
                "subject": told.subject,
                "state": told.state.value,
                "reason": None if told.reason is None else told.reason.value,
                "due_at": own_data.plain(told.due_at),
                "sent_at": own_data.plain(told.sent_at),
                "attempts": told.attempts,
                "last_reply": told.reply,
            }
            for told in deliveries.of_reader(session, SubscriberId(subscriber.id))
        ],
        "single_mails": _single_mails(session, {subscriber.address, subscriber.address_key}),
    }


def _single_mails(session: Session, spellings: Collection[str]) -> list[dict[str, Any]]:
    return [
        {
            "newsletter": notice.newsletter,
            "kind": notice.kind,
            "address": notice.address,
            "name": notice.name,
            "language": notice.language,
            "created_at": own_data.plain(notice.created_at),
            "due_at": own_data.plain(notice.due_at),
            "expires_at": own_data.plain(notice.expires_at),
            "state": notice.state.value,
            "reason": None if notice.reason is None else notice.reason.value,
            "sent_at": own_data.plain(notice.sent_at),
            "attempts": notice.attempts,
            "last_reply": notice.last_reply,
        }
        for notice in notice_store.of_reader(session, spellings)
    ]


def about_nobody(session: Session, address: Address, mark: str, now: dt.datetime) -> OwnData | None:
    """Return everything that is kept about an *address* without a reader, its fingerprint *mark*; None for nothing."""
    data = own_data.of_nobody(session, address, mark, now=now)
    data["single_mails"] = _single_mails(session, {address.text, address.key})
    return data if any(value for part, value in data.items() if part != "made_at") else None
