"""
The delivery round of an approved Edition: send, pause, resume, cancel, and settle what nobody knows.

Each act is safe to repeat, and none mails twice.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event

from digest import letters
from digest.database import Session
from digest.deliver import deliver, envelope
from digest.deliver.courier import DeliverReport
from digest.deliver.outbox import EditionOutbox, NoticeOutbox
from digest.deliver.recovery import replay
from digest.errors import WrongState
from digest.model.delivery import Account, DeliveryState
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId, SubscriberId
from digest.model.newsletter import Newsletter
from digest.services import Services
from digest.store import audit, deliveries, editions
from digest.store import notices as notice_store
from digest.store.deliveries import Doubt

#: In seconds: how often a growing account is told.
TELL_EVERY = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How far an Edition has come: its state and account, and why the sending stopped early, if it did."""

    edition_id: EditionId
    state: EditionState
    account: Account
    #: What this run did, by the state that mails came to.
    counts: Mapping[str, int] = field(default_factory=dict)
    #: Why no relay took any more, or why the Edition was paused; empty when neither is so.
    halted: str = ""
    #: What is wrong with single relays, where others went on.
    faults: Sequence[str] = ()
    #: Why it goes on later: the pace that was set.
    rests: str = ""


def send_edition(
    services: Services,
    edition_id: EditionId,
    *,
    every_wave: bool = False,
    on_progress: Callable[[Account], None] | None = None,
    stop: Event | None = None,
) -> Sent:
    """
    Send the Deliveries of an approved Edition that are due, or with *every_wave* all of them, now.

    What a killed sender left behind is settled first. An Edition is sent once however often this runs: a Delivery that
    has come to its end is never claimed again. WrongState when the Edition is neither approved nor already going out.
    """
    recover(services)
    newsletter, edition = _begin(services, edition_id)
    report = DeliverReport()
    if edition.state is EditionState.SENDING:
        outbox = EditionOutbox(
            database=services.database,
            edition_id=edition_id,
            catch_up=newsletter.schedule.catch_up(edition.cadence),
            ignore_wave=every_wave,
        )
        letter = letters.digest_letters(services, newsletter, edition)
        courier = services.courier("digests", newsletter.relays, stop)
        report = deliver(courier, outbox, letter, progress=_telling(services, edition_id, on_progress))
    return _end(services, edition_id, report)


def recover(services: Services) -> Counter[str]:
    """Settle what killed senders of this machine have left behind; return how many mails came to each state."""
    database = services.database
    ledgers = (
        EditionOutbox(database=database, edition_id=None),
        NoticeOutbox(database=database, fingerprint_key=services.keys.fingerprint),
    )
    now = services.clock.now()
    return replay(services.journals, ledgers, now, resends=services.settings.resends_doubt)


def expire_leases(services: Services) -> int:
    """Take mail from senders that did not come back, and left no journal here; return how many mails."""
    now, resends = services.clock.now(), services.settings.resends_doubt
    with services.session() as session:
        return deliveries.expire_leases(session, now, resends=resends) + notice_store.expire_leases(
            session, now, resends=resends
        )


def pause(services: Services, edition_id: EditionId, *, reason: str, by: str = "") -> None:
    """Let nothing more of the Edition go out until it is resumed; senders at work stop within seconds."""
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        edition.pause(reason)
        _note(services, session, edition, by=by, act="pause", detail=reason)


def resume(services: Services, edition_id: EditionId, *, by: str = "") -> None:
    """Let the Edition go out again."""
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        edition.resume(is_begun=deliveries.has_begun(session, edition_id))
        _note(services, session, edition, by=by, act="resume")


def cancel(services: Services, edition_id: EditionId, *, reason: str, by: str = "") -> int:
    """
    Call the Edition off: what has not gone out never will; senders at work stop within seconds. Return how many.

    One beside the rhythm may be called off before its approval too: no later one would take its place.
    """
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        if edition.cadence.is_beside and edition.is_open:
            edition.skip(reason)
            _note(services, session, edition, by=by, act="cancel", detail=reason)
            return 0
        edition.cancel(reason)
        stopped = deliveries.cancel(session, edition_id)
        _note(services, session, edition, by=by, act="cancel", detail=f"{stopped} will not go out: {reason}")
        return stopped


def _note(services: Services, session: Session, edition: Edition, *, by: str, act: str, detail: str = "") -> None:
    """Write down what *by* did; what the program does by itself stands in no audit trail."""
    if by:
        audit.write(session, by=by, act=act, at=services.clock.now(), about=str(edition), detail=detail)


def doubts(services: Services, edition_id: EditionId, limit: int) -> list[Doubt]:
    """Return up to *limit* Deliveries of the Edition in doubt, with everything that is known of them."""
    with services.reading() as session:
        return deliveries.in_doubt(session, edition_id, limit)


def message_id(services: Services, edition: Edition, subscriber_id: SubscriberId) -> str:
    """Return the Message-ID of the mail of *edition* to a Subscriber: the same on every attempt."""
    domain = services.newsletter(edition.newsletter).sender.domain
    return envelope.message_id(edition.id, subscriber_id, key=services.keys.message, domain=domain)


def resolve_doubt(
    services: Services, edition_id: EditionId, *, arrived: bool, only: Sequence[SubscriberId] | None = None
) -> int:
    """
    Decide the Deliveries of an Edition that are in doubt: they *arrived*, or are to be sent again; return how many.

    *only* names some of them. Those that are sent again go out with the next run of ``send_edition``.
    """
    to = DeliveryState.SENT if arrived else DeliveryState.PLANNED
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        decided = deliveries.resolve(session, edition_id, to=to, now=services.clock.now(), only=only)
        if decided and not arrived and edition.state is not EditionState.PAUSED:
            edition.begin()
        return decided


def _begin(services: Services, edition_id: EditionId) -> tuple[Newsletter, Edition]:
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        if edition.state is not EditionState.SENT:
            if edition.is_open:
                raise WrongState(f"{edition} is {edition.state}; approve it first")
            if edition.state is EditionState.PAUSED:
                raise WrongState(f"{edition} is paused ({edition.reason}); resume it first")
            edition.begin()
            session.refresh(edition, ["rendered_bytes"])  # the letters are written when this session has ended
        return services.newsletter(edition.newsletter), edition


def _end(services: Services, edition_id: EditionId, report: DeliverReport) -> Sent:
    now = services.clock.now()
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        if edition.state is EditionState.CANCELLED:
            deliveries.cancel(session, edition_id)  # what this run has put back
        account = deliveries.account(session, edition_id)
        if edition.state is EditionState.SENDING and account.is_finished:
            edition.finish(now)
        elif edition.state is EditionState.SENDING and report.refused:
            edition.pause(report.refused)
        return Sent(
            edition_id=edition_id,
            state=edition.state,
            account=account,
            counts=dict(report.counts),
            halted=report.halted or report.refused or "",
            faults=tuple(report.faults),
            rests=report.rests or "",
        )


def _telling(
    services: Services, edition_id: EditionId, on_progress: Callable[[Account], None] | None
) -> Callable[[DeliverReport], None] | None:
    """Return what tells the account as it grows; now and then only, for to count a million rows takes its time."""
    if on_progress is None:
        return None
    told_at = float("-inf")

    def tell(_report: DeliverReport) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= TELL_EVERY:
            with services.reading() as session:
                on_progress(deliveries.account(session, edition_id))
            told_at = time.monotonic()

    return tell
