"""Postmark's webhooks: a record each, proven by a user name and a password that we gave Postmark."""

import base64
import binascii
import hmac
from typing import Any

from digest.deliver.bounce import Kind
from digest.deliver.bounce.judging import judged
from digest.deliver.hooks.told import (
    Forged,
    Told,
    Unreadable,
    dead_unless_doubtful,
    from_iso,
    read_json,
    table,
    text,
    told,
)
from digest.deliver.profile import METADATA

#: Postmark's types of bounces, where the type alone tells.
_TYPES = {
    "SpamNotification": Kind.POLICY,
    "VirusNotification": Kind.POLICY,
    "Blocked": Kind.POLICY,
    "DMARCPolicy": Kind.POLICY,
    "SpamComplaint": Kind.COMPLAINT,
    "Unsubscribe": Kind.UNSUBSCRIBE,
    "AutoResponder": Kind.AUTO_REPLY,
    "ChallengeVerification": Kind.AUTO_REPLY,
    "AddressChange": Kind.SOFT,
    "Subscribe": Kind.NONE,
    "OpenRelayTest": Kind.NONE,
}


def verify(authorization: str, *, username: str, password: str) -> None:
    """Forged unless the header *authorization* holds *username* and *password* (RFC 7617)."""
    scheme, _, given = authorization.partition(" ")
    try:
        pair = base64.b64decode(given.strip(), validate=True)
    except (ValueError, binascii.Error):
        pair = b""
    is_right = hmac.compare_digest(pair, f"{username}:{password}".encode())
    if scheme.lower() != "basic" or not is_right:
        raise Forged("user name or password is wrong")


def read(body: bytes) -> list[Told]:
    """Return the report in *body*; none for records that ask for nothing."""
    record = read_json(body)
    if not isinstance(record, dict):
        raise Unreadable("the body is no record")
    kind = _kind(record)
    if kind is None:
        return []
    return [
        told(
            kind,
            text(table(record, "Metadata"), METADATA.replace("_", "-")),
            status=text(record, "Type"),
            diagnostic=text(record, "Details") or text(record, "Description"),
            at=from_iso(text(record, "BouncedAt") or text(record, "ChangedAt")),
        )
    ]


def _kind(record: Any) -> Kind | None:
    match text(record, "RecordType"):
        case "Bounce":
            return _of_bounce(text(record, "Type"), text(record, "Details"))
        case "SpamComplaint":
            return Kind.COMPLAINT
        case "SubscriptionChange" if record.get("SuppressSending") is True:
            reasons = {"ManualSuppression": Kind.UNSUBSCRIBE, "SpamComplaint": Kind.COMPLAINT}
            return reasons.get(text(record, "SuppressionReason"))
    return None


def _of_bounce(kind: str, details: str) -> Kind:
    if kind in {"HardBounce", "BadEmailAddress"}:
        return dead_unless_doubtful(details)
    if kind in _TYPES:
        return _TYPES[kind]
    judgement = judged("", details)
    return Kind.SOFT if judgement is Kind.HARD else judgement
