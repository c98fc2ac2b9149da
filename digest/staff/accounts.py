"""Accounts: who may sign in at the desk, and what they may do there."""

import re
from datetime import datetime

from digest.database import Session
from digest.errors import DigestError
from digest.model.staff import Role, Staff
from digest.staff import passwords, second_factor
from digest.store import audit
from digest.store import staff as store

#: One address alone: nothing that could name a second one in the head of a mail.
_ADDRESS = re.compile(r"""[^\s@<>()\[\],;:"\\]+@[^\s@<>()\[\],;:"\\]+""")


class AccountError(DigestError):
    """The caller must change what they gave for an account; the message says what."""


def add(session: Session, email: str, name: str, role: Role, password: str, now: datetime) -> Staff:
    """Make an account; AccountError when the e-mail is none or taken, or the password is too short or too long."""
    return _new(session, email, name, role, hashed(password), now)


def invite(session: Session, email: str, name: str, role: Role, now: datetime) -> Staff:
    """Make an account without a password, which its owner sets by a link; AccountError as ``add``."""
    return _new(session, email, name, role, "", now)


def of(session: Session, email: str) -> Staff:
    """Return the account of *email*, locked until the transaction ends; AccountError when there is none."""
    staff = store.locked(session, normal(email))
    if staff is None:
        raise AccountError(f"{email[:80]} has no account; `digest staff list` names those that there are")
    return staff


def rename(session: Session, email: str, name: str, *, by: str, now: datetime) -> None:
    """Call the owner of an account *name* from now on."""
    of(session, email).name = _tidy(name)
    audit.write(session, by=by, act="rename account", at=now, about=normal(email))


def replace_password(session: Session, email: str, password: str) -> Staff:
    """Give an account a new password and sign it out everywhere; AccountError as ``add``."""
    return put_password(session, email, hashed(password))


def put_password(session: Session, email: str, password_hash: str, *, stays: str = "") -> Staff:
    """Give an account another password; end its links, and its sessions but the one whose secret hashes to *stays*."""
    staff = of(session, email)
    staff.password_hash = password_hash
    store.sign_out_elsewhere(session, staff.id, stays)
    store.forget_links(session, staff.id)
    return staff


def change_role(session: Session, email: str, role: Role, *, by: str, now: datetime) -> None:
    """Let an account do what *role* may; AccountError when nobody would be operator any more."""
    staff = of(session, email)
    if role != Role.OPERATOR:
        _keep_an_operator(session, staff, "become an editor")
    staff.role = role
    audit.write(session, by=by, act="change role", at=now, about=staff.email, detail=f"to {role}")


def remove(session: Session, email: str, *, by: str, now: datetime) -> None:
    """Delete an account with its sessions and links; AccountError for one's own and for the last operator's."""
    staff = of(session, email)
    if staff.email == normal(by):
        raise AccountError("nobody removes their own account; ask another operator")
    _keep_an_operator(session, staff, "be removed")
    session.delete(staff)
    session.flush()
    audit.write(session, by=by, act="remove account", at=now, about=staff.email)


def reset_second_factor(session: Session, email: str, *, by: str, now: datetime) -> None:
    """Turn somebody's second factor off, who has lost phone and paper, and sign them out everywhere."""
    staff = of(session, email)
    if staff.totp_secret is None:
        raise AccountError(f"{staff.email} has no second factor; there is nothing to reset")
    second_factor.turn_off(staff)
    store.sign_out_everywhere(session, staff.id)
    store.forget_links(session, staff.id)
    audit.write(session, by=by, act="reset second factor", at=now, about=staff.email)


def normal(email: str) -> str:
    """Return *email* in the form that accounts are looked up by."""
    return email.strip().casefold()


def hashed(password: str) -> str:
    """Return the hash of a new password; AccountError when it is too short or too long."""
    if fault := passwords.fault(password):
        raise AccountError(fault)
    return passwords.hashed(password)


def _new(session: Session, email: str, name: str, role: Role, password_hash: str, now: datetime) -> Staff:
    address = normal(email)
    if not _ADDRESS.fullmatch(address) or len(address) > 320 or not address.isprintable():
        raise AccountError(f'"{email[:80]}" is no mail address; give one such as anna@example.org')
    if store.account(session, address) is not None:
        raise AccountError(f"{address} has an account already; give another address, or replace its password")
    staff = Staff(email=address, name=_tidy(name), role=role, password_hash=password_hash, created_at=now)
    session.add(staff)
    session.flush()
    return staff


def _tidy(name: str) -> str:
    return " ".join(name.split())[:200]


def _keep_an_operator(session: Session, staff: Staff, what: str) -> None:
    if staff.role == Role.OPERATOR and store.other_operators(session, staff.email) == 0:
        raise AccountError(f"{staff.email} is the last operator and cannot {what}; make somebody else one first")
