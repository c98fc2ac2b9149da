"""What somebody who has signed in does with their own account; passwords and codes are limited as at sign-in."""

from dataclasses import dataclass
from datetime import datetime

from digest.database import Database, Session
from digest.logs import logger
from digest.sealing import Unsealable
from digest.staff import accounts, guesses, passwords, second_factor, sessions
from digest.staff.accounts import AccountError
from digest.staff.second_factor import Proof
from digest.staff.sessions import Refusal
from digest.store import audit
from digest.store import staff as store
from subscribers.tokens import Keys

log = logger(__name__)

#: What is shorter is no password: it was meant as a code.
_LONGEST_CODE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Whoever acts: the e-mail of the account, the secret of the browser's cookie, and where it comes from."""

    email: str
    secret: str
    network: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An old password and the new one."""

    old: str
    new: str


def change_password(database: Database, held: Held, change: Change, now: datetime) -> Refusal | None:
    """
    Replace the password of an account, and end its links and its sessions in all other browsers.

    AccountError when the new one is too short or too long; a Refusal when the old one does not fit.
    """
    if fault := passwords.fault(change.new):
        raise AccountError(fault)
    refusal = shows_password(database, held, change.old, now)
    if refusal is not None:
        return refusal
    with passwords.turn() as taken:
        if not taken:
            return Refusal.BUSY
        new = passwords.hashed(change.new)
    with database.session() as session:
        accounts.put_password(session, held.email, new, stays=guesses.hash_of(held.secret))
        audit.write(session, by=held.email, act="change password", at=now, about=held.email)
    return None


def shows_password(database: Database, held: Held, password: str, now: datetime) -> Refusal | None:
    """Return None when *password* is the account's; a failure is counted as one at sign-in."""
    mark, network = guesses.at_password(held.email), sessions.household(held.network)
    with passwords.turn() as taken:
        if not taken:
            return Refusal.BUSY
        with database.reading() as session:
            if guesses.too_many(session, mark, network, now):
                return Refusal.TOO_MANY
            account = store.account(session, held.email)
        if account is not None and passwords.verify(password, account.password_hash or passwords.NOBODY):
            return None
        with database.session() as session:
            guesses.count(session, mark, network, now)
        return Refusal.WRONG_PASSWORD


def begin_second_factor(session: Session, email: str, keys: Keys) -> None:
    """Give the account a secret to be read by a phone; AccountError where a second factor is on already."""
    staff = accounts.of(session, email)
    if staff.has_second_factor:
        raise AccountError("a second factor is on already; turn it off first")
    second_factor.begin(staff, keys)


def drop_second_factor(session: Session, email: str) -> None:
    """Forget a secret that does not count yet; one that counts stays."""
    staff = accounts.of(session, email)
    if not staff.has_second_factor:
        second_factor.turn_off(staff)


def confirm_second_factor(
    database: Database, held: Held, code: str, keys: Keys, now: datetime
) -> tuple[str, ...] | Refusal:
    """Turn the second factor on by its first code; return the codes for paper. Other browsers are signed out."""
    mark, network = guesses.at_code(held.email), sessions.household(held.network)
    with database.session() as session:
        staff = accounts.of(session, held.email)
        if guesses.too_many(session, mark, network, now):
            return Refusal.TOO_MANY
        fresh = second_factor.confirm(staff, code, keys, now)
        if not fresh:
            guesses.count(session, mark, network, now)
            return Refusal.WRONG_CODE
        store.sign_out_elsewhere(session, staff.id, guesses.hash_of(held.secret))
        store.forget_links(session, staff.id)
        audit.write(session, by=staff.email, act="turn on second factor", at=now, about=staff.email)
        return fresh


def turn_off_second_factor(database: Database, held: Held, proof: str, keys: Keys, now: datetime) -> Refusal | None:
    """Turn the second factor off for whoever shows a code, or the password."""
    refusal = _proven(database, held, proof, keys, now)
    if refusal is None:
        with database.session() as session:
            staff = accounts.of(session, held.email)
            second_factor.turn_off(staff)
            store.forget_links(session, staff.id)
            audit.write(session, by=staff.email, act="turn off second factor", at=now, about=staff.email)
    return refusal


def renew_recovery_codes(
    database: Database, held: Held, proof: str, keys: Keys, now: datetime
) -> tuple[str, ...] | Refusal:
    """Return new codes for paper to whoever shows a code, or the password; those before are worthless."""
    refusal = _proven(database, held, proof, keys, now)
    if refusal is not None:
        return refusal
    with database.session() as session:
        staff = accounts.of(session, held.email)
        if not staff.has_second_factor:
            return Refusal.WRONG_CODE
        audit.write(session, by=staff.email, act="renew recovery codes", at=now, about=staff.email)
        return second_factor.renew_recovery_codes(staff)


def sign_out_elsewhere(session: Session, held: Held, now: datetime) -> int:
    """End the sessions of the account in all other browsers; return how many."""
    ended = store.sign_out_elsewhere(session, accounts.of(session, held.email).id, guesses.hash_of(held.secret))
    audit.write(session, by=held.email, act="sign out elsewhere", at=now, detail=f"{ended} sessions")
    return ended


def _proven(database: Database, held: Held, proof: str, keys: Keys, now: datetime) -> Refusal | None:
    mark, network = guesses.at_code(held.email), sessions.household(held.network)
    with database.session() as session:
        if guesses.too_many(session, mark, network, now):
            return Refusal.TOO_MANY
        try:
            if second_factor.take(accounts.of(session, held.email), proof, keys, now) is not Proof.NONE:
                return None
        except Unsealable as fault:  # the password must do
            log.warning("desk.second_factor_unreadable", fault=str(fault))
        if len("".join(proof.split())) <= _LONGEST_CODE:
            guesses.count(session, mark, network, now)
            return Refusal.WRONG_CODE
    return shows_password(database, held, proof, now)
