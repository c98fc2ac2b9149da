"""Sessions: signing in and out, and recognising a browser that has."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from digest.database import Database, Session
from digest.model.staff import Role, Staff, StaffSession
from digest.staff import guesses, links, passwords
from digest.staff.accounts import normal
from digest.staff.guesses import hash_of
from digest.staff.links import Use
from digest.store import audit
from digest.store import staff as store

#: A browser stays signed in so long after its sign-in, used or not: reading a page never writes.
LIFETIME = timedelta(days=14)
#: How the audit trail calls a sign-in.
SIGN_IN = "sign in"


class Refusal(StrEnum):
    """Why somebody was not let in. Which of e-mail and password was wrong is never told."""

    #: No such account, or not its password.
    WRONG = "That e-mail and password do not belong together."
    #: Too many failures for the e-mail or from the network.
    TOO_MANY = "Too many sign-ins have failed. Wait 15 minutes, then try again."
    #: Two are being checked and others wait.
    BUSY = "Many people are signing in just now. Try again in a moment."
    #: Neither a code of the phone that is new, nor one on paper that is left.
    WRONG_CODE = "This code does not fit, or has been used. Wait for the next one, then try again."
    #: Password or link fitted more than five minutes ago, or in another browser.
    LATE = "That took longer than five minutes. Begin again."
    #: Somebody who has signed in is asked for their password again.
    WRONG_PASSWORD = "This is not your password."  # noqa: S105 (a sentence)
    #: The keys that sealed the secret are gone; codes on paper still fit.
    UNREADABLE = "Your second factor cannot be read any more. Use a recovery code, or ask an operator to reset it."
    #: The secret of a link is nobody's, or no longer.
    DEAD_LINK = "This link has been used or has expired. Ask for a new one."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A browser that has signed in. *secret* is for its cookie alone; only its hash is kept."""

    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeNeeded:
    """A browser that has shown a password or a link, and must show a code. *secret* is for its cookie alone."""

    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The person behind a request, and the token that their forms must carry."""

    email: str
    name: str
    role: Role
    csrf_token: str
    has_second_factor: bool = False

    @property
    def is_operator(self) -> bool:
        """Return whether the pages of the service itself are open to them."""
        return self.role == Role.OPERATOR


def sign_in(
    database: Database, email: str, password: str, *, network: str, now: datetime
) -> SignedIn | CodeNeeded | Refusal:
    """
    Let the owner of an account in, from the IP address *network*, or ask for a code where there is a second factor.

    An unknown e-mail takes as long as a wrong password. Limits are looked at within the turn, so that a burst of
    guesses cannot slip past them together; no transaction is open while a password is checked.
    """
    address, network = normal(email), household(network)
    mark = guesses.at_password(address)
    with passwords.turn() as taken:
        if not taken:
            return Refusal.BUSY
        with database.reading() as session:
            if guesses.too_many(session, mark, network, now):
                return Refusal.TOO_MANY
            account = store.account(session, address)
        # An account that comes in by links alone has no password; to check none would be quicker than to check one.
        stored = (account.password_hash if account else "") or passwords.NOBODY
        fits = passwords.verify(password, stored)
        with database.session() as session:
            known = store.locked(session, address) if fits and account else None
            if known is None or known.password_hash != stored:
                guesses.count(session, mark, network, now)
                return Refusal.WRONG
            if passwords.is_outdated(stored):
                known.password_hash = passwords.hashed(password)
            return enter(session, known, "password", now)


def enter(session: Session, staff: Staff, way: str, now: datetime) -> SignedIn | CodeNeeded:
    """Let somebody in who has shown what *way* says, or remember that and ask for a code."""
    if staff.has_second_factor:
        return CodeNeeded(secret=links.make(session, staff, Use.CODE, way=way, now=now))
    return begin(session, staff, way, now)


def begin(session: Session, staff: Staff, way: str, now: datetime) -> SignedIn:
    """Open a session for a new browser of an account, and write down which *way* its owner came in."""
    store.forgive(session, guesses.at_password(staff.email))
    store.sweep(session, now=now, failures_before=now - guesses.WINDOW)
    secret = links.fresh()
    row = StaffSession(
        secret_hash=hash_of(secret),
        staff_id=staff.id,
        csrf_token=links.fresh(),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(row)
    audit.write(session, by=staff.email, act=SIGN_IN, at=now, detail=f"by {way}")
    return SignedIn(secret=secret, expires_at=row.expires_at)


def visitor(session: Session, secret: str, now: datetime) -> Visitor | None:
    """Return who holds the cookie *secret*, or None when nobody has signed in with it or it has expired."""
    found = store.signed_in(session, hash_of(secret), now)
    if found is None:
        return None
    staff = found.staff
    return Visitor(
        email=staff.email,
        name=staff.name or staff.email,
        role=Role(staff.role),
        csrf_token=found.csrf_token,
        has_second_factor=staff.has_second_factor,
    )


def sign_out(session: Session, secret: str) -> None:
    """Make the cookie *secret* worthless; an unknown one changes nothing."""
    store.sign_out(session, hash_of(secret))


def household(address: str) -> str:
    """Return what stands for all machines behind one IP *address*: itself, or the /64 of an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
