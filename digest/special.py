"""
Special Editions: one beside the rhythm, at once, for readers whom its editors name.

It goes the way of every Edition, but that it never goes out without an editor, and to nobody at an hour of their own.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from digest import calendar, news, pipeline
from digest.database import Session
from digest.errors import WrongState
from digest.model.edition import Edition
from digest.model.newsletter import Newsletter
from digest.pipeline import Held, Prepared, Skipped
from digest.services import Services
from digest.store import editions, sources
from subscribers.cadence import Cadence
from subscribers.errors import BadWish
from subscribers.segments import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialWish:
    """What editors want: an Edition dated *date*, for *audience*, with the news of the time *span* until now."""

    date: dt.date
    audience: Segment
    span: dt.timedelta = dt.timedelta(days=7)


def check_sections(newsletters: Sequence[Newsletter], audience: Segment) -> None:
    """Raise BadWish when *audience* names a section that none of the *newsletters* has."""
    known = {section.slug: None for newsletter in newsletters for section in newsletter.sections}
    for slug in audience.sections:
        if slug not in known:
            names = ", ".join(newsletter.slug for newsletter in newsletters)
            raise BadWish("section", f'"{slug}" is none of {names}; there are {", ".join(known)}')


def prepare(services: Services, newsletter: Newsletter, wish: SpecialWish) -> Prepared | Skipped | Held:
    """
    Make the special Edition of *newsletter* that *wish* describes, ready for its editors.

    Its Stories are those that no special Edition has carried; what daily or weekly ones carry makes no odds. Made
    once more while it is open it keeps its Draft, and is for the audience named last. WrongState when there is too
    little news, when its day is to come, or when its content is frozen and it is for others; BadWish for a section
    that the newsletter has not.
    """
    check_sections([newsletter], wish.audience)
    today = calendar.local_date(services.clock.now(), newsletter.schedule.zone)
    if wish.date > today:
        # It goes out at once, and who has paused until its date would get it in the middle of the pause.
        raise WrongState(f"a special Edition of {wish.date} cannot be made before that day; date it {today} or earlier")
    made = _drafted(services, newsletter, wish)
    pipeline.illustrate(services, made.edition_id)
    return pipeline.proofread(services, made) if isinstance(made, Prepared) else made


def _drafted(services: Services, newsletter: Newsletter, wish: SpecialWish) -> Prepared | Skipped | Held:
    """Rank and lay out the Edition, unless that has been done."""
    now = services.clock.now()
    with services.session() as session:
        found = editions.find(session, newsletter.slug, Cadence.SPECIAL, wish.date)
        if found is not None:
            return _aimed(session, found, wish)
    period = calendar.Period(now - wish.span, now)
    with services.reading() as session:  # ranking takes its time, and nobody who writes should wait for it
        newsletter = sources.complete(session, newsletter)
        clusters = news.ranked(services, session, newsletter, Cadence.SPECIAL, period)
    with services.session() as session:
        edition = editions.open_for(session, newsletter.slug, Cadence.SPECIAL, wish.date, due_at=now)
        if edition.is_prepared:
            return _aimed(session, edition, wish)
        draft = pipeline.laid_out(session, newsletter, edition, clusters)
        if not draft.has_enough_news(newsletter.minimum_stories):
            # With the transaction goes the Edition: the same day may still have one that tells of more days.
            raise WrongState(f"{edition} is not made: {pipeline.too_little(newsletter, draft)}; name more days")
        pipeline.save_draft(session, newsletter, edition, draft, period)
        edition.aim(wish.audience)
        return pipeline.as_it_is(edition)


def _aimed(session: Session, found: Edition, wish: SpecialWish) -> Prepared | Skipped | Held:
    """Return what the Edition that is there has come to, now for the audience of *wish*."""
    edition = editions.get(session, found.id, lock=True)
    if edition.audience != wish.audience or not (edition.is_open or edition.approved_at is not None):
        edition.aim(wish.audience)
    return pipeline.as_it_is(edition)
