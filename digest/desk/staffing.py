"""Staffing: who is invited to the desk and sent links to it; each act is written down with who did it."""

from dataclasses import dataclass

from digest import notices
from digest.database import Session
from digest.model.staff import Role, Staff
from digest.services import Services
from digest.staff import accounts, coming_in, guesses, links, passwords, sessions
from digest.staff.links import Use
from digest.staff.sessions import Refusal
from digest.store import audit
from digest.store import staff as store


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Who shall come to the desk, and what they may do there."""

    email: str
    name: str = ""
    role: Role = Role.EDITOR


def ask_for_link(services: Services, email: str, *, network: str) -> bool:
    """
    Mail a link that signs in to *email*, if that has an account; return whether that was within the limits.

    Known or not, the statements are the same: neither the answer nor its time tells who has an account.
    """
    address, now = accounts.normal(email)[:320], services.clock.now()
    if not coming_in.may_ask(services.database, address, network=network, now=now):
        return False
    secret, life = links.fresh(), links.LIVES[Use.SIGN_IN]
    with services.session() as session:
        mark = links.mark(Use.SIGN_IN, secret)
        store.offer_link(session, address, mark, now=now, expires_at=now + life)
        notices.offer_sign_in(services, session, address, secret, life=life)
    return True


def invite(services: Services, invitation: Invitation, *, by: str) -> None:
    """Make an account and mail its owner a link to set a password; AccountError as ``accounts.add``."""
    now = services.clock.now()
    with services.session() as session:
        staff = accounts.invite(session, invitation.email, invitation.name, invitation.role, now)
        audit.write(session, by=by, act="invite", at=now, about=staff.email, detail=f"as {staff.role}")
        _mail_password_link(services, session, staff, by)


def send_password_link(services: Services, email: str, *, by: str) -> None:
    """
    Mail somebody a link to set a new password; the old one works until then. AccountError when there is none.

    Earlier links to the same account, and half a sign-in, are worthless from now on.
    """
    with services.session() as session:
        staff = accounts.of(session, email)
        store.forget_links(session, staff.id)
        audit.write(session, by=by, act="send password link", at=services.clock.now(), about=staff.email)
        _mail_password_link(services, session, staff, by)


def set_password_by_link(services: Services, secret: str, password: str, *, network: str) -> str | Refusal:
    """
    Set the password of whoever holds the *secret* of a link, and return their e-mail.

    AccountError when the password is too short or too long: then the link still works. Nobody is signed in by this, so
    that a second factor is asked as always.
    """
    now, network = services.clock.now(), sessions.household(network)
    with services.reading() as session:
        if guesses.too_many(session, guesses.at_link(), network, now):
            return Refusal.TOO_MANY
        is_good = links.holder(session, Use.PASSWORD, secret, now) is not None
    new = ""
    if is_good:
        with passwords.turn() as taken:
            if not taken:
                return Refusal.BUSY
            new = accounts.hashed(password)
    with services.session() as session:
        staff = links.spend(session, Use.PASSWORD, secret, now) if new else None
        if staff is None:
            guesses.count(session, guesses.at_link(), network, now)
            return Refusal.DEAD_LINK
        accounts.put_password(session, staff.email, new)
        audit.write(session, by=staff.email, act="set password", at=now, about=staff.email, detail="by link")
        return staff.email


def _mail_password_link(services: Services, session: Session, staff: Staff, by: str) -> None:
    life = links.RESET_LIFE if staff.password_hash else links.LIVES[Use.PASSWORD]
    secret = links.make(session, staff, Use.PASSWORD, life=life, now=services.clock.now())
    notices.offer_password(services, session, staff, secret, by=by, life=life)
