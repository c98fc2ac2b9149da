"""The archive at the desk: past Editions by month, also those that never went out, and why."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from digest.model.delivery import Account
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId
from digest.model.past_edition import Month
from digest.services import Services
from digest.store import deliveries, past
from digest.store.past import Choice
from subscribers.cadence import Cadence


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRow:
    """One past Edition as lists show it."""

    edition_id: EditionId
    slug: str
    #: The newsletter's title; its slug where config.toml has it no more.
    newsletter: str
    cadence: Cadence
    date: dt.date
    number: int
    subject: str
    state: EditionState
    reason: str = ""
    rendered_hash: str | None = None
    corrected_at: dt.datetime | None = None
    #: Whether it has a page at the desk: a Draft, of a newsletter that there still is.
    opens: bool = False
    #: Whether the public archive shows it.
    is_public: bool = False
    account: Account | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMonth(Month):
    """The Editions of one month."""

    rows: Sequence[PastRow]


def month(services: Services, choice: Choice, wanted: dt.date | None = None) -> PastMonth | None:
    """
    Return the Editions of *choice* in the month in which *wanted* lies, or else in the newest that has any.

    None where *choice* leaves none at all. UnknownNewsletter when there is no such newsletter.
    """
    if choice.newsletter is not None:
        services.newsletter(choice.newsletter)
    with services.reading() as session:
        counts = past.months(session, choice)
        if not counts:
            return None
        shown = wanted.replace(day=1) if wanted is not None else next(iter(counts))
        rows = [
            replace(
                row_of(services, edition, subject),
                account=deliveries.account(session, edition.id) if edition.approved_at is not None else None,
            )
            for edition, subject in past.of_month(session, choice, shown)
        ]
        return PastMonth(month=shown, rows=rows, counts=counts)


def row_of(services: Services, edition: Edition, subject: str = "") -> PastRow:
    """Return *edition* as lists show it, without its account."""
    titles = {each.slug: each.title for each in services.settings.newsletters}
    return PastRow(
        edition_id=edition.id,
        slug=edition.newsletter,
        newsletter=titles.get(edition.newsletter, edition.newsletter),
        cadence=edition.cadence,
        date=edition.date,
        number=edition.number,
        subject=subject,
        state=edition.state,
        reason=edition.reason,
        rendered_hash=edition.rendered_hash,
        corrected_at=edition.corrected_at,
        opens=edition.newsletter in titles and edition.draft_version > 0,
        is_public=edition.newsletter in titles
        and edition.state in {EditionState.SENDING, EditionState.SENT}
        and edition.audience_json is None,
    )
