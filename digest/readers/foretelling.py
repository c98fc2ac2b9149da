"""Foretelling: when a reader's next mail of a Newsletter comes, or why none does."""

import datetime as dt
from enum import StrEnum

from digest import calendar
from digest.database import Session
from digest.model.edition import Edition, EditionState
from digest.model.ids import SubscriberId
from digest.model.newsletter import Newsletter
from digest.store import deliveries, editions
from subscribers import suppression
from subscribers.cadence import Cadence
from subscribers.model import Subscription

#: The weekly Edition of this week may be over, and the dates of a reader's calendar are a day apart from ours.
_AHEAD = 16
_DAY = dt.timedelta(days=1)
_OPEN = frozenset({EditionState.PLANNED, EditionState.DRAFT, EditionState.HELD})


class Silence(StrEnum):
    """Why a reader who wants a Newsletter gets none of it."""

    #: Their address gets no mail from us.
    UNREACHED = "unreached"
    #: The Newsletter has none of their sections any more, or no Editions of their cadence.
    NOT_OFFERED = "not offered"


def silence(session: Session, newsletter: Newsletter, subscription: Subscription) -> Silence | None:
    """Return why *subscription* brings nothing, however long its reader waits; None where it brings something."""
    if suppression.is_suppressed(session, subscription.subscriber.fingerprint):
        return Silence.UNREACHED
    there_are = {section.slug for section in newsletter.sections}
    has_sections = subscription.sections is None or not there_are.isdisjoint(subscription.sections)
    has_editions = subscription.cadence.edition in newsletter.schedule.cadences
    return None if has_sections and has_editions else Silence.NOT_OFFERED


def next_mail(
    session: Session, newsletter: Newsletter, subscription: Subscription, now: dt.datetime
) -> dt.datetime | None:
    """
    Return the instant after *now* at which the next Edition goes to the reader of *subscription*, in aware UTC.

    None where none is in sight, as in a pause without end. There may be no Edition after all, if there is no news.
    """
    first = max(now.date() - _DAY, subscription.paused_until or dt.date.min)
    cadence = subscription.cadence
    served = [
        day
        for day in (first + n * _DAY for n in range(_AHEAD))
        if subscription.wants(day)
        and cadence in Cadence.served_by(cadence.edition, day)
        and calendar.appears(cadence.edition, day, newsletter.schedule)
    ]
    known = editions.of_days(session, newsletter.slug, cadence.edition, served)
    instants = [_at(session, newsletter, subscription, (day, known.get(day)), now) for day in served]
    return min((at for at in instants if at is not None and at > now), default=None)


def _at(
    session: Session,
    newsletter: Newsletter,
    subscription: Subscription,
    dated: tuple[dt.date, Edition | None],
    now: dt.datetime,
) -> dt.datetime | None:
    """Return when the Edition of a day goes to the reader; None where it does not."""
    day, edition = dated
    if edition is not None and edition.state not in _OPEN:
        return deliveries.waits_until(session, (edition.id, SubscriberId(subscription.subscriber_id)))
    key = (subscription.subscriber.time_zone, subscription.hour)
    instants = calendar.waves(day, [key, (None, None)], newsletter.schedule)
    wave = instants.get(key)
    if wave is None:
        return None
    if edition is None:
        return wave if instants[None, None] > now else None  # what is past and was never planned will not be
    if edition.state is EditionState.PLANNED and wave >= now + newsletter.schedule.review:
        return wave  # it pulls the Edition forward, where need be
    return max(wave, edition.due_at)
