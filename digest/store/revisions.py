"""Queries about the revisions of Drafts."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from digest.model.edition import Edition
from digest.model.ids import EditionId
from digest.model.revision import DraftRevision
from digest.store.editions import SETTLED

#: So many of one Edition are kept.
KEPT = 200


def keep(session: Session, revision: DraftRevision) -> DraftRevision:
    """Write *revision* down, and forget the oldest of its Edition that are too many."""
    session.add(revision)
    session.flush()
    last = session.scalar(
        select(DraftRevision.version)
        .where(DraftRevision.edition_id == revision.edition_id)
        .order_by(DraftRevision.version.desc())
        .offset(KEPT)
        .limit(1)
    )
    if last is not None:
        session.execute(
            delete(DraftRevision).where(DraftRevision.edition_id == revision.edition_id, DraftRevision.version <= last)
        )
    return revision


def get(session: Session, edition_id: EditionId, version: int | None) -> DraftRevision | None:
    """Return the revision with just that *version*, if it is kept."""
    return None if version is None else session.get(DraftRevision, (edition_id, version))


def newest(session: Session, edition_id: EditionId) -> DraftRevision | None:
    """Return the newest revision; None while nobody has edited."""
    return session.scalars(_of(edition_id).order_by(DraftRevision.version.desc()).limit(1)).first()


def oldest(session: Session, edition_id: EditionId) -> DraftRevision | None:
    """Return the oldest revision that is kept."""
    return session.scalars(_of(edition_id).order_by(DraftRevision.version).limit(1)).first()


def shown(session: Session, edition_id: EditionId, version: int) -> DraftRevision | None:
    """Return the revision that *version* shows: the newest up to it, for the program's own versions change no words."""
    query = _of(edition_id).where(DraftRevision.version <= version)
    return session.scalars(query.order_by(DraftRevision.version.desc()).limit(1)).first()


def since(session: Session, edition_id: EditionId, version: int) -> Sequence[DraftRevision]:
    """Return the revisions later than *version*, the earliest first."""
    return session.scalars(_of(edition_id).where(DraftRevision.version > version).order_by(DraftRevision.version)).all()


def recent(session: Session, edition_id: EditionId, limit: int) -> Sequence[DraftRevision]:
    """Return the newest *limit* revisions, the newest first."""
    return session.scalars(_of(edition_id).order_by(DraftRevision.version.desc()).limit(limit)).all()


def forget_settled(session: Session, moment: datetime) -> int:
    """Forget the revisions of Editions that nothing more became of since *moment*; return how many."""
    settled = select(Edition.id).where(
        Edition.state.in_(SETTLED), func.coalesce(Edition.sent_at, Edition.due_at) < moment
    )
    gone = session.execute(
        delete(DraftRevision).where(DraftRevision.edition_id.in_(settled)).returning(DraftRevision.version)
    )
    return len(gone.all())


def _of(edition_id: EditionId) -> Select[DraftRevision]:
    return select(DraftRevision).where(DraftRevision.edition_id == edition_id)
