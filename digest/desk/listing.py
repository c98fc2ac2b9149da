"""The Editions as the desk lists them: what there is, what becomes of it, and when."""

import datetime as dt
from dataclasses import dataclass

from digest import calendar
from digest.database import Session
from digest.model.delivery import Account
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter
from digest.services import Services
from digest.store import deliveries, editions
from subscribers.cadence import Cadence

MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRow:
    """One Edition as the desk lists it; without an *edition_id* it has not been planned yet."""

    newsletter: Newsletter
    cadence: Cadence
    date: dt.date
    edition_id: EditionId | None = None
    state: EditionState | None = None
    reason: str = ""
    number: int = 0
    due_at: dt.datetime | None = None
    stories: int = 0
    coverage: str = ""
    account: Account | None = None
    will_happen: str = ""
    #: Of an Edition beside the rhythm: whom it is for, in words, and how many that are now; None once it is approved.
    audience: str = ""
    readers: int | None = None


def todays(services: Services) -> tuple[DeskRow, ...]:
    """Return one Edition per newsletter and cadence, today's or else the next, and those beside the rhythm at hand."""
    now = services.clock.now()
    rows: list[DeskRow] = []
    with services.reading() as session:
        for newsletter in services.settings.newsletters:
            today = calendar.local_date(now, newsletter.schedule.zone)
            for cadence in newsletter.schedule.cadences:
                coming = editions.first_since(session, newsletter.slug, cadence, today)
                rows.append(
                    row_of(session, newsletter, coming, now)
                    if coming is not None
                    else DeskRow(newsletter=newsletter, cadence=cadence, date=today)
                )
            specials = editions.specials(session, newsletter.slug, today)
            rows += [row_of(session, newsletter, special, now) for special in specials]
    return tuple(rows)


def recent(services: Services, slug: str) -> tuple[DeskRow, ...]:
    """Return the newest Editions of the newsletter called *slug*; UnknownNewsletter when there is none."""
    newsletter = services.newsletter(slug)
    with services.reading() as session:
        return tuple(
            row_of(session, newsletter, edition, services.clock.now()) for edition in editions.recent(session, slug)
        )


def readers_of(session: Session, edition: Edition) -> int:
    """Return how many readers *edition* would be planned for now, among them those whose address gets no mail."""
    return sum(editions.reach(session, edition))


def row_of(session: Session, newsletter: Newsletter, edition: Edition, now: dt.datetime) -> DeskRow:
    """Return *edition* as the desk lists it at *now*."""
    is_beside = edition.cadence.is_beside
    return DeskRow(
        newsletter=newsletter,
        cadence=edition.cadence,
        date=edition.date,
        edition_id=edition.id,
        state=edition.state,
        reason=edition.reason,
        number=edition.number,
        due_at=None if is_beside and edition.is_open else edition.due_at,
        stories=len(edition.draft.stories) if edition.draft_json is not None else 0,
        coverage=edition.coverage,
        account=deliveries.account(session, edition.id) if edition.approved_at is not None else None,
        will_happen=_will_happen(newsletter, edition, now),
        audience=edition.meant_for,
        readers=readers_of(session, edition) if is_beside and edition.is_open else None,
    )


def _will_happen(newsletter: Newsletter, edition: Edition, now: dt.datetime) -> str:
    """Say in words what becomes of *edition* if nobody does anything."""
    until = _until(edition.due_at - now)
    draft, sending = f"due {until}, once approved", "going out, to each reader at their hour"
    if edition.cadence.is_beside:
        draft, sending = "goes out at once, when approved", "going out to its readers"
    elif newsletter.approves_itself(edition.cadence):
        draft = f"goes out {until}, automatically"
    return {
        EditionState.PLANNED: f"due {until}; its draft comes {newsletter.schedule.review // MINUTE} min before",
        EditionState.DRAFT: draft,
        EditionState.HELD: "held; goes out only when approved or released",
        EditionState.APPROVED: f"approved; goes out {until}",
        EditionState.SENDING: sending,
        EditionState.PAUSED: "paused; goes on when resumed",
        EditionState.SENT: "sent",
        EditionState.SKIPPED: f"skipped: {edition.reason}",
        EditionState.CANCELLED: "cancelled",
    }[edition.state]


def _until(wait: dt.timedelta) -> str:
    minutes = round(wait / MINUTE)
    if minutes <= 0:
        return "now"
    hours, rest = divmod(minutes, 60)
    return "in " + " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)
