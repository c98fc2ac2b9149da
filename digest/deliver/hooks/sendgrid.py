"""SendGrid's Event Webhook: a list of events, signed with ECDSA over its timestamp and its bytes."""

import base64
import binascii
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from digest.deliver.bounce import Kind
from digest.deliver.bounce.judging import judged
from digest.deliver.hooks.told import (
    Forged,
    Told,
    Unreadable,
    dead_unless_doubtful,
    from_timestamp,
    read_json,
    text,
    told,
)
from digest.deliver.profile import METADATA

#: Why an event "dropped" was not even tried: SendGrid's own lists.
_DROPPED = {
    "bounced address": Kind.HARD,
    "invalid": Kind.HARD,
    "spam reporting address": Kind.COMPLAINT,
    "unsubscribed address": Kind.UNSUBSCRIBE,
}


def read(body: bytes, *, signature: str, timestamp: str, public_key: str) -> list[Told]:
    """Return the reports among the events in *body*; Forged when *public_key* (base64) did not sign them."""
    try:
        key = load_der_public_key(base64.b64decode(public_key))
        given = base64.b64decode(signature, validate=True)
        signed = timestamp.encode("ascii") + body
    except (ValueError, binascii.Error):
        raise Forged("key, signature or timestamp cannot be read") from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise Forged("the key in [bounces] sendgrid_public_key is none for ECDSA")
    try:
        key.verify(given, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Forged("the signature is wrong") from None
    events = read_json(body)
    if not isinstance(events, list):
        raise Unreadable("the body is no list of events")
    return [found for event in events if (found := _event(event)) is not None]


def _event(event: Any) -> Told | None:
    kind = _kind(event)
    if kind is None:
        return None
    return told(
        kind,
        text(event, METADATA),
        status=text(event, "status"),
        diagnostic=text(event, "reason"),
        at=from_timestamp(text(event, "timestamp")),
    )


def _kind(event: Any) -> Kind | None:
    status, reason = text(event, "status"), text(event, "reason")
    match text(event, "event"):
        case "bounce" if text(event, "type") == "blocked":
            kind = judged(status, reason)
            return Kind.SOFT if kind is Kind.HARD else kind
        case "bounce":
            is_invalid = text(event, "bounce_classification") == "Invalid Address"
            return dead_unless_doubtful(reason) if is_invalid else judged(status, reason)
        case "dropped":
            return _DROPPED.get(reason.lower())
        case "spamreport":
            return Kind.COMPLAINT
        case "unsubscribe" | "group_unsubscribe":
            return Kind.UNSUBSCRIBE
    return None
