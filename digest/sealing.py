"""Sealing: small secrets that the database keeps and only this installation's keys can read."""

from base64 import urlsafe_b64encode
from enum import StrEnum

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from digest.errors import DigestError
from subscribers.tokens import Keys


class Sealed(StrEnum):
    """What a secret is for; each has keys of its own, so that one sealed for a purpose opens for no other."""

    #: The secret of somebody's second factor.
    SECOND_FACTOR = "second factor"
    #: The secret of a link in a mail to staff, until that mail is written.
    STAFF_LINK = "staff link"
    #: The links of a mail to a reader.
    READER_LINKS = "reader links"


class Unsealable(DigestError):
    """None of the keys opens it: it was sealed by another installation, or is damaged."""


def seal(purpose: Sealed, secret: str, keys: Keys) -> str:
    """Return *secret* encrypted and authenticated (Fernet) with the newest of *keys*, as ASCII."""
    return _box(purpose, keys).encrypt(secret.encode()).decode("ascii")


def unseal(purpose: Sealed, sealed: str, keys: Keys) -> str:
    """Return what was sealed for *purpose* with any of *keys*, so that a new key locks nobody out; else Unsealable."""
    try:
        return _box(purpose, keys).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unsealable(
            f"a {purpose} was not sealed with our keys.json; bring back that of your backup, or make it anew"
        ) from None


def _box(purpose: Sealed, keys: Keys) -> MultiFernet:
    return MultiFernet([Fernet(_derived(purpose, secret)) for secret in keys.secrets])


def _derived(purpose: Sealed, secret: bytes) -> bytes:
    # The signing keys never encrypt themselves: each purpose has a key derived from them (RFC 5869).
    return urlsafe_b64encode(HKDF(SHA256(), length=32, salt=None, info=f"digest {purpose}".encode()).derive(secret))
