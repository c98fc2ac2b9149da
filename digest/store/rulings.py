"""Queries about editors' rulings."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from digest.model.candidate import Ruling, RulingKind
from digest.model.ruling import EditorialRuling

#: So long a ruling is in force; news that it was about is old by then.
LIFETIME = timedelta(days=14)
_PAIRS = (RulingKind.MERGE, RulingKind.SPLIT)


def add(session: Session, newsletter: str, ruling: Ruling, *, by: str, at: datetime) -> EditorialRuling:
    """
    Write down *ruling* as the last word, in place of what was said before about the same.

    A merge replaces a split of the same two articles and the other way round, whichever of the two is named first; a
    pin or boost replaces the one of the same article.
    """
    fresh = _row(newsletter, ruling, by, at)
    try:
        with session.begin_nested():
            for said in _said_of_the_same(session, fresh):
                session.delete(said)
            session.flush()
            session.add(fresh)
    except IntegrityError:  # another editor has said the same at this very moment
        return add(session, newsletter, ruling, by=by, at=at)
    return fresh


def lift(session: Session, ruling_id: int) -> EditorialRuling | None:
    """Take the ruling back and return what it was; None when there is none with that id."""
    found = session.get(EditorialRuling, ruling_id)
    if found is not None:
        session.delete(found)
        session.flush()
    return found


def take_back(session: Session, newsletter: str, ruling: Ruling, at: datetime) -> None:
    """Lift what *ruling* says of its articles, whoever said it, where that still stands."""
    row = _row(newsletter, ruling, "", at)
    for said in _said_of_the_same(session, row):
        if said.kind is ruling.kind:
            session.delete(said)
    session.flush()


def listing(session: Session, newsletter: str, since: datetime) -> Sequence[EditorialRuling]:
    """Return the newsletter's rulings made since *since*, the earliest first."""
    return session.scalars(
        select(EditorialRuling)
        .where(EditorialRuling.newsletter == newsletter, EditorialRuling.at >= since)
        .order_by(EditorialRuling.at, EditorialRuling.id)
    ).all()


def in_force(session: Session, newsletter: str, since: datetime) -> tuple[Ruling, ...]:
    """Return what ranking reads of the newsletter's rulings made since *since*, the earliest first."""
    return tuple(row.ruling for row in listing(session, newsletter, since))


def _row(newsletter: str, ruling: Ruling, by: str, at: datetime) -> EditorialRuling:
    is_pair = ruling.kind in _PAIRS
    one, other = sorted((ruling.url_key, ruling.other_key)) if is_pair else (ruling.url_key, ruling.other_key)
    return EditorialRuling(
        newsletter=newsletter, kind=ruling.kind, url_key=one, other_key=other, factor=ruling.factor, by=by, at=at
    )


def _said_of_the_same(session: Session, row: EditorialRuling) -> Sequence[EditorialRuling]:
    """Return the rulings that *row* repeats or contradicts, locked."""
    return session.scalars(
        select(EditorialRuling)
        .where(
            EditorialRuling.newsletter == row.newsletter,
            EditorialRuling.url_key == row.url_key,
            EditorialRuling.other_key == row.other_key,
            EditorialRuling.kind.in_(_PAIRS if row.kind in _PAIRS else (row.kind,)),
        )
        .order_by(EditorialRuling.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
