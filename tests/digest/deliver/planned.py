"""Readers, an Edition, and the Deliveries between them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from digest.model.edition import Edition
from digest.model.ids import EditionId
from digest.store import deliveries
from subscribers import audience
from subscribers.cadence import Cadence
from subscribers.model import Subscriber, Subscription, SubscriptionState

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
TODAY = NOW.date()
LATER = NOW + timedelta(hours=5)
WAVES = {("Europe/Berlin", None): NOW, ("America/New_York", None): LATER, ("Europe/Berlin", time(9, 30)): LATER}


def new_edition(session: Session, day: int = 23) -> EditionId:
    """Add an Edition of the newsletter `morning`."""
    edition = Edition(newsletter="morning", cadence=Cadence.DAILY, date=date(2026, 11, day), due_at=NOW)
    session.add(edition)
    session.flush()
    return edition.id


def new_readers(session: Session, count: int, **traits: Any) -> list[Subscription]:
    """Add *count* active readers in Berlin who want all of it at the usual hour, unless *traits* say otherwise."""
    domain = traits.get("domain", "mail.example")
    first = session.query(Subscriber).count()
    zone, hour = traits.get("zone", "Europe/Berlin"), traits.get("hour")
    made = [
        Subscription(
            subscriber=Subscriber(
                address=f"reader{number}@{domain}",
                address_key=f"reader{number}@{domain}",
                fingerprint=f"{number:064x}",
                name=f"Reader {number}",
                language="en",
                time_zone=zone,
                created_at=NOW,
            ),
            newsletter="morning",
            state=SubscriptionState.ACTIVE,
            cadence=Cadence.DAILY,
            hour=hour,
            sections=traits.get("sections"),
            created_at=NOW,
            confirmed_at=NOW,
        )
        for number in range(first, first + count)
    ]
    session.add_all(made)
    session.flush()
    return made


def plan(session: Session, edition_id: EditionId) -> int:
    """Plan the Edition for all readers, and return how many Deliveries are new."""
    return deliveries.plan(session, edition_id, audience.readers("morning", [Cadence.DAILY], TODAY), WAVES)


def planned(session: Session, count: int, **traits: Any) -> EditionId:
    """Add an Edition planned for *count* new readers, and return its id."""
    new_readers(session, count, **traits)
    edition_id = new_edition(session)
    plan(session, edition_id)
    return edition_id
