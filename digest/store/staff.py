"""Queries about staff: their accounts, their signed-in browsers, and failed sign-ins."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from digest.model.ids import StaffId
from digest.model.staff import SignInFailure, Staff, StaffSession


def account(session: Session, email: str) -> Staff | None:
    """Return the account of *email* in its normal form, if there is one."""
    return session.scalar(select(Staff).where(Staff.email == email))


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
    """Forget what no longer counts: sessions that have expired at *now*, and failures from before *failures_before*."""
    session.execute(delete(StaffSession).where(StaffSession.expires_at <= now))
    session.execute(delete(SignInFailure).where(SignInFailure.at <= failures_before))
