"""
Queries about the Editions that readers have got: what the public archive shows. None of them loads a page.

A special Edition that was for some readers only is for nobody else to read, and is in none of them.
Nor is a correction: the Edition that it is about shows what was put right.
"""

import datetime as dt
from calendar import monthrange
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import ColumnElement, Row, Select, and_, extract, func, select
from sqlalchemy.orm import Session

from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId
from digest.model.past_edition import PastEdition
from digest.model.text import printable
from subscribers.cadence import Cadence

_PUBLIC = (EditionState.SENDING, EditionState.SENT)
_NEWEST_FIRST = (Edition.date.desc(), Edition.id.desc())


def months(session: Session, newsletter: str) -> Mapping[dt.date, int]:
    """Return how many Editions came out in each month that has any, by its first day, the newest month first."""
    year, month = extract("year", Edition.date), extract("month", Edition.date)
    rows = session.execute(
        select(year, month, func.count())
        .where(_came_out(newsletter))
        .group_by(year, month)
        .order_by(year.desc(), month.desc())
    )
    return {dt.date(int(y), int(m), 1): count for y, m, count in rows}


def of_month(session: Session, newsletter: str, month: dt.date) -> Sequence[PastEdition]:
    """Return the Editions of the month in which the day *month* lies, the newest first."""
    _, days = monthrange(month.year, month.month)
    in_month = Edition.date.between(month.replace(day=1), month.replace(day=days))
    return [_past(row) for row in session.execute(_listing(newsletter).where(in_month))]


def newest(session: Session, newsletter: str, limit: int) -> Sequence[PastEdition]:
    """Return the newest *limit* Editions, the newest first."""
    return _among(session, newsletter, select(Edition.id).order_by(*_NEWEST_FIRST).limit(limit))


def find(session: Session, newsletter: str, cadence: Cadence, date: dt.date) -> PastEdition | None:
    """Return the Edition of that newsletter, cadence and date, if readers have got it."""
    of_day = and_(Edition.cadence == cadence, Edition.date == date)
    row = session.execute(_listing(newsletter).where(of_day)).one_or_none()
    return None if row is None else _past(row)


def neighbours(
    session: Session, newsletter: str, cadence: Cadence, date: dt.date
) -> tuple[PastEdition | None, PastEdition | None]:
    """Return the Editions of the newsletter and cadence that came out just before and just after *date*."""
    of_cadence = select(Edition.id).where(Edition.cadence == cadence).limit(1)
    before = of_cadence.where(Edition.date < date).order_by(Edition.date.desc())
    after = of_cadence.where(Edition.date > date).order_by(Edition.date)
    older, newer = (_among(session, newsletter, query) for query in (before, after))
    return next(iter(older), None), next(iter(newer), None)


def latest(session: Session, newsletter: str) -> Edition | None:
    """Return the newest Edition that readers have got, of any cadence."""
    return session.scalar(select(Edition).where(_came_out(newsletter)).order_by(*_NEWEST_FIRST).limit(1))


def _came_out(newsletter: str) -> ColumnElement[bool]:
    return and_(
        Edition.newsletter == newsletter,
        Edition.state.in_(_PUBLIC),
        Edition.audience_json.is_(None),
        Edition.corrects_id.is_(None),
    )


def _among(session: Session, newsletter: str, chosen: "Select[EditionId]") -> Sequence[PastEdition]:
    """
    Return the Editions whose ids *chosen* asks for, the newest first.

    Chosen before they are listed: a database that sorts would take every Draft apart before it counts to a limit.
    """
    ids = chosen.where(_came_out(newsletter)).scalar_subquery()
    return [_past(row) for row in session.execute(_listing(newsletter).where(Edition.id.in_(ids)))]


_Asked: TypeAlias = "Select[EditionId, int, Cadence, dt.date, dt.datetime | None, dt.datetime | None, str, str, str]"
_Told: TypeAlias = "Row[EditionId, int, Cadence, dt.date, dt.datetime | None, dt.datetime | None, str, str, str]"


def _listing(newsletter: str) -> _Asked:
    """Ask for Editions, newest first, with subject and preheader: the database takes them out of the Draft's JSON."""
    subject, preheader = (Edition.draft_json[key].as_string() for key in ("subject", "preheader"))
    named = (Edition.id, Edition.number, Edition.cadence, Edition.date, Edition.approved_at)
    return (
        select(*named, Edition.corrected_at, Edition.correction, subject, preheader)
        .where(_came_out(newsletter))
        .order_by(*_NEWEST_FIRST)
    )


def _past(row: _Told) -> PastEdition:
    edition_id, number, cadence, date, approved_at, corrected_at, correction, subject, preheader = row
    assert approved_at is not None  # nothing goes out without an approval
    return PastEdition(
        id=edition_id,
        number=number,
        cadence=cadence,
        date=date,
        subject=printable(subject),
        preheader=printable(preheader),
        approved_at=approved_at,
        corrected_at=corrected_at,
        correction=printable(correction),
    )
