"""What the commands on Editions share: which one is meant, and what is told of it."""

import datetime as dt
from typing import Any

from digest.cli.output import fail
from digest.cli.wired import which_edition
from digest.database import Session
from digest.model.delivery import Account
from digest.model.edition import Edition
from digest.model.newsletter import Newsletter
from digest.services import Services
from digest.store import deliveries, editions
from subscribers.cadence import Cadence


def account_line(account: Account) -> str:
    """Return the account as one line that adds up."""
    return (
        f"{account.intended} intended = {account.sent} sent + {account.failed} failed + {account.deferred} deferred"
        f" + {account.suppressed} suppressed + {account.skipped} skipped + {account.in_doubt} in doubt"
        f" + {account.waiting} waiting"
    )


def found(given: Services, newsletter: Newsletter, date: dt.datetime | None, cadence: Cadence | None) -> Edition:
    """Return the Edition that a command means; ends the command where there is none."""
    which = which_edition(newsletter, date, cadence, given.clock.now())
    with given.reading() as session:
        edition = editions.find(session, newsletter.slug, *which)
    if edition is None:
        verb = {Cadence.SPECIAL: "special", Cadence.CORRECTION: "correct"}.get(which[0], "prepare")
        fail(
            f"there is no {which[0]} edition of {newsletter.slug} for {which[1]}; "
            f"make it with `digest edition {verb} {newsletter.slug}`"
        )
    return edition


def facts(session: Session, edition: Edition) -> dict[str, Any]:
    """Return what machines read: the documented, stable keys."""
    account = deliveries.account(session, edition.id)
    return {
        "newsletter": edition.newsletter,
        "cadence": edition.cadence,
        "date": edition.date,
        "number": edition.number,
        "state": edition.state,
        "reason": edition.reason,
        "due_at": edition.due_at,
        "stories": len(edition.draft.stories) if edition.draft_json is not None else 0,
        "sources_answered": edition.sources_answered,
        "sources_asked": edition.sources_asked,
        "hash": edition.rendered_hash,
        "audience": edition.audience_json,
        "intended": account.intended,
        "sent": account.sent,
        "failed": account.failed,
        "deferred": account.deferred,
        "suppressed": account.suppressed,
        "skipped": account.skipped,
        "in_doubt": account.in_doubt,
        "waiting": account.waiting,
    }


def sentence(edition: Edition) -> str:
    """Return how *edition* stands, on one line."""
    parts = [f"{edition.newsletter} {edition.cadence} {edition.date}: {edition.state}"]
    if edition.number:
        parts.append(f"No. {edition.number}")
    if edition.reason:
        parts.append(edition.reason)
    if edition.draft_json is not None:
        parts.append(f"{len(edition.draft.stories)} stories in {len(edition.draft.sections)} sections")
    if edition.coverage:
        parts.append(edition.coverage)
    return " · ".join(parts)
