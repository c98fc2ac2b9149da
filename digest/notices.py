"""Notices: single mails, put in as rows in the transaction of the act that calls for them, and sent like Deliveries."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any

from digest import letters, proof
from digest.database import Session
from digest.deliver import deliver, verp
from digest.deliver.courier import DeliverReport
from digest.deliver.envelope import notice_id, parcel
from digest.deliver.outbox import NoticeOutbox
from digest.deliver.profile import id_headers
from digest.deliver.transaction import Parcel
from digest.model.delivery import DeliveryState
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId
from digest.model.message import Addressing, Email, Mailbox
from digest.model.newsletter import Newsletter
from digest.model.notice import FOR_DESK, FOR_STAFF, NoticeToSend, NoticeWish
from digest.model.relay import Relay
from digest.model.staff import Staff
from digest.model.text import printable
from digest.proof import Viewpoint
from digest.render.notice import render_notice
from digest.sealing import Sealed, seal, unseal
from digest.services import Services
from digest.store import deliveries, editions, notices
from subscribers import address as addresses
from subscribers import suppression, tokens
from subscribers.address import masked
from subscribers.model import LIVE, ReaderRequest, RequestKind, Subscriber, Subscription
from subscribers.requests import PURPOSES, Moved
from subscribers.tokens import LIFETIMES, Claim, Purpose

#: The kind of a test mail of an Edition: what its readers would get, to whom an editor names.
PROOF = "proof"
#: A test that arrives later than this shows nothing any more.
A_TEST_TELLS = timedelta(hours=1)
#: A welcome or a request for review that is older than this helps nobody.
WORTH_SENDING = timedelta(days=2)
#: A welcome shows so many headlines of the latest Edition besides its subject.
HEADLINES = 5
#: What the mail by which a reader confirms a request is called.
_KINDS = {RequestKind.ADDRESS: "address", RequestKind.EXPORT: "own_data", RequestKind.ERASURE: "erase"}


def ask_to_confirm(services: Services, session: Session, subscription: Subscription, now: datetime) -> None:
    """Ask the owner of the address whether they want the newsletter; a dead link is not worth sending."""
    life = LIFETIMES[Purpose.CONFIRM]
    claim = Claim(subscription.public_id, subscription.confirmation_nonce)
    token = tokens.sign(Purpose.CONFIRM, claim, services.keys.tokens, issued=now)
    values = {"valid_days": str(life.days)} | _links(services, confirm_url=services.links.confirm(token))
    _to_reader(session, subscription, "confirm", values, now, life)


def welcome(
    services: Services, session: Session, subscription: Subscription, latest: Edition | None, now: datetime
) -> None:
    """Greet a reader who has just confirmed, with the latest Edition if there is one, and the ways on and out."""
    claim, keys = Claim(subscription.public_id), services.keys.tokens
    view = tokens.sign(Purpose.VIEW, claim, keys)
    values = {
        **(_latest(services, subscription, latest) if latest is not None else {}),
        **_links(
            services,
            latest_url=services.links.view(latest.id, view) if latest is not None else "",
            archive_url=services.links.archive(subscription.newsletter),
            preferences_url=services.links.preferences(tokens.sign(Purpose.PREFERENCES, claim, keys)),
            unsubscribe_url=services.links.unsubscribe(tokens.sign(Purpose.UNSUBSCRIBE, claim, keys)),
        ),
    }
    _to_reader(session, subscription, "welcome", values, now, WORTH_SENDING)


def speaker(services: Services, subscription: Subscription) -> Newsletter:
    """
    Return the Newsletter that writes to the reader of *subscription*: its own.

    Where config.toml no longer defines that, another one that they get, or any.
    """
    theirs = {each.newsletter for each in subscription.subscriber.subscriptions if each.state in LIVE}
    return min(
        services.settings.newsletters, key=lambda one: (one.slug != subscription.newsletter, one.slug not in theirs)
    )


def ask_to_move(
    services: Services, session: Session, subscription: Subscription, request: ReaderRequest, now: datetime
) -> None:
    """Ask the owner of a new address whether the reader of *subscription* shall get everything there."""
    # Without the reader's name: whoever has got hold of a forwarded mail may have asked for it to be sent to them.
    _ask(services, session, subscription, request, now, services.links.confirm_address)


def hand_out(
    services: Services, session: Session, subscription: Subscription, request: ReaderRequest, now: datetime
) -> None:
    """Write to the reader where they fetch what we keep about them."""
    _ask(services, session, subscription, request, now, services.links.own_data)


def ask_to_erase(
    services: Services, session: Session, subscription: Subscription, request: ReaderRequest, now: datetime
) -> None:
    """Ask the reader whether they want to be forgotten."""
    _ask(services, session, subscription, request, now, services.links.erase)


def tell_moved(services: Services, session: Session, moved: Moved, now: datetime) -> None:
    """Tell whoever reads the old address that everything goes to another one, and how to have it all back."""
    subscription, way_back = moved.subscription, moved.way_back
    reader = subscription.subscriber
    newsletter = speaker(services, subscription)
    life = LIFETIMES[Purpose.ADDRESS]
    back_url = ""
    if way_back is not None:
        claim = Claim(subscription.public_id, way_back.nonce)
        token = tokens.sign(Purpose.ADDRESS, claim, services.keys.tokens, issued=now)
        back_url = services.links.confirm_address(token)
    wish = NoticeWish(
        kind="moved",
        address=moved.before.text,
        name=reader.name,
        language=reader.language,
        newsletter=newsletter.slug,
        values={
            "masked_address": masked(reader.address),
            "write_to": newsletter.sender.reply_to or newsletter.sender.address,
            "valid_days": str(life.days),
            **_links(services, back_url=back_url),
        },
        dedupe_key=f"{_mark(reader.id)}moved:{int(now.timestamp())}",
        expires_at=now + (WORTH_SENDING if way_back is None else life),
    )
    notices.enqueue(session, wish, now)


def marks_of(subscriber: Subscriber) -> list[str]:
    """Return what the dedupe_key of a Notice to this reader holds, whatever address it went to: one of these."""
    return [_mark(subscriber.id), *(f":{subscription.public_id}:" for subscription in subscriber.subscriptions)]


def asked_for_by(subscriber_id: int) -> str:
    """Return how the dedupe_key of every Notice begins by which a reader confirms a request."""
    return f"{_mark(subscriber_id)}asked:"


def _mark(subscriber_id: int) -> str:
    return f"reader:{subscriber_id}:"


def tell_editors(services: Services, newsletter: Newsletter, edition_id: EditionId) -> None:
    """Tell the newsletter's editors that a Draft is ready or held, and what becomes of it: once for each reason."""
    now = services.clock.now()
    with services.session() as session:
        edition = editions.get(session, edition_id)
        if not edition.is_open:
            return
        for address in services.settings.editors.get(newsletter.slug, ()):
            wish = NoticeWish(
                kind="review",
                address=address,
                newsletter=newsletter.slug,
                values=_facts(services, newsletter, edition)
                | {
                    "stories": str(len(edition.draft.stories)),
                    "fate": _fate(newsletter, edition),
                    "sources_answered": str(edition.sources_answered),
                    "sources_asked": str(edition.sources_asked),
                },
                dedupe_key=f"review:{edition.id}:{edition.state}:{_short_hash(edition.reason)}:{address}"[:200],
                expires_at=now + WORTH_SENDING,
            )
            notices.enqueue(session, wish, now)


