"""
What is one's own: another address, everything that is kept, and to be forgotten.

Each is asked for from the preferences and confirmed from the mailbox, so that a forwarded mail gives nobody power.
Whoever asks learns nothing of who reads what.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from digest import notices
from digest.database import Session
from digest.logs import logger
from digest.model.newsletter import Newsletter
from digest.posture.resolver import Dns
from digest.readers import forgetting, records
from digest.readers.admitting import admit
from digest.readers.opening import Standing, behind, newsletter_of
from digest.services import Services
from digest.store import notices as notice_store
from subscribers import address as addresses
from subscribers import consent, erasure, requests, suppression, tokens
from subscribers.address import Address
from subscribers.consent import Evidence
from subscribers.errors import AddressSuppressed, BadToken, SubscriberError
from subscribers.model import ReaderRequest, RequestKind, Subscriber, Subscription
from subscribers.own_data import OwnData
from subscribers.requests import ConfirmationDue, Moved, MovedLately, PresentAddress, Taken
from subscribers.tokens import Purpose

log = logger(__name__)

#: So many mails about a change of address may go to one mailbox within each time, whoever asks for them.
MOST_TO_A_MAILBOX = ((dt.timedelta(hours=1), 1), (dt.timedelta(days=7), 3))
#: A reader who asks more often than this in a day gets no more mails for it.
A_DAY = 5

_Write = Callable[[Services, Session, Subscription, ReaderRequest, dt.datetime], None]
_WRITE: dict[RequestKind, _Write] = {
    RequestKind.ADDRESS: notices.ask_to_move,
    RequestKind.EXPORT: notices.hand_out,
    RequestKind.ERASURE: notices.ask_to_erase,
}


class Answer(StrEnum):
    """What the page says to a reader who has asked for something, or confirmed it."""

    #: Look into your mailbox.
    WRITTEN = "written"
    #: You get everything at this address already.
    PRESENT = "present"
    #: Your address was changed lately, and the former one can still take that back.
    MOVED_LATELY = "moved lately"
    #: Your address gets no mail from us.
    UNREACHED = "unreached"
    #: You have asked too often today.
    TOO_OFTEN = "too often"
    #: The new address has a reader already; nothing has changed.
    TAKEN = "taken"


_ANSWERS: dict[type, Answer] = {PresentAddress: Answer.PRESENT, MovedLately: Answer.MOVED_LATELY}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedView:
    """What the page shows to whoever has asked; *masked_address* is where we write to."""

    #: None where config.toml no longer defines it.
    newsletter: Newsletter | None
    language: str
    masked_address: str
    #: The address that we can be written to.
    write_to: str
    answer: Answer = Answer.WRITTEN


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnView:
    """
    What the page behind a link from such a mail shows.

    *newsletter* is None where the link does not tell, and where config.toml no longer defines it.
    """

    standing: Standing
    newsletter: Newsletter | None = None
    language: str = "en"
    #: The new address, where that is what was asked for.
    masked_address: str = ""
    answer: Answer | None = None


def asker(services: Services, token: str) -> AskedView | None:
    """Return whom the preferences link *token* belongs to; None for one that is none of ours. Changes nothing."""
    with services.reading() as session:
        subscription = behind(services, session, token, Purpose.PREFERENCES)
        return None if subscription is None else _asked(services, subscription)


def ask_address(services: Services, token: str, text: str) -> AskedView | None:
    """
    Ask the owner of the address written in *text* whether the reader behind *token* shall get everything there.

    The answer is the same whether or not that address is known, suppressed or a reader's. BadAddress when it is none;
    None for a link that is none of ours.
    """
    to = addresses.parse(text, allow_special=services.settings.is_local)
    admit(to, services.settings.admission, Dns())
    return _ask(services, token, RequestKind.ADDRESS, to)


def ask(services: Services, token: str, kind: RequestKind) -> AskedView | None:
    """Write to the reader behind *token* how to confirm *kind*; None for a link that is none of ours."""
    return _ask(services, token, kind, None)


def page(services: Services, token: str, kind: RequestKind) -> OwnView:
    """Return what the page behind *token*, a link to confirm *kind*, shows; changes nothing."""
    try:
        with services.reading() as session:
            keys, now = services.keys.tokens, services.clock.now()
            opened = requests.open(session, kind, token, keys=keys, now=now)
            return _view(services, opened.subscription, Standing.OPEN, opened.request.address)
    except SubscriberError:
        return _closed(services, token, kind)


def confirm_address(services: Services, token: str, *, network: str) -> OwnView:
    """Send everything to the address that *token* confirms, and tell the old one; a second press changes nothing."""
    now = services.clock.now()
    evidence = Evidence(wording="Use this address", source="page for a new address", network_address=network)
    keys, fingerprint_key = services.keys.tokens, services.keys.fingerprint
    try:
        with services.session() as session:
            outcome = requests.move(session, token, evidence, keys=keys, fingerprint_key=fingerprint_key, now=now)
            subscription = outcome.subscription
            log.info("reader moved", newsletter=subscription.newsletter, outcome=type(outcome).__name__)
            if isinstance(outcome, Taken):
                return _view(services, subscription, Standing.OPEN, answer=Answer.TAKEN)
            _tell_old_address(services, session, outcome, now)
            return _view(services, subscription, Standing.DONE, subscription.subscriber.address)
    except AddressSuppressed:
        return OwnView(standing=Standing.EXPIRED)
    except SubscriberError:
        return _closed(services, token, RequestKind.ADDRESS)


def fetch(services: Services, token: str) -> OwnData | OwnView:
    """Return everything that is kept about the reader behind *token*, once; else what the page shows."""
    now = services.clock.now()
    try:
        with services.session() as session:
            opened = requests.take(session, RequestKind.EXPORT, token, keys=services.keys.tokens, now=now)
            log.info("own data handed out", newsletter=opened.subscription.newsletter)
            return records.everything_about(session, opened.subscription.subscriber, now)
    except SubscriberError:
        return _closed(services, token, RequestKind.EXPORT)


def erase(services: Services, token: str, *, network: str) -> OwnView:
    """Forget the reader behind *token*; no mail says so, for there is no address any more."""
    now = services.clock.now()
    evidence = Evidence(wording="Erase my data", source="page for erasure", network_address=network)
    try:
        with services.session() as session:
            opened = requests.take(session, RequestKind.ERASURE, token, keys=services.keys.tokens, now=now)
            view = _view(services, opened.subscription, Standing.DONE)
            forgetting.forget(session, opened.subscription.subscriber, evidence, now=now)
            log.info("reader erased", newsletter=opened.subscription.newsletter)
            return view
    except SubscriberError:
        return _closed(services, token, RequestKind.ERASURE)


def data_of(services: Services, address: Address) -> OwnData | None:
    """
    Return everything that is kept about *address*; None when there is nothing.

    Also where no reader is: of whoever was erased or suppressed, or was only typed into a form, something is kept too.
    """
    now = services.clock.now()
    with services.reading() as session:
        mark = _mark(services, address)
        subscriber = erasure.find(session, mark)
        if subscriber is not None:
            return records.everything_about(session, subscriber, now)
        return records.about_nobody(session, address, mark, now)


def erase_by_hand(services: Services, address: Address, ground: str) -> bool:
    """
    Forget *address*, reader or not, on the *ground* that an operator gives; False when nothing of it could be deleted.

    BadWish when the ground holds the address, which would outlive its erasure.
    """
    consent.refuse_named(ground, address, "ground")
    evidence, now = Evidence(wording=ground, source="digest subscriber erase"), services.clock.now()
    with services.session() as session:
        mark = _mark(services, address)
        subscriber = erasure.find(session, mark)
        if subscriber is not None:
            forgetting.forget(session, subscriber, evidence, now=now)
            return True
        return forgetting.forget_nobody(session, address, mark, now=now)


def _mark(services: Services, address: Address) -> str:
    return addresses.fingerprint(address.key, services.keys.fingerprint)


def _ask(services: Services, token: str, kind: RequestKind, to: Address | None) -> AskedView | None:
    now = services.clock.now()
    with services.session() as session:
        subscription = behind(services, session, token, Purpose.PREFERENCES)
        if subscription is None:
            return None
        answer = _obstacle(services, session, subscription.subscriber, to, now)
        if answer is None:
            outcome = requests.ask(session, subscription.public_id, kind, now=now, to=to)
            if isinstance(outcome, ConfirmationDue):
                _WRITE[kind](services, session, subscription, outcome.request, now)
            answer = _ANSWERS.get(type(outcome), Answer.WRITTEN)
        return _asked(services, subscription, to, answer)


def _obstacle(
    services: Services, session: Session, reader: Subscriber, to: Address | None, now: dt.datetime
) -> Answer | None:
    """Return the answer to a reader for whom nothing is to be written; None where nothing stands in the way."""
    day_before = now - dt.timedelta(days=1)
    if notice_store.written_since(session, notices.asked_for_by(reader.id), day_before) >= A_DAY:
        return Answer.TOO_OFTEN
    if to is None:
        return None if _gets_mail(services, session, addresses.kept(reader.address)) else Answer.UNREACHED
    # Of another's address nothing is told: as if we had written.
    if _gets_mail(services, session, to) and not _is_written_to_often(session, to, now):
        return None
    return Answer.WRITTEN


def _is_written_to_often(session: Session, to: Address, now: dt.datetime) -> bool:
    """Return whether *to*, by whatever alias, has got as many mails about a change of address as anybody may."""
    longest = max(window for window, _ in MOST_TO_A_MAILBOX)
    written = notice_store.written_since_to(session, "address", now - longest)
    theirs = [at for address, at in written if addresses.kept(address).mailbox == to.mailbox]
    return any(sum(at > now - window for at in theirs) >= most for window, most in MOST_TO_A_MAILBOX)


def _gets_mail(services: Services, session: Session, address: Address) -> bool:
    """Return whether *address* may be written to: not where only an operator can lift its Suppression."""
    reason = suppression.reason_for(session, _mark(services, address))
    return reason is None or reason in suppression.LIFTED_BY_READER


def _tell_old_address(services: Services, session: Session, moved: Moved, now: dt.datetime) -> None:
    if not suppression.is_suppressed(session, _mark(services, moved.before)):
        notices.tell_moved(services, session, moved, now)


def _asked(
    services: Services, subscription: Subscription, to: Address | None = None, answer: Answer = Answer.WRITTEN
) -> AskedView:
    reader = subscription.subscriber
    sender = notices.speaker(services, subscription).sender
    return AskedView(
        newsletter=newsletter_of(services, subscription),
        write_to=sender.reply_to or sender.address,
        language=reader.language,
        masked_address=addresses.masked(reader.address if to is None else to.text),
        answer=answer,
    )


def _view(
    services: Services,
    subscription: Subscription,
    standing: Standing,
    address: str = "",
    answer: Answer | None = None,
) -> OwnView:
    return OwnView(
        standing=standing,
        newsletter=newsletter_of(services, subscription),
        language=subscription.subscriber.language,
        masked_address=addresses.masked(address) if address else "",
        answer=answer,
    )


def _closed(services: Services, token: str, kind: RequestKind) -> OwnView:
    """Tell a link that was once good from one that never was."""
    long_ago = dt.datetime.min.replace(tzinfo=dt.UTC)
    try:
        tokens.open(requests.PURPOSES[kind], token, services.keys.tokens, now=long_ago)
    except BadToken:
        return OwnView(standing=Standing.UNKNOWN)
    return OwnView(standing=Standing.EXPIRED)
