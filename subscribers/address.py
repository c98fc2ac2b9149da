"""Addresses: parse, normalise, fingerprint and mask."""

import hmac
import re
import unicodedata
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
#: In octets of UTF-8, and with the domain as A-labels: RFC 5321 §4.5.3.1, with the angle brackets of a path left off.
LONGEST_LOCAL_PART = 64
LONGEST_WHOLE = 254
SHORTEST_KEY = 16
# The validator takes names under .example for real ones, whatever stands before it: RFC 2606.
_DOCUMENTATION_SUFFIX = ".example"
#: Control characters, marks of direction and joiners, halves of characters, and the ends of lines and paragraphs.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# As good as all addresses look like this; the validator, which knows the rest, takes forty times as long for them.
_PLAIN_LOCAL = re.compile(rf"[{ATEXT}]+(?:\.[{ATEXT}]+)*")
# Labels with two dashes in third place are left to it: most are no names, and the others hold another alphabet.
_LABEL = rf"(?!..--)(?=[^.]{{1,63}}(?:\.|\Z)){HOSTNAME_LABEL}"
_PLAIN_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}(?<=[A-Za-z])")
_MAILBOX_NAMES = frozenset(CASE_INSENSITIVE_MAILBOX_NAMES)
#: Names of one server, which takes no notice of dots before the @-sign.
_WITHOUT_DOTS = ("gmail.com", "googlemail.com")
_SPECIAL_SUFFIXES = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """
    An e-mail address that mail can be sent to.

    *text* keeps the local part as its owner writes it, in NFC (RFC 6532), with the domain as A-labels (RFC 5891).
    *key* is the identity: *text* in lower case, and nothing else made alike: neither letters that only look the same,
    nor ß and ss, nor dots, nor what stands after a plus. Two addresses with one key are one reader. The repr is masked,
    so that none reaches a log.
    """

    text: str
    key: str

    @property
    def domain(self) -> str:
        """Return the domain as A-labels in lower case."""
        return self.key.rpartition("@")[2]

    @property
    def mailbox(self) -> str:
        """
        Return what the addresses of one mailbox have in common that a stranger can make up without end.

        It is the key without a tag behind a plus (RFC 5233) and, at Gmail, without dots: to count mails by, and no
        identity, for only the owner of the mailbox knows whether these are one reader.
        """
        local, _, domain = self.key.rpartition("@")
        bare = local.partition("+")[0] or local
        return f"{bare.replace('.', '')}@{_WITHOUT_DOTS[0]}" if domain in _WITHOUT_DOTS else f"{bare}@{domain}"

    def __repr__(self) -> str:
        return f"Address({masked(self.text)})"


def parse(text: str, *, allow_special: bool = False) -> Address:
    """
    Return the address written in *text*; blanks around it are ignored. BadAddress when it is none that we take.

    Letters of every script may stand on both sides of the @ (RFC 6531). Quoted local parts, comments and numbers in
    place of a domain are refused: hardly a mail server takes them. *allow_special* takes names that no public mail
    server serves (.test, .local, localhost), for demonstrations and closed networks. The domain is never looked up.
    """
    text = text.strip()
    suffix = _DOCUMENTATION_SUFFIX if allow_special else ""
    if (plain := _plain(text, suffix)) is not None:
        return plain
    if told := _first_fault(text):
        raise BadAddress(told, {"most": LONGEST_WHOLE})
    return _validated(text, suffix)


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
        found = validate_email(text + suffix, check_deliverability=False, strict=True, allow_smtputf8=True)
    except EmailNotValidError as fault:
        raise BadAddress(
            "The address cannot be used. Check it for typing errors.",
            message=f"The address cannot be used: {fault} Check it for typing errors.",
        ) from fault
    written = f"{found.local_part}@{found.ascii_domain.removesuffix(suffix)}"
    _refuse_too_long(written)
    return Address(text=written, key=_folded(written))


def _first_fault(text: str) -> str:
    """Return the sentence for what people paste and mistype most in *text*; empty when there is none of that."""
    local, at, domain = text.rpartition("@")
    faults = (
        (not text, "The address is missing; give one such as name@mail.example."),
        (len(text) > LONGEST, "The address is too long; give one of at most %(most)s characters."),
        (
            # The last stands for bytes that were no letters: a form sent in another encoding than ours.
            any(unicodedata.category(letter) in _UNSEEN or letter == "\ufffd" for letter in text[:LONGEST]),
            "The address holds a character that cannot be seen; type it anew rather than paste it.",
        ),
        (
            not {"<", ">"}.isdisjoint(text),
            "The address has angle brackets round it; give what stands between them, and no name.",
        ),
        (not {"(", ")"}.isdisjoint(text), "The address has a comment in parentheses; leave that out."),
        ('"' in text, "The address has quotation marks, with which much mail gets lost; give one that needs none."),
        (any(map(str.isspace, text)), "The address has a blank in it; take it out."),
        (not at, "The address has no @-sign; give it whole, such as name@mail.example."),
        ("@" in local, "The address has more than one @-sign; give one address alone."),
        (
            domain.startswith("["),
            "The address has a number in place of a domain; give one with a name behind the @-sign.",
        ),
        (domain.endswith("."), "The address ends with a dot; leave that out."),
    )
    return next((told for is_so, told in faults if is_so), "")


def _refuse_too_long(written: str) -> None:
    for part, most, told in (
        (
            written.rpartition("@")[0],
            LONGEST_LOCAL_PART,
            "The part before the @-sign takes %(octets)s bytes, and mail carries at most %(most)s; shorten it.",
        ),
        (
            written,
            LONGEST_WHOLE,
            "The address takes %(octets)s bytes, and mail carries at most %(most)s; give a shorter one.",
        ),
    ):
        octets = len(part.encode())
        if octets > most:
            raise BadAddress(told, {"octets": octets, "most": most})


def _folded(text: str) -> str:
    """Return *text* in lower case, in NFC. Its case folding would make one reader of straße@ and strasse@."""
    return unicodedata.normalize("NFC", text.lower())


def kept(text: str) -> Address:
    """Return the Address whose *text* we have kept; it was parsed when it came."""
    return Address(text=text, key=_folded(text))


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