def offer_sign_in(services: Services, session: Session, email: str, secret: str, *, life: timedelta) -> None:
    """Mail the link of *secret* to *email* if that has an account; the work is the same where it has none."""
    now = services.clock.now()
    values = {"sealed": _sealed(services, secret), "valid_minutes": str(int(life.total_seconds()) // 60)}
    wish = _to_staff(services, "sign_in", email, values, now + life)
    notices.enqueue_for_staff(session, wish, now)


def offer_password(
    services: Services, session: Session, staff: Staff, secret: str, *, by: str, life: timedelta
) -> None:
    """Mail somebody of the staff the link of *secret*, with which they set a password; *by* says who wants it."""
    now = services.clock.now()
    values = {
        "sealed": _sealed(services, secret),
        "valid_days": str(life.days),
        "invited_by": by,
        "is_new": "no" if staff.password_hash else "yes",
    }
    notices.enqueue(session, _to_staff(services, "invitation", staff.email, values, now + life), now)


def remind_editors(services: Services, newsletter: Newsletter, edition_id: EditionId) -> None:
    """Remind the newsletter's editors, shortly before its hour and once, of an Edition that goes out only with them."""
    now, plan = services.clock.now(), newsletter.schedule
    with services.session() as session:
        edition = editions.get(session, edition_id)
        needs_them = edition.state is EditionState.HELD or not newsletter.approves_itself(edition.cadence)
        is_time = edition.due_at - plan.reminder <= now < edition.due_at
        if not (edition.is_open and needs_them and is_time) or edition.cadence.is_beside:
            return
        values = _facts(services, newsletter, edition)
        for address in services.settings.editors.get(newsletter.slug, ()):
            wish = NoticeWish(
                kind="reminder",
                address=address,
                newsletter=newsletter.slug,
                values=values | {"fate": _fate(newsletter, edition)},
                dedupe_key=f"reminder:{edition.id}:{address}"[:200],
                expires_at=edition.due_at,
            )
            notices.enqueue(session, wish, now)


def alert_editors(services: Services, newsletter: Newsletter, edition_id: EditionId, *, reason: str) -> None:
    """Tell the newsletter's editors that an Edition has stopped going out, and why: once for each reason."""
    now = services.clock.now()
    with services.session() as session:
        edition = editions.get(session, edition_id)
        account = deliveries.account(session, edition_id)
        fate = "paused" if edition.state is EditionState.PAUSED else "halted"
        counts = {"sent": str(account.sent), "intended": str(account.intended)}
        values = _facts(services, newsletter, edition) | counts | {"fate": fate, "reason": reason}
        for address in services.settings.editors.get(newsletter.slug, ()):
            wish = NoticeWish(
                kind="alert",
                address=address,
                newsletter=newsletter.slug,
                values=values,
                dedupe_key=f"alert:{edition.id}:{fate}:{_short_hash(_gist(reason))}:{address}"[:200],
                expires_at=now + WORTH_SENDING,
            )
            notices.enqueue(session, wish, now)


def _facts(services: Services, newsletter: Newsletter, edition: Edition) -> dict[str, str]:
    """Return what every Notice about an Edition tells its editors."""
    return {
        "number": str(edition.number),
        "subject": edition.draft.subject,
        "reason": edition.reason,
        "at": edition.due_at.astimezone(newsletter.schedule.zone).strftime("%H:%M %Z"),
        "desk_url": services.links.desk_edition(edition.id),
    }


def _gist(reason: str) -> str:
    """Return *reason* without counts and the numbers of mails, which differ from try to try."""
    return " ".join(word for word in reason.split() if not any(sign.isdigit() for sign in word))


def send_test(services: Services, newsletter: Newsletter, address: str) -> tuple[DeliveryState, str]:
    """
    Mail a test to *address* now, as all mail goes, and return what became of it and what the relay answered.

    It is skipped where the address gets no mail; BadAddress when it is none.
    """
    now = services.clock.now()
    mark = addresses.fingerprint(addresses.parse(address, allow_special=True).key, services.keys.fingerprint)
    with services.reading() as session:
        if (why := suppression.reason_for(session, mark)) is not None:
            return DeliveryState.SKIPPED, f"not sent: the address gets no mail from here ({why}); give another"
    wish = NoticeWish(
        kind="test",
        address=address,
        newsletter=newsletter.slug,
        values={
            "relay": ", ".join(f"{relay.host}:{relay.port}" for relay in services.settings.relays),
            "at": now.astimezone(newsletter.schedule.zone).strftime("%Y-%m-%d %H:%M %Z"),
        },
        expires_at=now + A_TEST_TELLS,
    )
    with services.session() as session:
        notice_id = notices.enqueue(session, wish, now)
    report = send(services)
    with services.reading() as session:
        state, reply = notices.fate(session, notice_id)
    return state, reply or report.halted or ""


def send(services: Services, *, stop: Event | None = None) -> DeliverReport:
    """Send the Notices that wait."""
    courier = services.courier("notices", stop=stop)
    outbox = NoticeOutbox(database=services.database, fingerprint_key=services.keys.fingerprint)
    return deliver(courier, outbox, partial(_letter, services))


def _letter(services: Services, notice: NoticeToSend, relay: Relay) -> Parcel:
    """Return the complete mail, from the newsletter that it speaks for, for *relay*."""
    wish = notice.wish
    newsletter = services.newsletter(wish.newsletter)
    if wish.kind in FOR_DESK or wish.kind not in {*FOR_STAFF, PROOF}:
        newsletter = services.speaking(newsletter, wish.language)
    sender = newsletter.sender
    content = _proof(services, wish) if wish.kind == PROOF else _rendered(services, newsletter, wish)
    token = verp.token(notice.id, secret=services.keys.message)
    reports = services.settings.bounces.domain
    email = Email(
        sender=Mailbox(name=sender.name, address=sender.address),
        addressing=Addressing(
            to=Mailbox(name=wish.name, address=wish.address),
            message_id=notice_id(notice.id, key=services.keys.message, domain=sender.domain),
            return_path=verp.return_path(token, reports) if reports else sender.address,
            token=token,
            further=id_headers(relay.profile, token),
        ),
        date=notice.created_at,
        language=newsletter.language,
        reply_to=sender.reply_to,
        **content,
    )
    return parcel(email, services.seal(sender.domain, relay))


def _rendered(services: Services, newsletter: Newsletter, wish: NoticeWish) -> dict[str, Any]:
    """Return what the Notice of a kind that has templates says."""
    values = {"name": wish.name, **opened(services, wish)}
    if wish.kind in FOR_DESK:
        page = services.links.sign_in_link if wish.kind == "sign_in" else services.links.set_password
        values["link_url"] = page(unseal(Sealed.STAFF_LINK, values.pop("sealed"), services.keys.tokens))
    rendered = render_notice(wish.kind, values, newsletter, services.environment(newsletter))
    parts = {"subject": rendered.subject, "text": rendered.text, "html": rendered.html}
    return parts | {"text_flowed": newsletter.text_flowed}


def _proof(services: Services, wish: NoticeWish) -> dict[str, Any]:
    """Return what a test mail says: the Edition as it is at this moment, or as it was frozen."""
    edition_id, sections = EditionId(wish.values["edition_id"]), wish.values["sections"]
    if wish.values["reader"]:
        viewpoint = proof.viewpoint_of(services, edition_id, wish.values["reader"])
    else:
        viewpoint = Viewpoint(sections=tuple(sections) if sections else None)
    edition, _, pages = proof.opened(services, edition_id)
    return letters.proof_content(edition, pages, proof.filled(services, edition_id, pages, viewpoint))


def opened(services: Services, wish: NoticeWish) -> dict[str, Any]:
    """Return the values of *wish* as its template asks for them, the links that a reader gets unsealed."""
    values = dict(wish.values)
    # One that was put in by an earlier version has them in the clear.
    if wish.kind not in FOR_DESK and "sealed" in values:
        values |= json.loads(unseal(Sealed.READER_LINKS, values.pop("sealed"), services.keys.tokens))
    return values


def _links(services: Services, **links: str) -> dict[str, str]:
    """Return *links*, addresses by their names, sealed: whoever reads the table, or a copy, must not press buttons."""
    return {"sealed": seal(Sealed.READER_LINKS, json.dumps(links), services.keys.tokens)}


def _sealed(services: Services, secret: str) -> str:
    # Whoever reads the table, or a copy of it, must not be able to come in by the links in it.
    return seal(Sealed.STAFF_LINK, secret, services.keys.tokens)


def _to_staff(
    services: Services, kind: str, address: str, values: Mapping[str, Any], expires_at: datetime
) -> NoticeWish:
    first = services.settings.newsletters[0].slug
    return NoticeWish(kind=kind, address=address, newsletter=first, values=values, expires_at=expires_at)


def _fate(newsletter: Newsletter, edition: Edition) -> str:
    """Return what becomes of an open Edition if nobody does anything."""
    if edition.state is EditionState.HELD:
        return "held"
    if edition.cadence.is_beside:
        return "special"
    return "auto" if newsletter.approves_itself(edition.cadence) else "waits"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _latest(services: Services, subscription: Subscription, latest: Edition) -> dict[str, Any]:
    """Return the headlines of *latest* for the Sections of *subscription*, the best first; all of it if it has none."""
    draft, chosen = latest.draft, subscription.sections
    theirs = [s for section in draft.sections if chosen is None or section.slug in chosen for s in section.stories]
    best = sorted(theirs or draft.stories, key=lambda story: -story.score.standing)
    headlines = [printable(story.headline) for story in best]
    subject = printable(draft.subject) if len(best) == len(draft.stories) else headlines[0]
    return {
        "latest_subject": subject,
        "latest_headlines": [headline for headline in headlines if headline != subject][:HEADLINES],
        "latest_language": services.newsletter(subscription.newsletter).language,
    }


def _ask(
    services: Services,
    session: Session,
    subscription: Subscription,
    request: ReaderRequest,
    now: datetime,
    page: Callable[[str], str],
) -> None:
    """Write to whom *request* must be confirmed by, with a link to the *page* that its token opens."""
    reader, purpose = subscription.subscriber, PURPOSES[request.kind]
    life = LIFETIMES[purpose]
    claim = Claim(subscription.public_id, request.nonce)
    token = tokens.sign(purpose, claim, services.keys.tokens, issued=now)
    wish = NoticeWish(
        kind=_KINDS[request.kind],
        address=request.address or reader.address,
        name="" if request.address else reader.name,
        language=reader.language,
        newsletter=speaker(services, subscription).slug,
        values={
            "valid_days": str(life.days),
            **_links(services, confirm_url=page(token)),
        },
        dedupe_key=f"{asked_for_by(reader.id)}{request.nonce}",
        expires_at=now + life,
    )
    notices.enqueue(session, wish, now)


def _to_reader(
    session: Session,
    subscription: Subscription,
    kind: str,
    values: Mapping[str, Any],
    now: datetime,
    life: timedelta,
) -> None:
    reader = subscription.subscriber
    wish = NoticeWish(
        kind=kind,
        address=reader.address,
        # Before it is confirmed, a name is what a stranger has typed to be carried into another's mailbox.
        name="" if kind == "confirm" else reader.name,
        language=reader.language,
        newsletter=subscription.newsletter,
        values=values,
        dedupe_key=f"{kind}:{subscription.public_id}:{int(now.timestamp())}",
        expires_at=now + life,
    )
    notices.enqueue(session, wish, now)
