"""Queries about AddedSources."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.model.added import AddedSource


def of_newsletter(session: Session, slug: str) -> Sequence[AddedSource]:
    """Return what was added to the newsletter called *slug*, in the order of addition."""
    return session.scalars(select(AddedSource).where(AddedSource.newsletter == slug).order_by(AddedSource.id)).all()


def by_newsletter(session: Session) -> Mapping[str, Sequence[AddedSource]]:
    """Return all that was added, by the slug of its newsletter, in the order of addition."""
    rows = session.scalars(select(AddedSource).order_by(AddedSource.newsletter, AddedSource.id))
    return {slug: list(added) for slug, added in groupby(rows, key=lambda row: row.newsletter)}


def add(session: Session, added: AddedSource) -> None:
    """Keep *added*."""
    session.add(added)
    session.flush()


def remove(session: Session, added: AddedSource) -> None:
    """Forget *added*; its Source and its Articles stay."""
    session.delete(added)
    session.flush()
