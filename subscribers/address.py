"""Addresses: parse, normalise, fingerprint and mask."""

import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from email_validator.rfc_constants import (
    ATEXT,
    CASE_INSENSITIVE_MAILBOX_NAMES,
    DOMAIN_MAX_LENGTH,
    EMAIL_MAX_LENGTH,
    HOSTNAME_LABEL,
    LOCAL_PART_MAX_LENGTH,
)

from subscribers.errors import BadAddress

#: Longer texts are never addresses (RFC 5321 §4.5.3.1.3 gives a path 256 octets).
LONGEST = 320
SHORTEST_KEY = 16
# The validator takes names under .example for real ones, whatever stands before it: RFC 2606.
_DOCUMENTATION_SUFFIX = ".example"
# As good as all addresses look like this; the validator, which knows the rest, takes forty times as long for them.
_PLAIN_LOCAL = re.compile(rf"[{ATEXT}]+(?:\.[{ATEXT}]+)*")
# Labels with two dashes in third place are left to it: most are no names, and the others hold another alphabet.
_LABEL = rf"(?!..--)(?=[^.]{{1,63}}(?:\.|\Z)){HOSTNAME_LABEL}"
_PLAIN_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}(?<=[A-Za-z])")
_MAILBOX_NAMES = frozenset(CASE_INSENSITIVE_MAILBOX_NAMES)
_SPECIAL_SUFFIXES = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)


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
    return _plain(text, suffix) or _validated(text, suffix)


def _plain(text: str, suffix: str) -> Address | None:
    """Return the address in *text* where it is a plain one; None where the validator must say."""
    local, _, domain = text.partition("@")
    if (
        len(local) > LOCAL_PART_MAX_LENGTH
        or len(text) + len(suffix) > EMAIL_MAX_LENGTH
        or _PLAIN_LOCAL.fullmatch(local) is None
        or local.lower() in _MAILBOX_NAMES
    ):
        return None
    name = _plain_domain(domain, suffix)
    if name is None:
        return None
    written = text if name == domain else f"{local}@{name}"
    key = written.lower()
    return Address(text=written, key=written if key == written else key)


@lru_cache(maxsize=4096)
def _plain_domain(domain: str, suffix: str) -> str | None:
    """Return *domain* as a mail server is named; None where the validator must say."""
    if len(domain) + len(suffix) > DOMAIN_MAX_LENGTH or _PLAIN_DOMAIN.fullmatch(domain) is None:
        return None
    name = domain.lower()
    return None if f"{name}{suffix}".endswith(_SPECIAL_SUFFIXES) else name


def _validated(text: str, suffix: str) -> Address:
    try:
        found = validate_email(text + suffix, check_deliverability=False, strict=True, allow_smtputf8=False)
    except EmailNotValidError as fault:
        raise BadAddress(f"The address cannot be used: {fault} Check it for typing errors.") from fault
    written = f"{found.local_part}@{found.ascii_domain.removesuffix(suffix)}"
    return Address(text=written, key=written.lower())


def fingerprint(address_key: str, key: bytes) -> str:
    """
    Return the keyed hash (HMAC-SHA256, 64 hex digits) that stands for an address in ledgers and survives its erasure.

    *key* must never change: an erased address cannot be hashed anew. ValueError when it is shorter than 16 bytes.
    """
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"the fingerprint key has {len(key)} bytes; give at least {SHORTEST_KEY} random ones")
    mac = _mac(key).copy()
    mac.update(address_key.encode())
    return mac.hexdigest()


@lru_cache
def _mac(key: bytes) -> hmac.HMAC:
    """Return the beginning of every HMAC with *key*, derived once and not for each of a million readers."""
    return hmac.new(key, digestmod=sha256)


def masked(address: str) -> str:
    """Return *address* unrecognisable but still helpful in a log: ``a***@e***``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain[:1]}***"
