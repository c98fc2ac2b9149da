"""Mailgun's webhooks: an event each, with an HMAC over a timestamp and a token that is good for one use."""

import hmac
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from digest.deliver.bounce import Kind
from digest.deliver.bounce.judging import When, judged
from digest.deliver.hooks.told import (
    Forged,
    Told,
    Unreadable,
    from_timestamp,
    read_json,
    table,
    text,
    told,
)
from digest.deliver.profile import METADATA

#: Mailgun tries again for eight hours what we did not answer with 200.
WINDOW = timedelta(hours=12)
#: Why it did not even try: its own lists.
_LISTED = {
    "suppress-bounce": Kind.HARD,
    "suppress-complaint": Kind.COMPLAINT,
    "suppress-unsubscribe": Kind.UNSUBSCRIBE,
}


class UsedTokens:
    """The tokens that have been used within the window, for the signature does not cover what stands beside it."""

    def __init__(self, *, remembered: int = 200_000) -> None:
        self._used: OrderedDict[str, datetime] = OrderedDict()
        self._remembered = remembered
        self._lock = Lock()

    def is_used(self, token: str) -> bool:
        """Return whether *token* has been used."""
        with self._lock:
            return token in self._used

    def use(self, token: str, now: datetime) -> None:
        """Take down that *token* has been used up, and forget those whose timestamps no longer pass."""
        with self._lock:
            self._used[token] = now
            while self._used and (
                len(self._used) > self._remembered or next(iter(self._used.values())) < now - 2 * WINDOW
            ):
                self._used.popitem(last=False)


def token_of(body: bytes, *, signing_key: str, now: datetime) -> str:
    """Return the token of the signature in *body*; Forged when *signing_key* did not make it, or long ago."""
    signature = table(read_json(body), "signature")
    timestamp, token = text(signature, "timestamp"), text(signature, "token")
    if not timestamp or not token:
        raise Unreadable("the body has no signature")
    expected = hmac.digest(signing_key.encode(), f"{timestamp}{token}".encode(), "sha256").hex()
    if not hmac.compare_digest(expected.encode(), text(signature, "signature").encode()):
        raise Forged("the signature is wrong")
    at = from_timestamp(timestamp)
    if at is None or abs(now - at) > WINDOW:
        raise Forged("the signature is too old")
    return token


def read(body: bytes) -> list[Told]:
    """Return the report in *body*, whose signature has been verified; none for events that ask for nothing."""
    event = table(read_json(body), "event-data")
    kind = _kind(event)
    if kind is None:
        return []
    status = table(event, "delivery-status")
    return [
        told(
            kind,
            text(table(event, "user-variables"), METADATA),
            status=text(status, "enhanced-code"),
            diagnostic=_words(status),
            at=from_timestamp(text(event, "timestamp")),
        )
    ]


def _kind(event: Any) -> Kind | None:
    match text(event, "event"):
        case "failed" if text(event, "reason") in _LISTED:
            return _LISTED[text(event, "reason")]
        case "failed" if text(event, "severity") != "temporary":  # after which it goes on trying
            status = table(event, "delivery-status")
            return judged(text(status, "enhanced-code"), _words(status), When.RECIPIENT)
        case "complained":
            return Kind.COMPLAINT
        case "unsubscribed":
            return Kind.UNSUBSCRIBE
    return None


def _words(status: Any) -> str:
    return " ".join(text(status, name) for name in ("code", "message", "description")).strip()
