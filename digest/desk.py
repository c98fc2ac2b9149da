"""The acts of editors: see today's Editions, look at one, preview it, approve, hold and release it."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from digest import calendar, letters, pipeline, proof
from digest.database import Session
from digest.model.delivery import Account
from digest.model.draft import Draft
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId
from digest.model.layout import Layout, Step
from digest.model.newsletter import Newsletter
from digest.model.rendered import FilledDigest
from digest.render.lint import Finding
from digest.services import Services
from digest.store import deliveries, editions
from subscribers import audience
from subscribers.cadence import Cadence

MINUTE = dt.timedelta(minutes=1)
#: What becomes of a section for which there is no room in full.
_STEPS = {
    Step.LINES: "stands in lines",
    Step.WEB: "leaves most to the web",
    Step.NAME: "is named, and left to the web",
}


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
    #: Of a special Edition: whom it is for, in words, and how many readers that are now; None once it is approved.
    audience: str = ""
    readers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskEdition:
    """One Edition as its editor sees it, with the *mail* of a reader of some of its sections."""

    row: DeskRow
    draft: Draft
    mail: FilledDigest
    #: How that mail was made to fit, and its size.
    layout: Layout
    #: How long the mail of a reader of all sections takes.
    minutes: int
    findings: tuple[Finding, ...]
    rendered_hash: str | None
    #: What SpamAssassin finds; None where it was not asked or is not installed.
    spam: tuple[Finding, ...] | None = None

    @property
    def given_way(self) -> Mapping[str, str]:
        """Return what has become of each section for which there was no room in full, in words by its slug."""
        return {slug: _STEPS[step] for slug, step in self.layout.shortened.items()}


def todays(services: Services) -> tuple[DeskRow, ...]:
    """Return one Edition per newsletter and cadence, today's or else the next, and the special ones at hand."""
    now = services.clock.now()
    rows: list[DeskRow] = []
    with services.reading() as session:
        for newsletter in services.settings.newsletters:
            today = calendar.local_date(now, newsletter.schedule.zone)
            for cadence in newsletter.schedule.cadences:
                coming = editions.first_since(session, newsletter.slug, cadence, today)
                rows.append(
                    _row(session, newsletter, coming, now)
                    if coming is not None
                    else DeskRow(newsletter=newsletter, cadence=cadence, date=today)
                )
            specials = editions.specials(session, newsletter.slug, today)
            rows += [_row(session, newsletter, special, now) for special in specials]
    return tuple(rows)


def recent(services: Services, slug: str) -> tuple[DeskRow, ...]:
    """Return the newest Editions of the newsletter called *slug*; UnknownNewsletter when there is none."""
    newsletter = services.newsletter(slug)
    with services.reading() as session:
        return tuple(
            _row(session, newsletter, edition, services.clock.now()) for edition in editions.recent(session, slug)
        )


def open_edition(
    services: Services,
    edition_id: EditionId,
    *,
    sections: Collection[str] | None = None,
    asks_spam_filter: bool = False,
) -> DeskEdition:
    """
    Return the Edition with its Draft, and the mail that a reader of *sections* (None: all) would get, with its faults.

    The links of that mail open nothing. After approval it is filled from the frozen pages that the readers get.
    UnknownEdition, WrongState and TemplateError as they say.
    """
    now = services.clock.now()
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        newsletter = services.newsletter(edition.newsletter)
        pages = proof.rendered(services, newsletter, edition)
        chosen = sections if sections is not None and pages.has_news_for(sections) else None
        return DeskEdition(
            row=_row(session, newsletter, edition, now),
            draft=edition.draft,
            mail=pages.fill(chosen, letters.inert_values(services, edition.id)),
            layout=pages.layout(chosen),
            minutes=pages.layout().minutes,
            findings=proof.read(services, newsletter, edition, pages, chosen),
            rendered_hash=edition.rendered_hash,
            spam=proof.read_for_spam(services, newsletter, edition, pages) if asks_spam_filter else None,
        )


def preview(services: Services, edition_id: EditionId, *, sections: Collection[str] | None = None) -> FilledDigest:
    """
    Return the mail as a reader of *sections* (None: all) would get it, with links that open nothing.

    After approval it is filled from the frozen pages that the readers get.
    """
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        pages = proof.rendered(services, services.newsletter(edition.newsletter), edition)
    chosen = sections if sections is not None and pages.has_news_for(sections) else None
    return pages.fill(chosen, letters.inert_values(services, edition_id))


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


def readers_of(session: Session, edition: Edition) -> int:
    """Return how many readers *edition* would be planned for now, among them those whose address gets no mail."""
    wishes = Cadence.served_by(edition.cadence, edition.date)
    return audience.count(session, edition.newsletter, wishes, edition.date, segment=edition.audience)


def _row(session: Session, newsletter: Newsletter, edition: Edition, now: dt.datetime) -> DeskRow:
    is_special = edition.cadence is Cadence.SPECIAL
    return DeskRow(
        newsletter=newsletter,
        cadence=edition.cadence,
        date=edition.date,
        edition_id=edition.id,
        state=edition.state,
        reason=edition.reason,
        number=edition.number,
        due_at=None if is_special and edition.is_open else edition.due_at,
        stories=len(edition.draft.stories) if edition.draft_json is not None else 0,
        coverage=edition.coverage,
        account=deliveries.account(session, edition.id) if edition.approved_at is not None else None,
        will_happen=_will_happen(newsletter, edition, now),
        audience=str(edition.audience) if is_special else "",
        readers=readers_of(session, edition) if is_special and edition.is_open else None,
    )


def _will_happen(newsletter: Newsletter, edition: Edition, now: dt.datetime) -> str:
    """Say in words what becomes of *edition* if nobody does anything."""
    until = _until(edition.due_at - now)
    draft, sending = f"due {until}, once approved", "going out, to each reader at their hour"
    if edition.cadence is Cadence.SPECIAL:
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
