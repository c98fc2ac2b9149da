"""Queries about staff: their accounts, their signed-in browsers, their links, and failed sign-ins."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.orm import Session

from digest.model.ids import StaffId
from digest.model.staff import Role, SignInFailure, Staff, StaffLink, StaffSession


def account(session: Session, email: str) -> Staff | None:
    """Return the account of *email* in its normal form, if there is one."""
    return session.scalar(select(Staff).where(Staff.email == email))


def locked(session: Session, email: str) -> Staff | None:
    """Return the account of *email* as it is now, and let nobody else change it before the transaction ends."""
    return session.scalar(
        select(Staff).where(Staff.email == email).with_for_update().execution_options(populate_existing=True)
    )


def listing(session: Session) -> Sequence[Staff]:
    """Return all accounts by their e-mail."""
    return session.scalars(select(Staff).order_by(Staff.email)).all()


def called(session: Session, staff_id: StaffId) -> Staff | None:
    """Return the account with that number, if there is one."""
    return session.get(Staff, staff_id)


def other_operators(session: Session, email: str) -> int:
    """Return how many operators there are besides *email*, and keep their number until the transaction ends."""
    operators = select(Staff.email).where(Staff.role == Role.OPERATOR).with_for_update()
    return sum(other != email for other in session.scalars(operators))


def sessions_of(session: Session, email: str, now: datetime) -> Sequence[StaffSession]:
    """Return the browsers in which *email* is signed in at *now*, the newest first."""
    theirs = select(StaffSession).join(StaffSession.staff).where(Staff.email == email, StaffSession.expires_at > now)
    return session.scalars(theirs.order_by(StaffSession.created_at.desc(), StaffSession.secret_hash)).all()


def link(session: Session, secret_hash: str, now: datetime) -> StaffLink | None:
    """Return the link of *secret_hash*, with its account, unless it has expired at *now*."""
    return session.scalar(select(StaffLink).where(StaffLink.secret_hash == secret_hash, StaffLink.expires_at > now))


def offer_link(session: Session, email: str, secret_hash: str, *, now: datetime, expires_at: datetime) -> None:
    """Let the link of *secret_hash* open something for *email*; one statement, whether that has an account or not."""
    kinds = StaffLink.__table__.c
    columns = {"secret_hash": secret_hash, "created_at": now, "expires_at": expires_at}
    row = select(Staff.id, *(literal(value, kinds[name].type) for name, value in columns.items()))
    session.execute(insert(StaffLink).from_select(["staff_id", *columns], row.where(Staff.email == email)))


def spend_link(session: Session, secret_hash: str, now: datetime) -> StaffId | None:
    """Forget the link of *secret_hash* and return whose it was, unless it has expired at *now*."""
    alive = delete(StaffLink).where(StaffLink.secret_hash == secret_hash, StaffLink.expires_at > now)
    return session.scalar(alive.returning(StaffLink.staff_id))


def forget_links(session: Session, staff_id: StaffId) -> None:
    """Make every link of an account worthless, and every sign-in that waits for its code."""
    session.execute(delete(StaffLink).where(StaffLink.staff_id == staff_id))


def signed_in(session: Session, secret_hash: str, now: datetime) -> StaffSession | None:
    """Return the browser session of *secret_hash*, with its account, unless it has expired at *now*."""
    return session.scalar(
        select(StaffSession).where(StaffSession.secret_hash == secret_hash, StaffSession.expires_at > now)
    )


def sign_out(session: Session, secret_hash: str) -> None:
    """Forget the browser session of *secret_hash*; an unknown one changes nothing."""
    session.execute(delete(StaffSession).where(StaffSession.secret_hash == secret_hash))


def sign_out_everywhere(session: Session, staff_id: StaffId) -> None:
    """Forget every browser session of an account."""
    session.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id))


def sign_out_elsewhere(session: Session, staff_id: StaffId, secret_hash: str) -> int:
    """Forget every browser session of an account but that of *secret_hash*; return how many."""
    others = delete(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.secret_hash != secret_hash)
    return len(session.scalars(others.returning(StaffSession.secret_hash)).all())


def failures(session: Session, *, email_hash: str, network: str, since: datetime) -> tuple[int, int]:
    """Return how many sign-ins have failed since *since*: for this e-mail, and from this network."""
    recent = select(func.count()).select_from(SignInFailure).where(SignInFailure.at > since)
    by_email = session.scalar(recent.where(SignInFailure.email_hash == email_hash)) or 0
    by_network = session.scalar(recent.where(SignInFailure.network == network)) or 0
    return by_email, by_network


def forgive(session: Session, email_hash: str) -> None:
    """Forget the failed sign-ins of an e-mail, once its owner has come in."""
    session.execute(delete(SignInFailure).where(SignInFailure.email_hash == email_hash))


def sweep(session: Session, *, now: datetime, failures_before: datetime) -> None:
    """Forget what no longer counts: sessions and links expired at *now*, and failures from before *failures_before*."""
    session.execute(delete(StaffSession).where(StaffSession.expires_at <= now))
    session.execute(delete(StaffLink).where(StaffLink.expires_at <= now))
    session.execute(delete(SignInFailure).where(SignInFailure.at <= failures_before))
