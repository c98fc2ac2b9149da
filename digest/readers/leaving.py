"""Leaving: what the page shows, leaving one newsletter or all, getting less instead, taking it back, saying why."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from digest import calendar
from digest.model.newsletter import Newsletter, SectionPlan
from digest.readers.opening import LinkView, Standing, behind, link_view, newsletter_of
from digest.readers.rescheduling import reschedule
from digest.services import Services
from subscribers import preferences, tokens, unsubscribe
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import BadToken, BadWish
from subscribers.model import LIVE, EndReason, LeavingCause, Subscription, SubscriptionState
from subscribers.tokens import Claim, Purpose
from subscribers.unsubscribe import Leaving
from subscribers.wishes import Wishes

_PAGE = "unsubscribe page"


class Break(StrEnum):
    """How long a reader may want none, at one click."""

    #: Seven days, today's Edition included.
    WEEK = "week"
    #: Thirty days, today's Edition included.
    MONTH = "month"


_BREAKS = {Break.WEEK: timedelta(days=7), Break.MONTH: timedelta(days=30)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Less:
    """What a reader wants instead of leaving: exactly one of a *section* left out, a slower *cadence*, a *pause*."""

    section: str = ""
    cadence: Cadence | None = None
    pause: Break | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What the page offers besides leaving."""

    #: Those that the reader gets and may leave out; never the last one.
    sections: tuple[SectionPlan, ...] = ()
    weekly: bool = False
    pause: bool = False
    #: The end can be taken back.
    undo: bool = False
    #: The reader may say why; False as soon as they have.
    why: bool = False


@dataclass(frozen=True, slots=True)
class LeaveView:
    """What the unsubscribe page shows."""

    link: LinkView
    offers: Offers = Offers()
    #: The reader has left everything, not only this.
    is_everything: bool = False
    is_paused: bool = False
    #: The first day whose Editions come again; None where nobody knows it.
    paused_until: date | None = None


_UNKNOWN = LeaveView(LinkView(Standing.UNKNOWN))


def leave_page(services: Services, token: str) -> LeaveView:
    """Return what the unsubscribe page shows; changes nothing."""
    with services.reading() as session:
        found = behind(services, session, token, Purpose.UNSUBSCRIBE)
        return _UNKNOWN if found is None else _view(services, found)


def wish_to_leave(services: Services, token: str, *, by_page: bool, network: str) -> Leaving | None:
    """Return what ``WayOut.leave`` takes, without asking the database; None for a token that is none of ours."""
    claim = _opened(services, token)
    if claim is None:
        return None
    source = _PAGE if by_page else "one-click unsubscribe (RFC 8058)"
    return Leaving(
        public_id=claim.public_id,
        evidence=Evidence(wording="Unsubscribe", source=source, network_address=network),
        reason=EndReason.PAGE if by_page else EndReason.ONE_CLICK,
    )


def leave_everything(services: Services, token: str, *, network: str) -> LeaveView:
    """End every Subscription of the reader behind *token*, and let no import bring one back; safe to repeat."""
    evidence = Evidence(wording="Leave everything from us", source=_PAGE, network_address=network)
    with services.session() as session:
        found = behind(services, session, token, Purpose.UNSUBSCRIBE)
        if found is None:
            return _UNKNOWN
        unsubscribe.everything(session, found.public_id, evidence, now=services.clock.now())
        return replace(_view(services, found), is_everything=True)


def get_less(services: Services, token: str, less: Less, *, network: str) -> LeaveView:
    """
    Let the Subscription behind *token* stay and bring *less*; safe to repeat.

    BadWish when that leaves nothing or is not on offer; WrongState (of subscribers) when it has ended.
    """
    with services.session() as session:
        found = behind(services, session, token, Purpose.UNSUBSCRIBE)
        newsletter = newsletter_of(services, found)
        if found is None:
            return _UNKNOWN
        if newsletter is None:
            return _view(services, found)
        # Locked before it is looked at: two wishes at once must not undo each other.
        found = Subscription.by_public_id(session, found.public_id, for_update=True)
        now = services.clock.now()
        if less.pause is not None:
            evidence = Evidence(wording=f"A break of a {less.pause}", source=_PAGE, network_address=network)
            until = calendar.local_date(now, newsletter.schedule.zone) + _BREAKS[less.pause]
            preferences.pause(session, found.public_id, until, evidence, now=now)
        else:
            evidence = Evidence(wording=_wording(less), source=_PAGE, network_address=network)
            preferences.choose(session, found.public_id, _wished(found, newsletter, less), evidence, now=now)
        reschedule(services, session, found.subscriber)
        return _view(services, found)


