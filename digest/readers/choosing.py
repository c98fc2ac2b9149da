"""Choosing: what a reader's preferences are, how they change, and how the paper stops for a while."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from digest.database import Session
from digest.model.newsletter import Newsletter
from digest.readers import foretelling
from digest.readers.foretelling import Silence
from digest.readers.opening import behind, newsletter_of
from digest.readers.rescheduling import reschedule
from digest.services import Services
from subscribers import address as addresses
from subscribers import preferences, tokens
from subscribers.consent import Evidence
from subscribers.model import LIVE, Subscription, SubscriptionState
from subscribers.tokens import Claim, Purpose
from subscribers.wishes import Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """
    One Newsletter as a reader has it.

    *state* is None where they have never asked for it, and tells of today: a pause that is over by the reader's
    calendar is none. *paused_until* is None while they get it, and where the pause has no end. *token* opens their
    preferences of it, and is empty where there are none to open.
    """

    newsletter: Newsletter
    state: SubscriptionState | None = None
    paused_until: dt.date | None = None
    token: str = ""

    @property
    def is_paused(self) -> bool:
        """Return whether the reader gets none for now."""
        return self.state is SubscriptionState.PAUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class WishesView:
    """
    What a reader's preferences page shows.

    *today* is the date of the reader's calendar, *others* the Newsletters of this site beside the one in question.
    *next_mail* is when the next Edition comes, by the reader's clock; None where none is in sight. *silence* is why
    none comes though it is wanted.
    """

    paper: Paper
    masked_address: str
    wishes: Wishes
    today: dt.date
    leave_token: str
    next_mail: dt.datetime | None
    silence: Silence | None
    others: tuple[Paper, ...]

    @property
    def tomorrow(self) -> dt.date:
        """Return the first day until which the reader can pause."""
        return self.today + dt.timedelta(days=1)

    @property
    def newsletter(self) -> Newsletter:
        """Return the Newsletter that the page is about."""
        return self.paper.newsletter

    @property
    def state(self) -> SubscriptionState | None:
        """Return where the Subscription stands today."""
        return self.paper.state


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneView:
    """What is left to a reader of a Newsletter that config.toml no longer defines; *others* as in ``WishesView``."""

    masked_address: str
    language: str
    leave_token: str
    #: Their Subscription has not ended yet.
    can_leave: bool
    others: tuple[Paper, ...]


def wishes(services: Services, token: str) -> WishesView | None:
    """
    Return what the preferences page shows; changes nothing.

    None for a link that is none of ours, or whose newsletter is gone: that is told by ``gone``.
    """
    with services.reading() as session:
        subscription = behind(services, session, token, Purpose.PREFERENCES)
        newsletter = newsletter_of(services, subscription)
        if subscription is None or newsletter is None:
            return None
        now = services.clock.now()
        today = preferences.today(subscription.subscriber, now)
        silence = foretelling.silence(session, newsletter, subscription)
        at = None if silence else foretelling.next_mail(session, newsletter, subscription, now)
        return WishesView(
            paper=_paper(services, newsletter, subscription, today),
            masked_address=addresses.masked(subscription.subscriber.address),
            wishes=preferences.of(subscription),
            today=today,
            leave_token=tokens.sign(Purpose.UNSUBSCRIBE, Claim(subscription.public_id), services.keys.tokens),
            next_mail=None if at is None else at.astimezone(preferences.zone(subscription.subscriber)),
            silence=silence,
            others=_others(services, subscription, today),
        )


def gone(services: Services, token: str) -> GoneView | None:
    """Return what the page shows where the newsletter behind *token* is no more; else None. Changes nothing."""
    with services.reading() as session:
        subscription = behind(services, session, token, Purpose.PREFERENCES)
        if subscription is None or newsletter_of(services, subscription) is not None:
            return None
        reader = subscription.subscriber
        return GoneView(
            masked_address=addresses.masked(reader.address),
            language=reader.language,
            leave_token=tokens.sign(Purpose.UNSUBSCRIBE, Claim(subscription.public_id), services.keys.tokens),
            can_leave=subscription.state is not SubscriptionState.ENDED,
            others=_others(services, subscription, preferences.today(reader, services.clock.now())),
        )


def _others(services: Services, subscription: Subscription, today: dt.date) -> tuple[Paper, ...]:
    """Return the Newsletters of this site beside that of *subscription*, as its reader has them."""
    theirs = {each.newsletter: each for each in subscription.subscriber.subscriptions}
    return tuple(
        _paper(services, other, theirs.get(other.slug), today)
        for other in services.settings.newsletters
        if other.slug != subscription.newsletter
    )


def _paper(services: Services, newsletter: Newsletter, subscription: Subscription | None, today: dt.date) -> Paper:
    if subscription is None:
        return Paper(newsletter=newsletter)
    if subscription.state not in LIVE:
        return Paper(newsletter=newsletter, state=subscription.state)
    token = tokens.sign(Purpose.PREFERENCES, Claim(subscription.public_id), services.keys.tokens)
    if subscription.wants(today):
        return Paper(newsletter=newsletter, state=SubscriptionState.ACTIVE, token=token)
    return Paper(newsletter=newsletter, state=subscription.state, paused_until=subscription.paused_until, token=token)


def change_wishes(services: Services, token: str, wish: Wishes, *, network: str) -> WishesView | None:
    """
    Let the Subscription behind *token* stand for *wish*; None for a link that is none of ours.

    WrongState when it is not confirmed or has ended.
    """
    evidence = _evidence("Preferences changed", network)
    now = services.clock.now()
    return _changed(services, token, lambda session, name: preferences.choose(session, name, wish, evidence, now=now))


def pause(services: Services, token: str, until: dt.date | None, *, network: str) -> WishesView | None:
    """
    Stop the Subscription behind *token* until the Editions of the day *until*; None for a link that is none of ours.

    Without a day it stops until its reader resumes it. BadWish for a day that cannot be; WrongState as above.
    """
    evidence = _evidence(f"Pause until {until}" if until else "Pause until I resume it", network)
    now = services.clock.now()
    return _changed(services, token, lambda session, name: preferences.pause(session, name, until, evidence, now=now))


def resume(services: Services, token: str, *, network: str) -> WishesView | None:
    """Let the Subscription behind *token* go on; None for a link that is none of ours. WrongState as above."""
    evidence = _evidence("Resume now", network)
    now = services.clock.now()
    return _changed(services, token, lambda session, name: preferences.resume(session, name, evidence, now=now))


def _changed(services: Services, token: str, change: Callable[[Session, str], Subscription]) -> WishesView | None:
    """Do *change* to the Subscription behind *token*, and let what is on its way to its reader follow at once."""
    with services.session() as session:
        subscription = behind(services, session, token, Purpose.PREFERENCES)
        if subscription is None or newsletter_of(services, subscription) is None:
            return None
        reschedule(services, session, change(session, subscription.public_id).subscriber)
    return wishes(services, token)


def _evidence(wording: str, network: str) -> Evidence:
    return Evidence(wording=wording, source="preferences page", network_address=network)
