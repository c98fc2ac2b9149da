"""Signing up: take down what somebody typed, ask the owner of the address, and begin."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from hmac import compare_digest
from threading import Event

from digest import notices
from digest.errors import DatabaseNotReady
from digest.logs import logger
from digest.model.newsletter import Newsletter
from digest.posture.resolver import Dns, Resolver
from digest.readers.admitting import admit
from digest.readers.opening import LinkView, Standing, link_view, subscription_called
from digest.services import Services
from digest.store import published
from subscribers import address as addresses
from subscribers import signup, tokens
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import AddressSuppressed, BadToken, BadWish, SubscriberError
from subscribers.model import SubscriptionState
from subscribers.signup import SignupOutcome, SignupWish
from subscribers.tokens import Purpose

log = logger(__name__)

#: So many sign-ups are taken up in one go, so that single mails never wait long behind a flood of them.
AT_ONCE = 500
#: What a sign-up comes to, in the words of a JobRun.
OUTCOMES: dict[type[SignupOutcome], str] = {
    signup.ConfirmationDue: "asked_to_confirm",
    signup.TooSoon: "asked_lately",
    signup.Later: "waits_its_turn",
    signup.TooMany: "asked_too_often",
    signup.AlreadySubscribed: "reads_already",
    signup.Suppressed: "address_suppressed",
}
DROPPED = "dropped"
#: When no token was too old yet.
_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


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


def sign_up(services: Services, wish: SignUp, evidence: Evidence, *, resolver: Resolver | None = None) -> None:
    """
    Take down what somebody has typed, to be taken up by ``take_up`` within seconds.

    *evidence* tells what they saw, on which form. Whoever asks learns nothing of who reads what: the work is the same
    for every address. BadAddress and BadWish name what was mistyped; UnknownNewsletter when there is no such
    newsletter. *resolver* answers for DNS; this machine's when it is None.
    """
    newsletter = services.newsletter(wish.newsletter)
    asked = signup_wish(services, newsletter, wish)
    admit(asked.address, services.settings.admission, resolver or Dns())
    with services.session() as session:
        signup.take_down(session, asked, evidence, now=services.clock.now())
    log.info("sign-up taken down", newsletter=newsletter.slug)


def take_up(services: Services, *, stop: Event | None = None) -> Counter[str]:
    """
    Take up the sign-ups that wait, oldest first, and ask their owners to confirm where that is due.

    Return how many came to which outcome, in words. Each has a transaction of its own. One that cannot be taken up is
    dropped and counted as such; while the database does not do its work all stay, and DatabaseNotReady is raised.
    """
    counts: Counter[str] = Counter()
    with services.reading() as session:
        key, now = services.keys.fingerprint, services.clock.now()
        waiting = signup.waiting(session, fingerprint_key=key, now=now, limit=AT_ONCE)
    trouble: DatabaseNotReady | None = None
    for request_id in waiting:
        if stop is not None and stop.is_set():
            break
        try:
            outcome = _taken_up(services, request_id)
        except DatabaseNotReady as fault:
            if trouble is not None:
                raise
            trouble = fault  # the first may be that one's alone; with the second it is the database's
            continue
        if outcome is not None:
            counts[outcome] += 1
    if trouble is not None:
        raise trouble
    return counts


def _taken_up(services: Services, request_id: int) -> str | None:
    """Return what the sign-up *request_id* came to in a word; None when another process has taken it up."""
    try:
        return _take_up_one(services, request_id)
    except DatabaseNotReady:
        raise
    except Exception as fault:  # noqa: BLE001 (whatever one row holds, the others have their turn)
        # It would fail again at every tick, and whoever sent it is free to send it again. No traceback and no message:
        # what a database says of a row may hold its address.
        log.error("sign-up dropped", request=request_id, fault=type(fault).__name__)  # noqa: TRY400 (as above)
    with services.session() as session:
        signup.drop(session, request_id)
    return DROPPED


def _take_up_one(services: Services, request_id: int) -> str | None:
    now = services.clock.now()
    slugs = [newsletter.slug for newsletter in services.settings.newsletters]
    key = services.keys.fingerprint
    with services.session() as session:
        outcome = signup.take_up(session, request_id, newsletters=slugs, fingerprint_key=key, now=now)
        if outcome is None:
            return None
        if isinstance(outcome, signup.ConfirmationDue):
            services.newsletter(outcome.subscription.newsletter)  # config.toml may have lost it since
            notices.ask_to_confirm(services, session, outcome.subscription, now)
    log.info("sign-up taken up", outcome=type(outcome).__name__)
    return OUTCOMES[type(outcome)]


def check_address(services: Services, text: str) -> None:
    """Raise BadAddress unless the address in *text* is one that may sign up, as far as this machine's DNS knows."""
    admit(addresses.parse(text, allow_special=services.settings.is_local), services.settings.admission, Dns())


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
        return _past(services, token)
    with services.reading() as session:
        subscription = subscription_called(session, claim.public_id)
        if subscription is None or not compare_digest(claim.nonce, subscription.confirmation_nonce):
            return _past(services, token)
        standing = {
            SubscriptionState.PENDING: Standing.OPEN,
            SubscriptionState.ENDED: Standing.EXPIRED,
        }.get(subscription.state, Standing.DONE)
        return link_view(services, subscription, standing)


def confirm(services: Services, token: str, *, network: str, wording: str = "Yes, send it to me") -> LinkView:
    """
    Begin the Subscription behind *token*, and greet its reader; a repeated click changes nothing.

    *wording* is what stood on the page that they pressed the button of.
    """
    now = services.clock.now()
    evidence = Evidence(wording=wording, source="confirmation page", network_address=network)
    try:
        with services.session() as session:
            outcome = signup.confirm(session, token, evidence, keys=services.keys.tokens, now=now)
            subscription = outcome.subscription
            if isinstance(outcome, signup.Begun):
                latest = published.latest(session, subscription.newsletter)
                notices.welcome(services, session, subscription, latest, now)
            return link_view(services, subscription, Standing.DONE)
    except AddressSuppressed:
        return _suppressed(services, token)
    except SubscriberError:
        return _past(services, token)


def _suppressed(services: Services, token: str) -> LinkView:
    """Return the page of a *token* that is good, to an address that only an operator lets mail go to."""
    claim = tokens.open(Purpose.CONFIRM, token, services.keys.tokens, now=_LONG_AGO)
    with services.reading() as session:
        subscription = subscription_called(session, claim.public_id)
        if subscription is None:
            return LinkView(Standing.EXPIRED)
        return link_view(services, subscription, Standing.SUPPRESSED)


def _past(services: Services, token: str) -> LinkView:
    """
    Return the page of a *token* that confirms nothing: of one that was good once, or of one that is none of ours.

    The former tells which newsletter it was for, and that its bearer may sign up again, in the reader's language.
    """
    try:
        claim = tokens.open(Purpose.CONFIRM, token, services.keys.tokens, now=_LONG_AGO)
    except BadToken:
        return LinkView(Standing.UNKNOWN)
    with services.reading() as session:
        subscription = subscription_called(session, claim.public_id)
        return (
            LinkView(Standing.EXPIRED) if subscription is None else link_view(services, subscription, Standing.EXPIRED)
        )
