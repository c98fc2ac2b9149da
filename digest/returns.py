"""The acts on what comes back: check that a report names a mail of ours, count it, and do what follows."""

from dataclasses import dataclass
from datetime import datetime

from digest.database import Session
from digest.deliver import bounce, verp
from digest.deliver.bounce import Kind, Report
from digest.deliver.retry import anonymous
from digest.logs import logger
from digest.model.delivery import DeliveryKey
from digest.model.ids import NoticeId
from digest.services import Services
from digest.store import deliveries, notices
from subscribers import address as addresses
from subscribers import bounces, tokens
from subscribers.bounces import Effect, Said
from subscribers.errors import BadAddress, BadToken
from subscribers.model import BounceKind
from subscribers.tokens import Purpose

log = logger(__name__)

#: The kinds that are written down; the others say nothing about an address.
COUNTED = frozenset({Kind.HARD, Kind.SOFT, Kind.POLICY, Kind.COMPLAINT, Kind.UNSUBSCRIBE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """
    What has become of one report. *token* is the one that is ours, else the first found; *is_verified* tells which.

    *effect* is None where nothing was written down: for want of a token of ours, or because the kind asks for nothing.
    """

    report: Report
    token: str | None
    is_verified: bool
    effect: Effect | None = None

    @property
    def word(self) -> str:
        """Return what it came to, in one word for counts."""
        if self.effect is not None:
            return self.effect.value.replace(" ", "_")
        if self.report.fault:
            return "unreadable"
        return "not_ours" if self.report.kind in COUNTED else "no_report"


def read(services: Services, raw: bytes, recipients: tuple[str, ...] = ()) -> Taken:
    """Return what the mail *raw* says, and whether it names a mail of ours; nothing is written down."""
    return checked(services, bounce.read(raw, recipients=recipients))


def checked(services: Services, report: Report) -> Taken:
    """Return *report* with the first of its tokens that is ours."""
    secret = services.keys.message
    for token in (*report.tokens, *report.leave):
        if verp.opened(token, secret=secret) is not None or _leaving(services, token) is not None:
            return Taken(report=report, token=token, is_verified=True)
    return Taken(report=report, token=next(iter((*report.tokens, *report.leave)), None), is_verified=False)


def record(services: Services, session: Session, report: Report, *, at: datetime | None = None) -> Taken:
    """
    Count *report* and do what follows from it; the caller commits.

    One without a token of ours changes nothing, since anybody can forge it. *at* is when it happened; now by default.
    """
    taken = checked(services, report)
    if taken.token is None or not taken.is_verified or report.kind not in COUNTED:
        return _told(taken)
    now = services.clock.now()
    said = _said(services, session, taken, min(at or now, now))
    if said is None:
        return _told(taken)
    effect = bounces.record(session, said)
    return _told(Taken(report=report, token=taken.token, is_verified=True, effect=effect))


def _said(services: Services, session: Session, taken: Taken, at: datetime) -> Said | None:
    assert taken.token is not None
    kind = BounceKind(taken.report.kind.value)
    public_id = _leaving(services, taken.token)
    if public_id is not None:
        # A token for leaving names no mail that could bounce.
        is_wish = kind is BounceKind.UNSUBSCRIBE
        return Said(mail=f"u.{public_id}", kind=kind, at=at, public_id=public_id) if is_wish else None
    key = verp.opened(taken.token, secret=services.keys.message)
    if key is None:
        return None
    status, diagnostic = taken.report.status, anonymous(taken.report.diagnostic)
    if isinstance(key, tuple):
        return _of_delivery(session, key, Said(mail="", kind=kind, at=at, status=status, diagnostic=diagnostic))
    return _of_notice(services, session, key, Said(mail="", kind=kind, at=at, status=status, diagnostic=diagnostic))


def _of_delivery(session: Session, key: DeliveryKey, said: Said) -> Said:
    return Said(
        mail=bounces.of_delivery(*key),
        kind=said.kind,
        at=said.at,
        status=said.status,
        diagnostic=said.diagnostic,
        subscriber_id=key[1],
        public_id=deliveries.public_id(session, key) or "",
    )


def _of_notice(services: Services, session: Session, key: NoticeId, said: Said) -> Said:
    written_to = notices.address(session, key)
    try:
        found = None if written_to is None else addresses.parse(written_to, allow_special=True)
    except BadAddress:
        found = None
    return Said(
        mail=bounces.of_notice(key),
        kind=said.kind,
        at=said.at,
        status=said.status,
        diagnostic=said.diagnostic,
        fingerprint=None if found is None else addresses.fingerprint(found.key, services.keys.fingerprint),
    )


def _leaving(services: Services, token: str) -> str | None:
    """Return the public id of the Subscription that *token* leaves; None for any other token."""
    public_id = verp.leaving(token, secret=services.keys.message)
    if public_id is not None:
        return public_id
    try:
        return tokens.open(Purpose.UNSUBSCRIBE, token, services.keys.tokens, now=services.clock.now()).public_id
    except BadToken:
        return None


def _told(taken: Taken) -> Taken:
    report = taken.report
    told = {"kind": report.kind.value, "status": report.status, "outcome": taken.word}
    if report.kind in COUNTED and not taken.is_verified:
        log.warning("report without a token of ours", **told)
    elif report.kind is Kind.POLICY:
        log.warning("our mail was refused by policy", diagnostic=anonymous(report.diagnostic)[:200], **told)
    else:
        log.info("report read", **told)
    return taken
