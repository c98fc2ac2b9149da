"""Queries about Editions and the Stories that they have used."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, exists, func, or_, select, union_all
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from digest.errors import UnknownEdition
from digest.model.article import Article
from digest.model.delivery import Delivery, DeliveryState
from digest.model.draft import Draft
from digest.model.edition import Edition, EditionLink, EditionState, EditionStory
from digest.model.ids import EditionId, SubscriberId
from digest.store import articles
from subscribers import audience
from subscribers.cadence import Cadence
from subscribers.model import Subscription

#: The states in which an Edition has Deliveries that may still go out.
UNDERWAY = frozenset({EditionState.APPROVED, EditionState.SENDING, EditionState.PAUSED})
#: The states in which nothing more becomes of an Edition by itself.
SETTLED = (EditionState.SENT, EditionState.SKIPPED, EditionState.CANCELLED)
#: How far back a Story that was already sent is remembered.
MEMORY = dt.timedelta(days=60)


def open_for(session: Session, newsletter: str, cadence: Cadence, date: dt.date, *, due_at: dt.datetime) -> Edition:
    """
    Return the one Edition of (newsletter, cadence, date), made now if it is new, and locked until the transaction ends.

    While it is only planned, *due_at* is kept up to date: readers come, go and move between time zones.
    """
    found = _locked(session, newsletter, cadence, date)
    if found is None:
        with suppress(IntegrityError), session.begin_nested():  # another process may be first: its row then stands
            session.add(Edition(newsletter=newsletter, cadence=cadence, date=date, due_at=due_at))
            session.flush()
        found = _locked(session, newsletter, cadence, date)
        assert found is not None
    if found.state == EditionState.PLANNED:
        found.due_at = due_at
    return found


def _locked(session: Session, newsletter: str, cadence: Cadence, date: dt.date) -> Edition | None:
    return session.scalar(
        select(Edition)
        .where(Edition.newsletter == newsletter, Edition.cadence == cadence, Edition.date == date)
        .with_for_update()
    )


def get(session: Session, edition_id: EditionId, *, lock: bool = False) -> Edition:
    """Return the Edition; UnknownEdition when there is none. With *lock*, nobody else changes it meanwhile."""
    edition = session.get(Edition, edition_id, with_for_update=lock or None)
    if edition is None:
        raise UnknownEdition(f"there is no edition with the id {edition_id}")
    return edition


def find(session: Session, newsletter: str, cadence: Cadence, date: dt.date) -> Edition | None:
    """Return the Edition of that newsletter, cadence and date, if there is one."""
    return session.scalar(
        select(Edition).where(Edition.newsletter == newsletter, Edition.cadence == cadence, Edition.date == date)
    )


def of_days(session: Session, newsletter: str, cadence: Cadence, days: Collection[dt.date]) -> dict[dt.date, Edition]:
    """Return the Editions of that newsletter and cadence which there are on *days*, by their date."""
    found = session.scalars(
        select(Edition).where(Edition.newsletter == newsletter, Edition.cadence == cadence, Edition.date.in_(days))
    )
    return {edition.date: edition for edition in found}


def in_states(session: Session, *states: EditionState) -> Sequence[Edition]:
    """Return the Editions in any of *states*, the first due first."""
    return session.scalars(select(Edition).where(Edition.state.in_(states)).order_by(Edition.due_at, Edition.id)).all()


def underway(session: Session, newsletters: Collection[str]) -> Sequence[Edition]:
    """
    Return the Editions of *newsletters* that are on their way, locked until the transaction ends.

    One that is being approved is waited for, so that what the caller has changed about a reader is either seen by its
    plan or can be brought into it.
    """
    nearly = {EditionState.DRAFT, EditionState.HELD}
    found = session.scalars(
        select(Edition)
        .where(Edition.newsletter.in_(newsletters), Edition.state.in_(UNDERWAY | nearly))
        .order_by(Edition.id)  # the same order for all, so that no two wait for each other
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return [edition for edition in found if edition.state in UNDERWAY]


def readers_of(edition: Edition, *, only: SubscriberId | None = None) -> Select[*tuple[Any, ...]]:
    """
    Return the query, with the columns of ``audience.readers``, for all who want *edition*, or *only* for one.

    A correction is for those whom the first one has reached.
    """
    served = Cadence.served_by(edition.cadence, edition.date)
    readers = audience.readers(edition.newsletter, served, edition.date, segment=edition.audience)
    if edition.corrects_id is not None:
        got_it = (Delivery.edition_id == edition.corrects_id, Delivery.state == DeliveryState.SENT)
        readers = readers.where(
            exists().where(Delivery.subscriber_id == Subscription.subscriber_id, *got_it).correlate(Subscription)
        )
    return readers if only is None else readers.where(Subscription.subscriber_id == only)


class Reach(NamedTuple):
    """How many readers an Edition would be planned for: *readers* get it, the addresses of *suppressed* get no mail."""

    readers: int
    suppressed: int


def reach(session: Session, edition: Edition) -> Reach:
    """Return for how many readers *edition* would be planned now."""
    reader = readers_of(edition).subquery("reader")
    rows = session.execute(select(reader.c.suppressed, func.count()).group_by(reader.c.suppressed))
    counts = {bool(suppressed): count for suppressed, count in rows}
    return Reach(readers=counts.get(False, 0), suppressed=counts.get(True, 0))


def corrections_of(session: Session, edition_id: EditionId) -> Sequence[Edition]:
    """Return the mails that correct an Edition, the newest first."""
    return session.scalars(select(Edition).where(Edition.corrects_id == edition_id).order_by(Edition.id.desc())).all()


def recent(session: Session, newsletter: str, limit: int = 14) -> Sequence[Edition]:
    """Return the newsletter's newest Editions, the newest first."""
    return session.scalars(
        select(Edition)
        .where(Edition.newsletter == newsletter)
        .order_by(Edition.date.desc(), Edition.id.desc())
        .limit(limit)
    ).all()


