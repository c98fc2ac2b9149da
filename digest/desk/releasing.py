"""The decisions of editors: have an Edition made, approve it, hold it, take the hold back."""

from digest import calendar, pipeline
from digest.model.ids import EditionId
from digest.services import Services
from digest.store import editions


def prepare(services: Services, slug: str) -> EditionId:
    """Gather what is new and make today's Edition of the newsletter called *slug*, if it is not made yet."""
    newsletter = services.newsletter(slug)
    pipeline.gather_afresh(services, [newsletter], unless_asked_within=pipeline.FRESH)
    today = calendar.local_date(services.clock.now(), newsletter.schedule.zone)
    return pipeline.prepare_edition(services, newsletter, newsletter.schedule.cadences[0], today).edition_id


def approve(services: Services, edition_id: EditionId, *, by: str) -> None:
    """Freeze the Edition and let it go out at its hour."""
    pipeline.approve(services, edition_id, by=by)


def hold(services: Services, edition_id: EditionId, *, by: str) -> None:
    """Keep the Edition from going out until somebody approves or releases it."""
    with services.session() as session:
        editions.get(session, edition_id, lock=True).hold(f"held by {by}")


def release(services: Services, edition_id: EditionId) -> None:
    """Take the hold back: the Edition goes out as its newsletter says."""
    with services.session() as session:
        editions.get(session, edition_id, lock=True).release()