def undo_leave(services: Services, token: str, *, network: str) -> LinkView:
    """Take back the end of the Subscription behind *token*; SubscriberError says why it cannot be."""
    now = services.clock.now()
    with services.session() as session:
        found = behind(services, session, token, Purpose.UNSUBSCRIBE)
        if found is None:
            return LinkView(Standing.UNKNOWN)
        if newsletter_of(services, found) is None:  # there is nothing to send any more
            return _view(services, found).link
        evidence = Evidence(wording="Keep sending it to me", source=_PAGE, network_address=network)
        return link_view(services, unsubscribe.undo(session, found.public_id, evidence, now=now), Standing.OPEN)


def tell_why(services: Services, token: str, cause: LeavingCause | None, words: str) -> LeaveView:
    """Keep what the reader behind *token* says about why they left; WrongState (of subscribers) before they have."""
    with services.session() as session:
        found = behind(services, session, token, Purpose.UNSUBSCRIBE)
        if found is None:
            return _UNKNOWN
        return _view(services, unsubscribe.tell_why(session, found.public_id, cause, words))


def _opened(services: Services, token: str) -> Claim | None:
    try:
        return tokens.open(Purpose.UNSUBSCRIBE, token, services.keys.tokens, now=services.clock.now())
    except BadToken:
        return None


def _view(services: Services, subscription: Subscription) -> LeaveView:
    has_ended = subscription.state is SubscriptionState.ENDED
    newsletter = newsletter_of(services, subscription)
    is_paused = subscription.state is SubscriptionState.PAUSED and not _is_wanted(services, subscription)
    return LeaveView(
        link_view(services, subscription, Standing.DONE if has_ended else Standing.OPEN),
        offers=_offers(services, subscription, newsletter),
        is_everything=has_ended and subscription.end_reason is EndReason.EVERYTHING,
        is_paused=is_paused,
        paused_until=subscription.paused_until if is_paused else None,
    )


def _is_wanted(services: Services, subscription: Subscription) -> bool:
    """Return whether its reader wants the Editions of today: a pause ends with the day, before the upkeep sees it."""
    return subscription.wants(preferences.today(subscription.subscriber, services.clock.now()))


def _offers(services: Services, subscription: Subscription, newsletter: Newsletter | None) -> Offers:
    if subscription.state is SubscriptionState.ENDED:
        return Offers(
            undo=unsubscribe.can_be_undone(subscription, services.clock.now()),
            why=subscription.leaving_cause is None and not subscription.leaving_words,
        )
    if newsletter is None or subscription.state not in LIVE:
        return Offers()
    sections = tuple(section for section in newsletter.sections if section.slug in _got(subscription, newsletter))
    return Offers(
        sections=sections if len(sections) > 1 else (),
        weekly=Cadence.WEEKLY in newsletter.schedule.cadences and subscription.cadence is not Cadence.WEEKLY,
        pause=_is_wanted(services, subscription),
    )


def _got(subscription: Subscription, newsletter: Newsletter) -> tuple[str, ...]:
    """Return the sections that the reader gets at present, by slug."""
    every = tuple(section.slug for section in newsletter.sections)
    chosen = subscription.sections
    return every if chosen is None else tuple(slug for slug in every if slug in chosen)


def _wished(subscription: Subscription, newsletter: Newsletter, less: Less) -> Wishes:
    """Return what *subscription* asks for once it brings *less*; BadWish when that cannot be."""
    before = preferences.of(subscription)
    if less.cadence is not None:
        if less.cadence not in newsletter.schedule.cadences:
            raise BadWish("cadence", f"{less.cadence} is not offered")
        return replace(before, cadence=less.cadence)
    if less.section not in {section.slug for section in newsletter.sections}:
        raise BadWish("section", "is none of this newsletter's")
    got = _got(subscription, newsletter)
    if less.section not in got:
        return before
    kept = tuple(slug for slug in got if slug != less.section)
    if not kept:
        raise BadWish("section", "is the only one left")
    return replace(before, sections=kept)


def _wording(less: Less) -> str:
    return f"Leave out {less.section}" if less.section else f"Get it {less.cadence}"
