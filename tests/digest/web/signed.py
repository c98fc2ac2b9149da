"""Providers as they call us: keys of their own, and bodies signed with them."""

import base64
import datetime as dt
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from tests.factories import NOW

TOPIC = "arn:aws:sns:eu-central-1:123456789012:returned"
CERTIFICATE = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem"
CONFIRM = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription"
USER, PASSWORD = "postmark", "colons: allowed"


@dataclass
class Amazon:
    """An SNS that signs with a key of its own."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def certificate(self, *, at: dt.datetime = NOW) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(7)
            .not_valid_before(at - dt.timedelta(days=1))
            .not_valid_after(at + dt.timedelta(days=1))
        )
        return built.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def message(self, notice: Any, *, kind: str = "Notification", version: str = "2", **traits: str) -> dict[str, str]:
        """Return a signed message whose fields may be set by *traits* before it is signed."""
        fields = {
            "Type": kind,
            "MessageId": "00000000-0000-4000-8000-000000000042",
            "TopicArn": TOPIC,
            "Message": json.dumps(notice),
            "Timestamp": "2026-11-23T05:00:00.000Z",
            "SignatureVersion": version,
            "SigningCertURL": CERTIFICATE,
        }
        if kind != "Notification":
            fields |= {"Token": "abc", "SubscribeURL": CONFIRM}
        fields |= traits
        signed = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
        text = "".join(f"{name}\n{fields[name]}\n" for name in signed if name in fields)
        algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
        signature = self.key.sign(text.encode(), padding.PKCS1v15(), algorithm)
        return fields | {"Signature": base64.b64encode(signature).decode()}


@dataclass
class SendGrid:
    """An Event Webhook with a key of its own."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public_key(self) -> str:
        raw = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(raw).decode()

    def headers(self, body: bytes, timestamp: str = "1795410000") -> dict[str, str]:
        signature = self.key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        prefix = "X-Twilio-Email-Event-Webhook-"
        return {f"{prefix}Signature": base64.b64encode(signature).decode(), f"{prefix}Timestamp": timestamp}


def mailgun(event: dict[str, Any], *, token: str = "t" * 50, key: str = "mailgun-key", at: dt.datetime = NOW) -> bytes:
    """Return the body of a call of Mailgun's, signed with *key*."""
    timestamp = str(int(at.timestamp()))
    signature = hmac.digest(key.encode(), f"{timestamp}{token}".encode(), "sha256").hex()
    return json.dumps(
        {"signature": {"timestamp": timestamp, "token": token, "signature": signature}, "event-data": event}
    ).encode()


def basic(user: str = USER, password: str = PASSWORD) -> dict[str, str]:
    """Return the header that Postmark proves itself with."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
