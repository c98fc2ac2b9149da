"""What a reader's link opens to: the Subscription behind a token, and what the page may tell of it."""

from dataclasses import dataclass
from enum import StrEnum

from digest.database import Session
from digest.errors import UnknownNewsletter
from digest.model.newsletter import Newsletter
from digest.services import Services
from subscribers import address as addresses
from subscribers import tokens
from subscribers.errors import BadToken, UnknownSubscriber
from subscribers.model import Subscription
from subscribers.tokens import Purpose


class Standing(StrEnum):
    """What a reader's link opens to."""

    #: The act can be done.
    OPEN = "open"
    #: It has been done.
    DONE = "done"
    #: The link is too old or of an earlier wish.
    EXPIRED = "expired"
    #: The link is good, and its address gets no mail until an operator lets it.
    SUPPRESSED = "suppressed"
    #: The link is none of ours.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LinkView:
    """
    What the page behind a reader's link shows.

    *newsletter* is None where the link does not tell, and where config.toml no longer defines it.
    """

    state: Standing
    newsletter: Newsletter | None = None
    masked_address: str = ""
    #: The reader's, in which the page speaks.
    language: str = "en"


def behind(services: Services, session: Session, token: str, purpose: Purpose) -> Subscription | None:
    """Return the Subscription that *token* names for *purpose*; None for a token that is none of ours."""
    try:
        claim = tokens.open(purpose, token, services.keys.tokens, now=services.clock.now())
    except BadToken:
        return None
    return subscription_called(session, claim.public_id)


def subscription_called(session: Session, public_id: str) -> Subscription | None:
    """Return the Subscription called *public_id*; None where it is no more."""
    try:
        return Subscription.by_public_id(session, public_id)
    except UnknownSubscriber:
        return None


def newsletter_of(services: Services, subscription: Subscription | None) -> Newsletter | None:
    """Return the Newsletter of *subscription*; None where config.toml no longer defines it."""
    try:
        return services.newsletter(subscription.newsletter) if subscription is not None else None
    except UnknownNewsletter:
        return None


def link_view(services: Services, subscription: Subscription, state: Standing) -> LinkView:
    """Return what a page may show of *subscription*."""
    subscriber = subscription.subscriber
    return LinkView(
        state, newsletter_of(services, subscription), addresses.masked(subscriber.address), subscriber.language
    )
