"""The public archive: what anybody may read of the Editions that have gone out."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from digest import letters
from digest.model.draft import Draft
from digest.model.look import Images, Place
from digest.model.newsletter import Newsletter
from digest.model.past_edition import Month, PastEdition
from digest.model.text import printable
from digest.render.view import web_address
from digest.services import Services
from digest.store import editions, published
from subscribers.cadence import Cadence

#: How many Editions the feed holds.
FEED_LENGTH = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveMonth(Month):
    """The Editions of one month."""

    editions: Sequence[PastEdition]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadPicture:
    """The picture of an Edition's lead; *width* and *height* in pixels are 0 where nobody has measured it."""

    url: str
    alt: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionPage:
    """A past Edition as anybody may read it, and its neighbours of the same cadence."""

    edition: PastEdition
    html: str
    picture: LeadPicture | None
    older: PastEdition | None
    newer: PastEdition | None


def month(services: Services, slug: str, wanted: dt.date | None = None) -> ArchiveMonth | None:
    """
    Return the archive of the newsletter called *slug* for the month in which the day *wanted* lies, or the newest.

    None when no Edition came out in it. UnknownNewsletter when there is no such newsletter.
    """
    services.newsletter(slug)
    with services.reading() as session:
        counts = published.months(session, slug)
        shown = wanted.replace(day=1) if wanted is not None else next(iter(counts), None)
        if shown is None or shown not in counts:
            return None
        return ArchiveMonth(month=shown, editions=published.of_month(session, slug, shown), counts=counts)


def newest(services: Services, slug: str) -> Sequence[PastEdition]:
    """Return the Editions for the feed of the newsletter called *slug*, the newest first."""
    services.newsletter(slug)
    with services.reading() as session:
        return published.newest(session, slug, FEED_LENGTH)


def find(services: Services, slug: str, cadence: Cadence, date: dt.date) -> PastEdition | None:
    """Return what a past Edition is called; None when there is none."""
    services.newsletter(slug)
    with services.reading() as session:
        return published.find(session, slug, cadence, date)


def page(services: Services, slug: str, cadence: Cadence, date: dt.date) -> EditionPage | None:
    """Return a past Edition as sent, or as corrected since, with links for anybody; None when there is none."""
    newsletter = services.newsletter(slug)
    with services.reading() as session:
        past = published.find(session, slug, cadence, date)
        if past is None:
            return None
        older, newer = published.neighbours(session, slug, cadence, date)
        edition = editions.get(session, past.id)
        values = letters.archive_values(services, newsletter, edition)
        return EditionPage(
            edition=past,
            html=letters.for_the_web(edition.shown, None, values).html,
            picture=_lead_picture(services, newsletter, edition.draft),
            older=older,
            newer=newer,
        )


def _lead_picture(services: Services, newsletter: Newsletter, draft: Draft) -> LeadPicture | None:
    """Return the lead's picture from where the newsletter's look takes pictures; None when there is none there."""
    lead = max((section.stories[0] for section in draft.sections), key=lambda story: story.score.standing)
    picture, images = lead.picture, newsletter.look.images
    if picture is None or images is Images.NONE:
        return None
    alt = printable(picture.alt or lead.headline)
    if copy := picture.copy(Place.LEAD):
        return LeadPicture(url=services.links.picture(copy.sha256), alt=alt, width=copy.width, height=copy.height)
    url = web_address(picture.url)
    return LeadPicture(url=url, alt=alt) if url and images is Images.LINK else None
