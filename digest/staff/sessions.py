"""Sessions: signing in and out, and recognising a browser that has."""

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from digest.database import Database, Session
from digest.model.staff import Role, SignInFailure, Staff, StaffSession
from digest.staff import passwords
from digest.staff.accounts import normal
from digest.store import staff as store

#: A browser stays signed in so long after its sign-in, used or not: reading a page never writes.
LIFETIME = timedelta(days=14)
#: Failed sign-ins count for so long.
WINDOW = timedelta(minutes=15)
FAILURES_PER_EMAIL = 10
FAILURES_PER_NETWORK = 30


class Refusal(StrEnum):
    """Why somebody was not let in. Which of e-mail and password was wrong is never told."""

    #: No such account, or not its password.
    WRONG = "That e-mail and password do not belong together."
    #: Too many failures for the e-mail or from the network.
    TOO_MANY = "Too many sign-ins have failed. Wait 15 minutes, then try again."
    #: Two are being checked and others wait.
    BUSY = "Many people are signing in just now. Try again in a moment."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A browser that has signed in. *secret* is for its cookie alone; only its hash is kept."""

    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The person behind a request, and the token that their forms must carry."""

    email: str
    name: str
    role: Role
    csrf_token: str

    @property
    def is_operator(self) -> bool:
        """Return whether the pages of the service itself are open to them."""
        return self.role == Role.OPERATOR


def sign_in(database: Database, email: str, password: str, *, network: str, now: datetime) -> SignedIn | Refusal:
    """
    Let the owner of an account in, from the IP address *network*.

    An unknown e-mail takes as long as a wrong password. Limits are looked at within the turn, so that a burst of
    guesses cannot slip past them together; no transaction is open while a password is checked.
    """
    address, network = normal(email), household(network)
    with passwords.turn() as taken:
        if not taken:
            return Refusal.BUSY
        with database.reading() as session:
            if _guessed_too_often(session, address, network, now):
                return Refusal.TOO_MANY
            account = store.account(session, address)
        stored = account.password_hash if account else passwords.NOBODY
        fits = passwords.verify(password, stored)
        with database.session() as session:
            known = store.account(session, address) if fits and account else None
            if known is None or known.password_hash != stored:
                session.add(SignInFailure(email_hash=_hash(address), network=network, at=now))
                return Refusal.WRONG
            if passwords.is_outdated(stored):
                known.password_hash = passwords.hashed(password)
            return _open(session, known, now)


def visitor(session: Session, secret: str, now: datetime) -> Visitor | None:
    """Return who holds the cookie *secret*, or None when nobody has signed in with it or it has expired."""
    found = store.signed_in(session, _hash(secret), now)
    if found is None:
        return None
    staff = found.staff
    return Visitor(
        email=staff.email, name=staff.name or staff.email, role=Role(staff.role), csrf_token=found.csrf_token
    )


def sign_out(session: Session, secret: str) -> None:
    """Make the cookie *secret* worthless; an unknown one changes nothing."""
    store.sign_out(session, _hash(secret))


def household(address: str) -> str:
    """Return what stands for all machines behind one IP *address*: itself, or the /64 of an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))


def _open(session: Session, staff: Staff, now: datetime) -> SignedIn:
    store.forgive(session, _hash(staff.email))
    store.sweep(session, now=now, failures_before=now - WINDOW)
    secret = secrets.token_urlsafe(32)
    row = StaffSession(
        secret_hash=_hash(secret),
        staff_id=staff.id,
        csrf_token=secrets.token_urlsafe(32),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(row)
    return SignedIn(secret=secret, expires_at=row.expires_at)


def _guessed_too_often(session: Session, address: str, network: str, now: datetime) -> bool:
    by_email, by_network = store.failures(session, email_hash=_hash(address), network=network, since=now - WINDOW)
    return by_email >= FAILURES_PER_EMAIL or by_network >= FAILURES_PER_NETWORK


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
