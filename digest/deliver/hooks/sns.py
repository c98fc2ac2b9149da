"""Amazon SES by way of SNS: signed notifications, and the wish to confirm a subscription."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from digest.deliver import verp
from digest.deliver.bounce import Kind
from digest.deliver.bounce.feedback import COMPLAINTS
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

#: Only hosts of Amazon's, and only SNS there, may give a certificate or be asked to confirm.
_HOST = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?", re.ASCII)
#: What SNS signs, in this order; a Subject only where there is one.
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
#: Amazon keeps lists of addresses that it does not even try.
_LISTED = frozenset({"NoEmail", "Suppressed", "OnAccountSuppressionList"})

#: From an address to the PEM text behind it.
Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Confirm:
    """The topic asks whether it may call us: *url* is to be asked, which says yes."""

    url: str


def read(body: bytes, *, topic: str, now: datetime, fetch: Fetch) -> Confirm | list[Told]:
    """
    Return what SNS says about *topic*, once its signature is verified with the certificate that *fetch* brings.

    Forged when the topic is another one, the certificate is not Amazon's or outlived, or the signature is wrong.
    """
    message = read_json(body)
    if not isinstance(message, dict) or text(message, "Type") not in _SIGNED:
        raise Unreadable("the body is no message of SNS")
    if text(message, "TopicArn") != topic:
        raise Forged("the message is of another topic")
    _verify(message, now, fetch)
    if message["Type"] == "SubscriptionConfirmation":
        return Confirm(_of_amazon(str(message["SubscribeURL"])))
    return _notification(str(message["Message"])) if message["Type"] == "Notification" else []


def _verify(message: Mapping[str, Any], now: datetime, fetch: Fetch) -> None:
    algorithms: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 (version 1 is SHA-1)
    algorithm = algorithms.get(text(message, "SignatureVersion"))
    if algorithm is None:
        raise Forged("the signature is of an unknown version")
    pem = fetch(_of_amazon(text(message, "SigningCertURL")))
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
        signature = base64.b64decode(str(message.get("Signature", "")), validate=True)
    except (ValueError, binascii.Error):
        raise Forged("certificate or signature cannot be read") from None
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Forged("the certificate is not valid now")
    if not isinstance(key, rsa.RSAPublicKey):
        raise Forged("the certificate holds no RSA key")
    try:
        key.verify(signature, _to_sign(message), padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        raise Forged("the signature is wrong") from None


def _to_sign(message: Mapping[str, Any]) -> bytes:
    names = _SIGNED[str(message["Type"])]
    if any(not isinstance(message.get(name, ""), str) for name in names):
        raise Unreadable("a field of the message is no text")
    missing = [name for name in names if name not in message and name != "Subject"]
    if missing:
        raise Unreadable(f"the message lacks {', '.join(missing)}")
    return "".join(f"{name}\n{message[name]}\n" for name in names if name in message).encode()


def _of_amazon(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Forged("an address in the message is none") from None
    if parts.scheme != "https" or port not in {None, 443} or parts.username or not _HOST.fullmatch(host):
        raise Forged("an address in the message does not lead to SNS")
    return url


def _notification(words: str) -> list[Told]:
    try:
        notice = read_json(words.encode())
    except Unreadable:
        return []  # SES greets a new topic in plain words
    mail, kind = table(notice, "mail"), text(notice, "notificationType") or text(notice, "eventType")
    if kind == "Bounce":
        return _bounce(table(notice, "bounce"), _token(mail))
    if kind == "Complaint":
        complaint = table(notice, "complaint")
        feedback = text(complaint, "complaintFeedbackType").lower()
        is_one = not feedback or feedback in COMPLAINTS
        return [
            told(
                Kind.COMPLAINT if is_one else Kind.NONE,
                _token(mail),
                status=feedback,
                at=from_iso(text(complaint, "timestamp")),
            )
        ]
    return []


def _bounce(bounce: Mapping[str, Any], token: str) -> list[Told]:
    listed = bounce.get("bouncedRecipients")
    recipient = listed[0] if isinstance(listed, list) and listed else {}
    status, words = text(recipient, "status"), text(recipient, "diagnosticCode")
    if text(bounce, "bounceType") != "Permanent":
        kind = Kind.SOFT
    elif text(bounce, "bounceSubType") in _LISTED:
        kind = dead_unless_doubtful("")
    else:
        kind = judged(status, words)
    at = from_iso(text(bounce, "timestamp"))
    return [told(kind, token, status=status, diagnostic=words, at=at)]


def _token(mail: Mapping[str, Any]) -> str:
    """Return our token from the headers of the mail, else from its envelope sender."""
    headers = mail.get("headers")
    for header in headers if isinstance(headers, list) else []:
        if text(header, "name").lower() == "x-digest-id":
            return text(header, "value")
    return verp.token_in(text(mail, "source")) or ""
