"""Links of staff: secrets that open one page for one account, once, for a while; and half of a sign-in."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from digest.database import Session
from digest.model.staff import Staff, StaffLink
from digest.store import staff as store


class Use(StrEnum):
    """What a secret is good for. It is part of what is hashed, so that a secret for one use never opens another."""

    #: Sign in, by a link in a mail.
    SIGN_IN = "sign in"
    #: Set a password, by a link in a mail.
    PASSWORD = "password"  # noqa: S105 (a use, no password)
    #: Come in with a code, after a password or a link has fitted.
    CODE = "code"


#: How long each opens something.
LIVES = {Use.SIGN_IN: timedelta(minutes=15), Use.PASSWORD: timedelta(days=7), Use.CODE: timedelta(minutes=5)}
#: A link to a new password for an account that has one.
RESET_LIFE = timedelta(days=2)


def fresh() -> str:
    """Return a secret that nobody guesses: 256 random bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def mark(use: Use, secret: str) -> str:
    """Return the SHA-256 by which *secret* is known for *use*."""
    return hashlib.sha256(f"{use}:{secret}".encode("utf-8", "surrogatepass")).hexdigest()


def make(
    session: Session, staff: Staff, use: Use, *, now: datetime, life: timedelta | None = None, way: str = ""
) -> str:
    """Let a new secret open *use* for the account; return it. With a *way* it begins with that and a dot."""
    secret = f"{way}.{fresh()}" if way else fresh()
    row = StaffLink(
        secret_hash=mark(use, secret), staff_id=staff.id, created_at=now, expires_at=now + (life or LIVES[use])
    )
    session.add(row)
    return secret


def holder(session: Session, use: Use, secret: str, now: datetime) -> Staff | None:
    """Return whose *secret* it is, if it opens *use* at *now*; reading it does not spend it."""
    found = store.link(session, mark(use, secret), now)
    return found.staff if found is not None else None


def spend(session: Session, use: Use, secret: str, now: datetime) -> Staff | None:
    """Return whose *secret* it is, if it opens *use* at *now*; it never does again. Of two at once, one has it."""
    staff_id = store.spend_link(session, mark(use, secret), now)
    return session.get(Staff, staff_id) if staff_id is not None else None
