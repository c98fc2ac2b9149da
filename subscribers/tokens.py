"""Tokens: signed, purpose-bound names of a Subscription, fit for links that work for years."""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest

from itsdangerous import Signer

from subscribers.errors import BadToken

SHORTEST_KEY = 16
_TOKEN = re.compile(r"[A-Za-z0-9_.-]{1,300}")
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64})*")


class Purpose(StrEnum):
    """What a token is good for; one made for a purpose never opens for another."""

    #: Confirm a Subscription: works once, for seven days.
    CONFIRM = "confirm"
    #: End a Subscription, or take that back.
    UNSUBSCRIBE = "unsubscribe"
    #: See and change what a Subscription asks for.
    PREFERENCES = "preferences"
    #: Read an Edition on the web as this reader got it.
    VIEW = "view"
    #: Send to another address from now on: works once, for seven days.
    ADDRESS = "address"
    #: Hand out everything that is kept about the reader: works once, for seven days.
    EXPORT = "export"
    #: Forget the reader: works once, for two days.
    ERASURE = "erasure"


#: How long a token opens; a purpose that is not here lasts for ever, since old mails keep their links.
LIFETIMES = {
    Purpose.CONFIRM: timedelta(days=7),
    Purpose.ADDRESS: timedelta(days=7),
    Purpose.EXPORT: timedelta(days=7),
    Purpose.ERASURE: timedelta(days=2),
}


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The signing keys, newest first: the first signs, all open. ValueError when there is none or one is too short."""

    secrets: tuple[bytes, ...]

    def __post_init__(self) -> None:
        """Refuse keys that could be guessed."""
        if not self.secrets or min(map(len, self.secrets)) < SHORTEST_KEY:
            raise ValueError(f"signing keys are missing or too short; give random ones of {SHORTEST_KEY} bytes or more")

    def __repr__(self) -> str:
        return f"Keys({len(self.secrets)})"


@dataclass(frozen=True, slots=True)
class Claim:
    """What an opened token says: a Subscription's public id and, where it works once, the nonce it was made with."""

    public_id: str
    nonce: str = ""


def sign(purpose: Purpose, claim: Claim, keys: Keys, *, issued: datetime | None = None) -> str:
    """
    Return a URL-safe token (``[A-Za-z0-9_.-]+``) that lets its bearer do *purpose* with the Subscription of *claim*.

    A purpose with a lifetime needs a nonce in its claim and the time it is *issued*; any other takes neither, so that
    the same mail always carries the same link. ValueError when they do not fit.
    """
    has_life = purpose in LIFETIMES
    if has_life != bool(claim.nonce) or has_life != (issued is not None):
        raise ValueError(f"a {purpose} token takes a nonce and a time of issue if, and only if, it has a lifetime")
    payload = claim.public_id if issued is None else f"{claim.public_id}.{claim.nonce}.{int(issued.timestamp())}"
    if not _PAYLOAD.fullmatch(payload) or payload.count(".") != (2 if has_life else 0):
        raise ValueError("a token takes letters, digits, - and _ only")
    return _sealed(purpose, keys.secrets[0], payload)


def open(purpose: Purpose, token: str, keys: Keys, *, now: datetime) -> Claim:  # noqa: A001 (read as tokens.open, the pair of tokens.sign)
    """Return what *token* says if one of *keys* made it for *purpose* and it still lives at *now*; else BadToken."""
    payload, _, _ = token.rpartition(".")
    if not _TOKEN.fullmatch(token) or not any(
        # Signed anew and compared whole: the last base64 character has spare bits that a mere check would let vary.
        compare_digest(_sealed(purpose, secret, payload), token)
        for secret in keys.secrets
    ):
        raise BadToken("This link is not complete or not ours; copy it whole from the mail, or ask for a new one.")
    public_id, *rest = payload.split(".")
    lifetime = LIFETIMES.get(purpose)
    if lifetime is None:
        return Claim(public_id)
    nonce, issued = rest
    if now - datetime.fromtimestamp(int(issued), UTC) > lifetime:
        raise BadToken(f"This link was good for {lifetime.days} days and has expired; ask again to get a new one.")
    return Claim(public_id, nonce)


def _sealed(purpose: Purpose, secret: bytes, payload: str) -> str:
    """Return *payload*, a dot and its HMAC-SHA256 in base64, as ``itsdangerous.Signer`` writes it."""
    mac = _mac(purpose, secret).copy()
    mac.update(payload.encode())
    return f"{payload}.{urlsafe_b64encode(mac.digest()).decode()[:-1]}"  # 32 bytes are padded by one sign


@lru_cache
def _mac(purpose: Purpose, secret: bytes) -> hmac.HMAC:
    """Return the beginning of every HMAC for *purpose*: its key is derived once, not for each of a million mails."""
    signer = Signer(secret, salt=f"subscribers.{purpose}", digest_method=sha256, key_derivation="hmac")
    return hmac.new(signer.derive_key(), digestmod=sha256)
