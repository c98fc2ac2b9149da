"""Queries about AddedSources."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.model.added import AddedSource


def of_newsletter(session: Session, slug: str) -> Sequence[AddedSource]:
    """Return what was added to the newsletter called *slug*, in the order of addition."""
    return session.scalars(select(AddedSource).where(AddedSource.newsletter == slug).order_by(AddedSource.id)).all()


def add(session: Session, added: AddedSource) -> None:
    """Keep *added*."""
    session.add(added)
    session.flush()


def remove(session: Session, added: AddedSource) -> None:
    """Forget *added*; its Source and its Articles stay."""
    session.delete(added)
    session.flush()
