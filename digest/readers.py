"""The acts of readers where they touch the paper: sign up, confirm, choose, leave, read on the web."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from digest import letters, notices
from digest.database import Session
from digest.errors import UnknownNewsletter
from digest.logs import logger
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter
from digest.model.rendered import FilledDigest
from digest.services import Services
from digest.store import published
from subscribers import address as addresses
from subscribers import preferences, signup, tokens, unsubscribe
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import BadToken, BadWish, SubscriberError, UnknownSubscriber
from subscribers.model import EndReason, Subscription, SubscriptionState
from subscribers.signup import SignupWish
from subscribers.tokens import Purpose
from subscribers.wishes import Wishes

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


class Standing(StrEnum):
    """What a reader's link opens to."""

    #: The act can be done.
    OPEN = "open"
    #: It has been done.
    DONE = "done"
    #: The link is too old or of an earlier wish.
    EXPIRED = "expired"
    #: The link is none of ours.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LinkView:
    """What the page behind a reader's link shows. *newsletter* is None where the link does not tell."""

    state: Standing
    newsletter: Newsletter | None = None
    masked_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WishesView:
    """What a reader's preferences page shows."""

    newsletter: Newsletter
    masked_address: str
    state: SubscriptionState
    wishes: Wishes


# -- sign up and confirm -----------------------------------------------------------------------------------------------


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
        subscription = _subscription(session, claim.public_id)
        if subscription is None or claim.nonce != subscription.confirmation_nonce:
            return LinkView(Standing.EXPIRED)
        standing = {
            SubscriptionState.PENDING: Standing.OPEN,
            SubscriptionState.ENDED: Standing.EXPIRED,
        }.get(subscription.state, Standing.DONE)
        return _link_view(services, subscription, standing)


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
            return _link_view(services, subscription, Standing.DONE)
    except SubscriberError:
        return LinkView(_is_old(services, token))


def _is_old(services: Services, token: str) -> Standing:
    """Tell a link that was once good from one that never was."""
    try:
        tokens.open(Purpose.CONFIRM, token, services.keys.tokens, now=dt.datetime.min.replace(tzinfo=dt.UTC))
    except BadToken:
        return Standing.UNKNOWN
    return Standing.EXPIRED


# -- leave -------------------------------------------------------------------------------------------------------------


def leave_page(services: Services, token: str) -> LinkView:
    """Return what the unsubscribe page shows; changes nothing."""
    with services.reading() as session:
        subscription = _behind(services, session, token, Purpose.UNSUBSCRIBE)
        if subscription is None:
            return LinkView(Standing.UNKNOWN)
        ended = subscription.state is SubscriptionState.ENDED
        return _link_view(services, subscription, Standing.DONE if ended else Standing.OPEN)


def leave(services: Services, token: str, *, by_page: bool, network: str) -> LinkView:
    """End the Subscription behind *token*; safe to repeat, and nothing at all for a token that is none of ours."""
    now = services.clock.now()
    with services.session() as session:
        found = _behind(services, session, token, Purpose.UNSUBSCRIBE)
        if found is None:
            return LinkView(Standing.UNKNOWN)
        evidence = Evidence(
            wording="Unsubscribe",
            source="unsubscribe page" if by_page else "one-click unsubscribe (RFC 8058)",
            network_address=network,
        )
        reason = EndReason.PAGE if by_page else EndReason.ONE_CLICK
        outcome = unsubscribe.one_click(session, found.public_id, evidence, now=now, reason=reason)
        return _link_view(services, outcome.subscription, Standing.DONE)


def undo_leave(services: Services, token: str, *, network: str) -> LinkView:
    """Take back the end of the Subscription behind *token*; SubscriberError says why it cannot be."""
    now = services.clock.now()
    with services.session() as session:
        found = _behind(services, session, token, Purpose.UNSUBSCRIBE)
        if found is None:
            return LinkView(Standing.UNKNOWN)
        evidence = Evidence(wording="Keep sending it to me", source="unsubscribe page", network_address=network)
        return _link_view(services, unsubscribe.undo(session, found.public_id, evidence, now=now), Standing.OPEN)


# -- choose ------------------------------------------------------------------------------------------------------------


def wishes(services: Services, token: str) -> WishesView | None:
    """Return what the preferences page shows, or None for a link that is none of ours; changes nothing."""
    with services.reading() as session:
        subscription = _behind(services, session, token, Purpose.PREFERENCES)
        newsletter = _newsletter(services, subscription)
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
        subscription = _behind(services, session, token, Purpose.PREFERENCES)
        newsletter = _newsletter(services, subscription)
        if subscription is None or newsletter is None:
            return None
        evidence = Evidence(wording="Preferences changed", source="preferences page", network_address=network)
        preferences.choose(session, subscription.public_id, wish, evidence, now=now)
    return wishes(services, token)


# -- read --------------------------------------------------------------------------------------------------------------


def view(services: Services, edition_id: EditionId, token: str) -> FilledDigest | None:
    """Return an Edition as the reader behind *token* gets it; None where there is nothing to show."""
    with services.reading() as session:
        subscription = _behind(services, session, token, Purpose.VIEW)
        edition = session.get(Edition, edition_id)
        if subscription is None or edition is None or edition.newsletter != subscription.newsletter:
            return None
        if edition.rendered_bytes is None or edition.state == EditionState.CANCELLED:
            return None
        rendered = edition.rendered
        chosen = subscription.sections if rendered.has_news_for(subscription.sections) else None
        values = letters.reader_values(services, edition.id, subscription.public_id, subscription.subscriber.name)
        return letters.for_the_web(rendered, chosen, values)


def _behind(services: Services, session: Session, token: str, purpose: Purpose) -> Subscription | None:
    try:
        claim = tokens.open(purpose, token, services.keys.tokens, now=services.clock.now())
    except BadToken:
        return None
    return _subscription(session, claim.public_id)


def _subscription(session: Session, public_id: str) -> Subscription | None:
    try:
        return Subscription.by_public_id(session, public_id)
    except UnknownSubscriber:
        return None


def _newsletter(services: Services, subscription: Subscription | None) -> Newsletter | None:
    try:
        return services.newsletter(subscription.newsletter) if subscription is not None else None
    except UnknownNewsletter:
        return None


def _link_view(services: Services, subscription: Subscription, state: Standing) -> LinkView:
    return LinkView(state, _newsletter(services, subscription), addresses.masked(subscription.subscriber.address))
