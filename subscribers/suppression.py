"""The list of addresses that get no mail: suppress, lift, and ask."""

from datetime import datetime
from hmac import compare_digest

from sqlalchemy import ColumnElement, exists
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from subscribers import address
from subscribers.model import FingerprintCheck, Suppression, SuppressionReason
from subscribers.text import one_line

#: Made by the reader, so the reader may lift it by confirming a new wish; any other only an operator lifts.
LIFTED_BY_READER = frozenset({SuppressionReason.UNSUBSCRIBED, SuppressionReason.ERASED})
#: Its fingerprint tells the key from any other: an address at which there is nobody (RFC 2606).
_NOBODY = "nobody@example.invalid"
_ONLY = 1


def suppress(
    session: Session, fingerprint: str, reason: SuppressionReason, *, at: datetime, note: str = ""
) -> Suppression:
    """
    Send nothing more to the address behind *fingerprint*, and return the Suppression that now holds.

    An older one stays as it is, unless the reader could lift it and the new reason is one that only an operator can.
    """
    note = one_line(note)[:500]
    held = session.get(Suppression, fingerprint)
    if held is None:
        held = Suppression(fingerprint=fingerprint, reason=reason, at=at, note=note)
        try:
            with session.begin_nested():
                session.add(held)
        except IntegrityError:  # another process was faster
            held = session.get_one(Suppression, fingerprint)
    if held.reason in LIFTED_BY_READER and reason not in LIFTED_BY_READER:
        held.reason, held.at, held.note = reason, at, note
    return held


def lift(session: Session, fingerprint: str) -> bool:
    """Let the address behind *fingerprint* get mail again; say whether it was suppressed."""
    held = session.get(Suppression, fingerprint)
    if held is None:
        return False
    session.delete(held)
    session.flush()
    return True


def reason_for(session: Session, fingerprint: str) -> SuppressionReason | None:
    """Return why the address behind *fingerprint* gets no mail; None when it may get some."""
    held = session.get(Suppression, fingerprint)
    return None if held is None else held.reason


def recognises(session: Session, key: bytes) -> bool | None:
    """Return whether *key* is the one that all fingerprints are made with; None before ``remember``."""
    kept = session.get(FingerprintCheck, _ONLY)
    return None if kept is None else compare_digest(kept.fingerprint, address.fingerprint(_NOBODY, key))


def remember(session: Session, key: bytes) -> None:
    """Keep what tells *key* from any other; the first key stands, also when two processes start at once."""
    try:
        with session.begin_nested():
            session.add(FingerprintCheck(id=_ONLY, fingerprint=address.fingerprint(_NOBODY, key)))
    except IntegrityError:  # another process was faster
        return


def is_suppressed(session: Session, fingerprint: str) -> bool:
    """Return whether the address behind *fingerprint* gets no mail."""
    return reason_for(session, fingerprint) is not None


def is_suppressed_clause(fingerprint: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Return the condition, for use in any query, that the address behind the column *fingerprint* gets no mail."""
    held = aliased(Suppression)
    return exists().where(held.fingerprint == fingerprint)
