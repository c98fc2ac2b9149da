"""Forgetting: a reader with everything that is kept about them, at a wish or because its time is over."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from functools import partial
from threading import Event

from digest import notices
from digest.database import Session
from digest.model.ids import SubscriberId
from digest.services import Services
from digest.store import deliveries
from digest.store import notices as notice_store
from subscribers import consent, erasure, requests, suppression
from subscribers.address import Address
from subscribers.consent import Evidence
from subscribers.model import Subscriber, SuppressionReason

#: So long after an approval relays may still say something about its mails.
REPLIES_COME_FOR = dt.timedelta(days=14)
#: What is forgotten in one transaction, so that nobody waits long for a lock.
AT_ONCE = 200
#: A sign-up that was not taken up within a day never will be.
TAKEN_UP = dt.timedelta(days=1)

_OVER = Evidence(wording="Left long ago: kept no longer", source="upkeep")


def forget(
    session: Session,
    subscriber: Subscriber,
    evidence: Evidence,
    *,
    now: dt.datetime,
    reason: SuppressionReason = SuppressionReason.ERASED,
) -> None:
    """
    Delete *subscriber*, and what is kept of the mails to them; planned Deliveries are skipped when claimed.

    A mail that a sender holds at this moment may still go out. The account of every Edition goes on to add up.
    """
    notice_store.forget_reader(session, {subscriber.address, subscriber.address_key}, notices.marks_of(subscriber))
    deliveries.forget_reader(session, SubscriberId(subscriber.id))
    erasure.forget(session, subscriber, evidence, now=now, reason=reason)


def forget_nobody(session: Session, address: Address, mark: str, *, now: dt.datetime) -> bool:
    """
    Delete what strangers have typed of an *address* that no reader has, and the single mails to it; say if any was.

    It is suppressed then, as whoever is erased; *mark* is its fingerprint.
    """
    typed = erasure.forget_typed(session, address)
    if not notice_store.forget_reader(session, {address.text, address.key}, ()) + typed:
        return False
    suppression.suppress(session, mark, SuppressionReason.ERASED, at=now)
    return True


def keep_time(services: Services, counts: Counter[str], stop: Event) -> None:
    """Forget whatever has been kept as long as the settings say, a bounded number at once; add to *counts*."""
    now, keeping = services.clock.now(), services.settings.keeping
    batches: dict[str, Callable[[Session], int]] = {
        "unconfirmed": partial(erasure.forget_unconfirmed, before=now - keeping.unconfirmed, limit=AT_ONCE),
        "notices": partial(notice_store.forget_before, instant=now - keeping.notices, now=now, limit=AT_ONCE),
    }
    if keeping.ended is not None:
        batches["erased"] = partial(_forget_long_gone, before=now - keeping.ended, now=now)
    if keeping.evidence is not None:
        batches["ledgers"] = partial(consent.forget, before=now - keeping.evidence, limit=AT_ONCE)
    for what, batch in batches.items():
        counts[what] += _until_none(services, batch, stop)
    with services.session() as session:
        counts["replies"] += deliveries.forget_unknown(session, now - REPLIES_COME_FOR)
        counts["requests"] += requests.forget_expired(session, now) + erasure.forget_signups(session, now - TAKEN_UP)
    services.database.empty_log()


def _until_none(services: Services, batch: Callable[[Session], int], stop: Event) -> int:
    """Run *batch* in a transaction of its own until it finds nothing more; return how many it found."""
    found = 0
    while not stop.is_set():
        with services.session() as session:
            some = batch(session)
        found += some
        if not some:
            break
    return found


def _forget_long_gone(session: Session, before: dt.datetime, now: dt.datetime) -> int:
    gone = erasure.long_gone(session, before, limit=AT_ONCE)
    for subscriber in gone:
        forget(session, subscriber, _OVER, now=now, reason=SuppressionReason.UNSUBSCRIBED)
    return len(gone)
