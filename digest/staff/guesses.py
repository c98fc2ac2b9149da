"""Guesses: failed sign-ins, counted by what they were aimed at and where they came from."""

import hashlib
from datetime import datetime, timedelta

from digest.database import Session
from digest.model.staff import SignInFailure
from digest.store import staff as store

#: Failed sign-ins count for so long.
WINDOW = timedelta(minutes=15)
FAILURES_PER_EMAIL = 10
FAILURES_PER_NETWORK = 30


def at_password(email: str) -> str:
    """Return the mark of guesses at the password of *email* in its normal form: it is kept as a hash."""
    return hash_of(email)


def at_code(email: str) -> str:
    """Return the mark of guesses at the second factor of *email*."""
    return hash_of(f"code:{email}")


def at_link() -> str:
    """Return the mark of secrets of links that are nobody's."""
    return hash_of("link")


def too_many(session: Session, mark: str, network: str, now: datetime) -> bool:
    """Return whether there were too many failures at *mark*, or from the *network*, of late."""
    at_mark, from_network = store.failures(session, email_hash=mark, network=network, since=now - WINDOW)
    # The link of nobody in particular is guessed at by everybody: there only the network counts.
    return (at_mark >= FAILURES_PER_EMAIL and mark != at_link()) or from_network >= FAILURES_PER_NETWORK


def count(session: Session, mark: str, network: str, now: datetime) -> None:
    """Count a failure."""
    session.add(SignInFailure(email_hash=mark, network=network, at=now))


def hash_of(text: str) -> str:
    """Return the SHA-256 of *text*, whatever its letters are."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
