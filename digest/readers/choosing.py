"""Choosing: what a reader's preferences are, and how they change."""

from dataclasses import dataclass

from digest.model.newsletter import Newsletter
from digest.readers.opening import behind, newsletter_of
from digest.services import Services
from subscribers import address as addresses
from subscribers import preferences
from subscribers.consent import Evidence
from subscribers.model import SubscriptionState
from subscribers.tokens import Purpose
from subscribers.wishes import Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class WishesView:
    """What a reader's preferences page shows."""

    newsletter: Newsletter
    masked_address: str
    state: SubscriptionState
    wishes: Wishes


def wishes(services: Services, token: str) -> WishesView | None:
    """Return what the preferences page shows, or None for a link that is none of ours; changes nothing."""
    with services.reading() as session:
        subscription = behind(services, session, token, Purpose.PREFERENCES)
        newsletter = newsletter_of(services, subscription)
        if subscription is None or newsletter is None:
            return None
        return WishesView(
            newsletter=newsletter,
            masked_address=addresses.masked(subscription.subscriber.address),
            state=subscription.state,
            wishes=preferences.of(subscription),
        )


def change_wishes(services: Services, token: str, wish: Wishes, *, network: str) -> WishesView | None:
    """Let the Subscription behind *token* stand for *wish*; None for a link that is none of ours."""
    now = services.clock.now()
    with services.session() as session:
        subscription = behind(services, session, token, Purpose.PREFERENCES)
        newsletter = newsletter_of(services, subscription)
        if subscription is None or newsletter is None:
            return None
        evidence = Evidence(wording="Preferences changed", source="preferences page", network_address=network)
        preferences.choose(session, subscription.public_id, wish, evidence, now=now)
    return wishes(services, token)
