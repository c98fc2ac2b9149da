"""Queries about the audit trail."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from digest.model.audit import AuditEntry


def write(session: Session, *, by: str, act: str, at: datetime, about: str = "", detail: str = "") -> None:
    """Write down that *by* did *act* to *about*; too long texts are cut."""
    session.add(AuditEntry(at=at, by=by[:320], act=act[:50], about=about[:300], detail=detail[:500]))


def recent(session: Session, *, by: str = "", before: int | None = None, limit: int = 100) -> Sequence[AuditEntry]:
    """Return the newest entries, the newest first: of everybody or only of *by*, older than the entry *before*."""
    entries = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if by:
        entries = entries.where(AuditEntry.by == by)
    if before is not None:
        entries = entries.where(AuditEntry.id < before)
    return session.scalars(entries).all()


def forget_before(session: Session, moment: datetime) -> int:
    """Forget the entries from before *moment*; return how many."""
    gone = session.execute(delete(AuditEntry).where(AuditEntry.at < moment).returning(AuditEntry.id))
    return len(gone.all())


def people(session: Session) -> Sequence[str]:
    """Return everybody of whom there is an entry, in the order of the alphabet."""
    return session.scalars(select(AuditEntry.by).distinct().order_by(AuditEntry.by)).all()


def last_by(session: Session, act: str) -> dict[str, datetime]:
    """Return when each person last did *act*, as far as the trail goes back."""
    latest = select(AuditEntry.by, func.max(AuditEntry.at)).where(AuditEntry.act == act).group_by(AuditEntry.by)
    return dict(session.execute(latest).all())
