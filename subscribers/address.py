"""Addresses: parse, normalise, fingerprint and mask."""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from email_validator import EmailNotValidError, validate_email

from subscribers.errors import BadAddress

#: Longer texts are never addresses (RFC 5321 §4.5.3.1.3 gives a path 256 octets).
LONGEST = 320
SHORTEST_KEY = 16
# The validator takes names under .example for real ones, whatever stands before it: RFC 2606.
_DOCUMENTATION_SUFFIX = ".example"


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """
    An e-mail address that mail can be sent to.

    *text* keeps the local part as its owner writes it, with the domain as A-labels (RFC 5891). *key* is the identity:
    *text* in lower case. Two addresses with one key are one reader. The repr is masked, so that none reaches a log.
    """

    text: str
    key: str

    def __repr__(self) -> str:
        return f"Address({masked(self.text)})"


def parse(text: str, *, allow_special: bool = False) -> Address:
    """
    Return the address written in *text*; blanks around it are ignored. BadAddress when it is none.

    *allow_special* takes names that no public mail server serves (.test, .local, localhost), for demonstrations and
    closed networks. The domain is never looked up.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise BadAddress("The address is too long; give one of at most 254 characters.")
    suffix = _DOCUMENTATION_SUFFIX if allow_special else ""
    try:
        found = validate_email(text + suffix, check_deliverability=False, strict=True, allow_smtputf8=False)
    except EmailNotValidError as fault:
        raise BadAddress(f"The address cannot be used: {fault} Check it for typing errors.") from fault
    written = f"{found.local_part}@{found.ascii_domain.removesuffix(suffix)}"
    return Address(text=written, key=written.lower())


def kept(text: str) -> Address:
    """Return the Address whose *text* we have kept; it was parsed when it came."""
    return Address(text=text, key=text.lower())


def fingerprint(address_key: str, key: bytes) -> str:
    """
    Return the keyed hash (HMAC-SHA256, 64 hex digits) that stands for an address in ledgers and survives its erasure.

    *key* must never change: an erased address cannot be hashed anew. ValueError when it is shorter than 16 bytes.
    """
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"the fingerprint key has {len(key)} bytes; give at least {SHORTEST_KEY} random ones")
    return hmac.new(key, address_key.encode(), sha256).hexdigest()


def masked(address: str) -> str:
    """Return *address* unrecognisable but still helpful in a log: ``a***@e***``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain[:1]}***"
