"""
Tokens of our mails: which Delivery or Notice a report is about, told so that nobody else can say it.

The token of a Delivery is ``EDITION.SUBSCRIBER.HMAC10``, that of a Notice ``n.NOTICE.HMAC10``, and that with which a
reader leaves by mail ``u.PUBLICID.HMAC10``. They consist of lower-case letters, digits and dots, since mail servers
fold the case of a local part. The return path that holds one is a variable envelope return path (VERP).
"""

import base64
import hmac
import re
from functools import lru_cache

from digest.model.delivery import DeliveryKey
from digest.model.ids import EditionId, NoticeId, SubscriberId

#: RFC 5321 §4.5.3.1.1.
LONGEST_LOCAL_PART = 64
#: Of base32: fifty bits.
DIGITS = 10

#: No Message-ID has this in its hash, so that one never stands for the other.
_PURPOSE = b"verp:"
_NUMBER = r"(?:0|[1-9][0-9]{0,18})"
_MARK = rf"[a-z2-7]{{{DIGITS}}}"
#: A token of a Delivery, of a Notice or for leaving, in any case.
TOKEN = rf"(?:{_NUMBER}\.{_NUMBER}|n\.{_NUMBER}|u\.[a-z2-7]{{13}})\.{_MARK}"
_WHOLE = re.compile(TOKEN, re.IGNORECASE | re.ASCII)
#: The plus may have become something else where a mail server keeps another delimiter.
_ADDRESS = re.compile(rf"\+({TOKEN})@", re.IGNORECASE | re.ASCII)


def token(key: DeliveryKey | NoticeId, *, secret: bytes) -> str:
    """Return the token of the Delivery or Notice called *key*, always the same one for one *secret*."""
    return _signed(f"{key[0]}.{key[1]}" if isinstance(key, tuple) else f"n.{key}", secret)


def leave_token(public_id: str, *, secret: bytes) -> str:
    """Return the token with which the reader of the Subscription *public_id* leaves by mail."""
    return _signed(f"u.{public_id}", secret)


def opened(text: str, *, secret: bytes) -> DeliveryKey | NoticeId | None:
    """Return what the token *text* names; None when it was not made with *secret*, or is one for leaving."""
    name = _name(text, secret)
    if name is None or name.startswith("u."):
        return None
    first, _, second = name.partition(".")
    return NoticeId(int(second)) if first == "n" else (EditionId(int(first)), SubscriberId(int(second)))


def leaving(text: str, *, secret: bytes) -> str | None:
    """Return the public id of the Subscription that the token *text* leaves; None when it is no such token of ours."""
    name = _name(text, secret)
    return name[2:] if name is not None and name.startswith("u.") else None


def return_path(text: str, domain: str) -> str:
    """Return the address to which servers report what became of the mail with the token *text*."""
    return f"b+{text}@{domain}"


def token_in(address: str) -> str | None:
    """Return the token in the local part of *address*, in lower case; None when there is none. It is not checked."""
    found = _ADDRESS.search(address)
    return found[1].lower() if found else None


def _signed(name: str, secret: bytes) -> str:
    mac = _mac(secret).copy()
    mac.update(name.encode())
    digest = mac.digest()
    # Fifty bits are 6.25 octets; ten characters are cut from the twelve that seven octets make.
    return f"{name}.{base64.b32encode(digest[:7])[:DIGITS].decode().lower()}"


@lru_cache
def _mac(secret: bytes) -> hmac.HMAC:
    """Return the beginning of every HMAC with *secret*."""
    return hmac.new(secret, _PURPOSE, "sha256")


def _name(text: str, secret: bytes) -> str | None:
    """Return what *text* says before its hash; None when the hash is not right."""
    if not _WHOLE.fullmatch(text):
        return None
    folded = text.lower()
    name = folded[: -DIGITS - 1]
    return name if hmac.compare_digest(_signed(name, secret), folded) else None