def first_since(session: Session, newsletter: str, cadence: Cadence, date: dt.date) -> Edition | None:
    """Return the first Edition of that newsletter and cadence on *date* or later, if there is one."""
    return session.scalar(
        select(Edition)
        .where(Edition.newsletter == newsletter, Edition.cadence == cadence, Edition.date >= date)
        .order_by(Edition.date)
        .limit(1)
    )


def specials(session: Session, newsletter: str, date: dt.date) -> Sequence[Edition]:
    """Return the newsletter's Editions beside the rhythm: of *date* or later, and older ones not settled yet."""
    return session.scalars(
        select(Edition)
        .where(
            Edition.newsletter == newsletter,
            Edition.cadence.in_([Cadence.SPECIAL, Cadence.CORRECTION]),
            or_(Edition.date >= date, Edition.state.not_in(SETTLED)),
        )
        .order_by(Edition.date)
    ).all()


def older_open(session: Session, edition: Edition) -> Sequence[Edition]:
    """Return the older Editions of the same newsletter and cadence that still wait for an editor, locked."""
    return session.scalars(
        select(Edition)
        .where(
            Edition.newsletter == edition.newsletter,
            Edition.cadence == edition.cadence,
            Edition.date < edition.date,
            Edition.state.in_([EditionState.DRAFT, EditionState.HELD]),
        )
        .order_by(Edition.date)
        .with_for_update()
    ).all()


def previous_period_end(session: Session, edition: Edition) -> dt.datetime | None:
    """Return where the last Edition that went out, of the same newsletter and cadence, left off; None for the first."""
    return session.scalar(
        select(func.max(Edition.period_end)).where(
            Edition.newsletter == edition.newsletter,
            Edition.cadence == edition.cadence,
            Edition.id != edition.id,
            Edition.approved_at.is_not(None),
        )
    )


def next_number(session: Session, newsletter: str, cadence: Cadence) -> int:
    """Return the number that the next Draft of the newsletter and cadence gets, from 1."""
    last = session.scalar(
        select(func.max(Edition.number)).where(Edition.newsletter == newsletter, Edition.cadence == cadence)
    )
    return (last or 0) + 1


def remember_stories(session: Session, edition: Edition, draft: Draft, *, key_of: Callable[[str], str]) -> None:
    """
    Write down what *edition* uses, so that no later one of its cadence carries it again.

    That is its Articles, and the links that editors have given: by their URL keys (*key_of* them), for the Article of
    such a link may come in later.
    """
    for section in draft.sections:
        for story in section.stories:
            for article_id in story.article_ids:
                session.merge(
                    EditionStory(
                        edition_id=edition.id,
                        article_id=article_id,
                        section=section.slug,
                        leads=article_id == story.article_id,
                    )
                )
            for url in story.own_links:
                session.merge(EditionLink(edition_id=edition.id, url_key=articles.bounded(key_of(url))))


def already_sent(session: Session, newsletter: str, cadence: Cadence, now: dt.datetime) -> dict[str, EditionId]:
    """
    Return the URL keys of the Articles and links that the newsletter's Editions of *cadence* have carried lately.

    An Edition that came to its end without reaching any of its readers has carried nothing.
    """
    deliveries = exists().where(Delivery.edition_id == Edition.id)
    reached_nobody = and_(
        Edition.state == EditionState.SENT, deliveries, ~deliveries.where(Delivery.state == DeliveryState.SENT)
    )
    lately = select(Edition.id).where(
        Edition.newsletter == newsletter,
        Edition.cadence == cadence,
        Edition.approved_at >= now - MEMORY,
        ~reached_nobody,
    )
    carried = union_all(
        select(Article.url_key, EditionStory.edition_id)
        .join(EditionStory, EditionStory.article_id == Article.id)
        .where(EditionStory.edition_id.in_(lately)),
        select(EditionLink.url_key, EditionLink.edition_id).where(EditionLink.edition_id.in_(lately)),
    ).subquery("carried")
    key, edition = carried.c
    rows = session.execute(select(key, func.max(edition)).group_by(key))
    return {url_key: EditionId(edition_id) for url_key, edition_id in rows}
