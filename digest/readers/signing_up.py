"""Signing up: take down what somebody typed, ask the owner of the address, and begin."""

import datetime as dt
from dataclasses import dataclass

from digest import notices
from digest.logs import logger
from digest.model.newsletter import Newsletter
from digest.readers.opening import LinkView, Standing, link_view, subscription_called
from digest.services import Services
from digest.store import published
from subscribers import address as addresses
from subscribers import signup, tokens
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import BadToken, BadWish, SubscriberError
from subscribers.model import SubscriptionState
from subscribers.signup import SignupWish
from subscribers.tokens import Purpose

log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """What somebody typed into the sign-up form; *sections* None for all, *hour* None for the newsletter's."""

    newsletter: str
    address: str
    name: str = ""
    sections: tuple[str, ...] | None = None
    cadence: Cadence = Cadence.DAILY
    hour: dt.time | None = None
    time_zone: str | None = None
    language: str | None = None


def sign_up(services: Services, wish: SignUp, *, network: str) -> None:
    """
    Take down a sign-up and, where it is due, ask its owner to confirm.

    Whoever asks learns nothing of who reads what: the outcome is the same for all. BadAddress and BadWish name what
    was mistyped; UnknownNewsletter when there is no such newsletter.
    """
    newsletter = services.newsletter(wish.newsletter)
    now = services.clock.now()
    request = signup_wish(services, newsletter, wish)
    evidence = Evidence(
        wording=f"Sign-up for {newsletter.title}: a mail to confirm is sent",
        source="sign-up page",
        network_address=network,
    )
    with services.session() as session:
        outcome = signup.request(session, request, evidence, fingerprint_key=services.keys.fingerprint, now=now)
        if isinstance(outcome, signup.ConfirmationDue):
            notices.ask_to_confirm(services, session, outcome.subscription, now)
    log.info("sign-up taken", newsletter=newsletter.slug, outcome=type(outcome).__name__)


def signup_wish(services: Services, newsletter: Newsletter, wish: SignUp) -> SignupWish:
    """Return *wish* checked against what *newsletter* offers; BadAddress or BadWish names the value that cannot be."""
    known = {section.slug for section in newsletter.sections}
    chosen = None if wish.sections is None or set(wish.sections) >= known else wish.sections
    if chosen is not None and not set(chosen) <= known:
        unknown = sorted(set(chosen) - known)
        raise BadWish("sections", f"{', '.join(unknown)[:80]} is unknown; choose among {', '.join(sorted(known))}")
    if wish.cadence.edition not in newsletter.schedule.cadences:
        offered = ", ".join(newsletter.schedule.cadences)
        raise BadWish("cadence", f"{wish.cadence} is not offered; choose {offered}")
    return SignupWish(
        newsletter=newsletter.slug,
        address=addresses.parse(wish.address, allow_special=services.settings.is_local),
        language=wish.language or newsletter.language,
        time_zone=wish.time_zone or newsletter.schedule.zone.key,
        name=wish.name,
        sections=chosen,
        cadence=wish.cadence,
        hour=wish.hour,
    )


def confirm_page(services: Services, token: str) -> LinkView:
    """Return what the confirmation page shows; changes nothing."""
    now = services.clock.now()
    try:
        claim = tokens.open(Purpose.CONFIRM, token, services.keys.tokens, now=now)
    except BadToken:
        return LinkView(_is_old(services, token))
    with services.reading() as session:
        subscription = subscription_called(session, claim.public_id)
        if subscription is None or claim.nonce != subscription.confirmation_nonce:
            return LinkView(Standing.EXPIRED)
        standing = {
            SubscriptionState.PENDING: Standing.OPEN,
            SubscriptionState.ENDED: Standing.EXPIRED,
        }.get(subscription.state, Standing.DONE)
        return link_view(services, subscription, standing)


def confirm(services: Services, token: str, *, network: str) -> LinkView:
    """Begin the Subscription behind *token*, and greet its reader; a repeated click changes nothing."""
    now = services.clock.now()
    evidence = Evidence(wording="Yes, send it to me", source="confirmation page", network_address=network)
    try:
        with services.session() as session:
            outcome = signup.confirm(session, token, evidence, keys=services.keys.tokens, now=now)
            subscription = outcome.subscription
            if isinstance(outcome, signup.Begun):
                latest = published.latest(session, subscription.newsletter)
                notices.welcome(services, session, subscription, latest, now)
            return link_view(services, subscription, Standing.DONE)
    except SubscriberError:
        return LinkView(_is_old(services, token))


def _is_old(services: Services, token: str) -> Standing:
    """Tell a link that was once good from one that never was."""
    try:
        tokens.open(Purpose.CONFIRM, token, services.keys.tokens, now=dt.datetime.min.replace(tzinfo=dt.UTC))
    except BadToken:
        return Standing.UNKNOWN
    return Standing.EXPIRED
