"""Coming in otherwise than by a password alone: by a link in a mail, and with a code of the second factor."""

from dataclasses import dataclass
from datetime import datetime

from digest.database import Database
from digest.logs import logger
from digest.sealing import Unsealable
from digest.staff import guesses, links, second_factor, sessions
from digest.staff.links import Use
from digest.staff.second_factor import Proof
from digest.staff.sessions import CodeNeeded, Refusal, SignedIn
from digest.store import staff as store
from subscribers.tokens import Keys

log = logger(__name__)

#: Links by mail to one address, and those that one network may ask for, within ``guesses.WINDOW``.
LINKS_PER_EMAIL = 3
LINKS_PER_NETWORK = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a browser shows as the second step: its half of a sign-in, and a code."""

    half: str
    code: str


def by_link(database: Database, secret: str, *, network: str, now: datetime) -> SignedIn | CodeNeeded | Refusal:
    """Let the bearer of a link in, once, or ask for a code; what opens nothing counts as a failed sign-in."""
    network, mark = sessions.household(network), guesses.at_link()
    with database.session() as session:
        if guesses.too_many(session, mark, network, now):
            return Refusal.TOO_MANY
        staff = links.spend(session, Use.SIGN_IN, secret, now)
        if staff is None:
            guesses.count(session, mark, network, now)
            return Refusal.DEAD_LINK
        return sessions.enter(session, staff, "link", now)


def with_code(database: Database, shown: Shown, keys: Keys, *, network: str, now: datetime) -> SignedIn | Refusal:
    """
    Let somebody in who has shown a password or a link before, and shows a code now.

    All is decided while the account is locked: neither two guesses nor two of the same code slip past each other.
    A failure is not forgiven by coming in, so that whoever has the password gets no further guesses out of that.
    """
    network = sessions.household(network)
    with database.session() as session:
        found = links.holder(session, Use.CODE, shown.half, now)
        staff = store.locked(session, found.email) if found is not None else None
        if staff is None or not staff.has_second_factor:
            return Refusal.LATE
        mark = guesses.at_code(staff.email)
        if guesses.too_many(session, mark, network, now):
            return Refusal.TOO_MANY
        try:
            proof = second_factor.take(staff, shown.code, keys, now)
        except Unsealable as fault:
            log.exception("desk.second_factor_unreadable", fault=str(fault))
            return Refusal.UNREADABLE
        if proof is Proof.NONE:
            guesses.count(session, mark, network, now)
            return Refusal.WRONG_CODE
        if links.spend(session, Use.CODE, shown.half, now) is None:
            return Refusal.LATE
        return sessions.begin(session, staff, f"{shown.half.partition('.')[0]} and {proof}", now)


def may_ask(database: Database, email: str, *, network: str, now: datetime) -> bool:
    """Count a wish for a link by mail, and return whether it is within the limits; known and unknown count alike."""
    mark, network = guesses.hash_of(f"wish:{email}"), f"wish {sessions.household(network)}"[:64]
    with database.session() as session:
        since = now - guesses.WINDOW
        by_email, by_network = store.failures(session, email_hash=mark, network=network, since=since)
        if by_email >= LINKS_PER_EMAIL or by_network >= LINKS_PER_NETWORK:
            return False
        guesses.count(session, mark, network, now)
        return True
