"""Passwords: hashed with argon2id (RFC 9106), and never more than two at once."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MINIMUM_LENGTH = 10
#: Longer ones are refused, so that nobody can make us chew on megabytes.
MAXIMUM_LENGTH = 500
#: How long a sign-in waits for its turn.
PATIENCE_SECONDS = 5.0

_hasher = PasswordHasher()
#: Each verification takes 64 MiB and about a tenth of a second: without this, signing in is an attack on memory.
_turns = BoundedSemaphore(2)
#: The hash of a secret that nobody kept. Unknown accounts are checked against it, so that they take as long as others.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$eBiaGG+h33tcHofkMgqBrw$Iax9Gk0q35q1ObZaWziT6q6qXN0Yy8fPuAjH+y2YSb0"


@contextmanager
def turn() -> Iterator[bool]:
    """Wait for one of the two places; give False when none became free within five seconds."""
    taken = _turns.acquire(timeout=PATIENCE_SECONDS)
    try:
        yield taken
    finally:
        if taken:
            _turns.release()


def fault(password: str) -> str:
    """Return what is wrong with a new *password* in one sentence, or an empty text."""
    if len(password) < MINIMUM_LENGTH:
        return f"the password has {len(password)} characters; give at least {MINIMUM_LENGTH}"
    if len(password) > MAXIMUM_LENGTH:
        return f"the password has {len(password)} characters; give at most {MAXIMUM_LENGTH}"
    return ""


def hashed(password: str) -> str:
    """Return the argon2id hash of *password*, with its salt and parameters."""
    return _hasher.hash(_normal(password))


def verify(password: str, stored: str) -> bool:
    """Return whether *password* is the one behind the hash *stored*; call it within a ``turn``."""
    try:
        return _hasher.verify(stored, _normal(password[:MAXIMUM_LENGTH]))
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Return whether *stored* was made with weaker parameters than we use now."""
    return _hasher.check_needs_rehash(stored)


def _normal(password: str) -> bytes:
    """Return the bytes of *password*; letters typed on any keyboard give the same ones (NFC, as RFC 8265 says)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
