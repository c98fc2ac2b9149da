"""What is ahead of an Edition: how many readers get it, from when until when, and what may be decided about it."""

import datetime as dt
from dataclasses import dataclass

from digest import pipeline
from digest.database import Session
from digest.model.edition import CORRECTABLE, Edition, EditionState
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter
from digest.services import Services
from digest.store import deliveries, editions


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What may be decided about an Edition in its present state."""

    approve: bool = False
    hold: bool = False
    release: bool = False
    skip: bool = False
    #: What is approved and waits may be sent now or moved to another time.
    move: bool = False
    pause: bool = False
    resume: bool = False
    cancel: bool = False
    correct: bool = False

    @classmethod
    def on(cls, edition: Edition, waiting: int) -> "Decisions":
        """Return what may be decided about *edition*, of which *waiting* mails have not been tried."""
        state = edition.state
        is_underway = state in editions.UNDERWAY
        return cls(
            approve=edition.is_open,
            hold=state is EditionState.DRAFT,
            release=state is EditionState.HELD,
            skip=edition.is_open,
            move=waiting > 0 and state in {EditionState.APPROVED, EditionState.SENDING},
            pause=state in {EditionState.APPROVED, EditionState.SENDING},
            resume=state is EditionState.PAUSED,
            cancel=is_underway,
            correct=state in CORRECTABLE and edition.corrects_id is None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is ahead of an Edition."""

    decisions: Decisions
    #: How many get it, or will; once it is approved, how many of them have it and for how many it waits.
    readers: int
    #: How many more would, but their addresses get no mail.
    suppressed: int = 0
    have_it: int = 0
    waiting: int = 0
    #: When the first and the last of those who wait get it; None where nobody does.
    first: dt.datetime | None = None
    last: dt.datetime | None = None
    #: What it goes out by, if nobody does anything; None where it does not, or not by itself.
    goes_at: dt.datetime | None = None
    #: The mail that corrects it, and the Edition that it corrects; None where there is none.
    corrected_by: EditionId | None = None
    corrects: EditionId | None = None


def outlook(services: Services, edition_id: EditionId) -> Outlook:
    """Return what is ahead of the Edition; UnknownEdition as it says."""
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        newsletter = services.newsletter(edition.newsletter)
        if edition.approved_at is not None:
            return _underway(session, edition)
        return _open(session, newsletter, edition, services.clock.now())


def _open(session: Session, newsletter: Newsletter, edition: Edition, now: dt.datetime) -> Outlook:
    if not edition.is_open:
        return Outlook(decisions=Decisions.on(edition, 0), readers=0, corrects=edition.corrects_id)
    reach = editions.reach(session, edition)
    goes_by_itself = edition.state is EditionState.DRAFT and newsletter.approves_itself(edition.cadence)
    begins = max(now, edition.due_at)
    due = pipeline.hours(session, newsletter, edition, pipeline.Start(not_before=begins), now).values()
    return Outlook(
        decisions=Decisions.on(edition, 0),
        readers=reach.readers,
        suppressed=reach.suppressed,
        first=min(due, default=None),
        last=max(due, default=None),
        goes_at=edition.due_at if goes_by_itself else None,
        corrects=edition.corrects_id,
    )


def _underway(session: Session, edition: Edition) -> Outlook:
    account = deliveries.account(session, edition.id)
    waiting = account.waiting + account.deferred
    first, last = deliveries.hours(session, edition.id)
    return Outlook(
        decisions=Decisions.on(edition, account.waiting),
        readers=account.intended - account.suppressed - account.skipped,
        suppressed=account.suppressed,
        have_it=account.sent,
        waiting=waiting,
        first=first,
        last=last,
        goes_at=first if edition.state is EditionState.APPROVED else None,
        corrected_by=next((each.id for each in editions.corrections_of(session, edition.id)), None),
        corrects=edition.corrects_id,
    )
