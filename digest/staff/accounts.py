"""Accounts: who may sign in at the desk, and what they may do there."""

from datetime import datetime

from digest.database import Session
from digest.errors import DigestError
from digest.model.staff import Role, Staff
from digest.staff import passwords
from digest.store import staff as store


class AccountError(DigestError):
    """The caller must change what they gave for an account; the message says what."""


def add(session: Session, email: str, name: str, role: Role, password: str, now: datetime) -> Staff:
    """Make an account; AccountError when the e-mail is none or taken, or the password is too short or too long."""
    address = normal(email)
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or len(address) > 320 or any(c.isspace() or not c.isprintable() for c in address):
        raise AccountError(f'"{email[:80]}" is no mail address; give one such as anna@example.org')
    if store.account(session, address) is not None:
        raise AccountError(f"{address} has an account already; give another address, or replace its password")
    staff = Staff(
        email=address,
        name=" ".join(name.split())[:200],
        role=role,
        password_hash=_hashed(password),
        created_at=now,
    )
    session.add(staff)
    session.flush()
    return staff


def replace_password(session: Session, email: str, password: str) -> Staff:
    """Give an account a new password and sign it out everywhere; AccountError as ``add``."""
    staff = store.account(session, normal(email))
    if staff is None:
        raise AccountError(f"{email[:80]} has no account; make one with `digest staff add`")
    staff.password_hash = _hashed(password)
    store.sign_out_everywhere(session, staff.id)
    return staff


def normal(email: str) -> str:
    """Return *email* in the form that accounts are looked up by."""
    return email.strip().casefold()


def _hashed(password: str) -> str:
    if fault := passwords.fault(password):
        raise AccountError(fault)
    return passwords.hashed(password)
