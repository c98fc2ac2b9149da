"""Answers of machines: vacation notes and the like (RFC 3834), receipts (RFC 8098). Nothing follows from them."""

import re
from collections.abc import Sequence
from email.message import Message

from digest.deliver.bounce.parsing import header

#: Headers that only automatic answers have.
_TELLING = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Response", "X-Vacation", "X-FC-MachineGenerated")
_AUTO_SUBMITTED = re.compile(r"auto-(?:replied|generated|notified)", re.IGNORECASE)
_PRECEDENCE = frozenset({"bulk", "junk", "list", "auto_reply"})
_SUBJECT = re.compile(
    r"^(?:re: ?)?(?:auto(?:matic)?[- ]?(?:reply|response|responder|antwort)|out of (?:the )?office|away from|vacation\b"
    r"|abwesen|absence\b|on (?:holiday|leave|vacation)|réponse automatique|respuesta automática|automatisch)",
    re.IGNORECASE,
)


def is_receipt(message: Message, parts: Sequence[tuple[str, str]]) -> bool:
    """Return whether *message* says that a mail was shown, deleted or never looked at (RFC 8098)."""
    return any(kind == "text/disposition-notification" for kind, _ in parts) or (
        "disposition-notification" in header(message, "Content-Type").lower()
    )


def is_marked(message: Message) -> bool:
    """Return whether *message* says of itself that a machine wrote it in its owner's absence."""
    if any(name in message for name in _TELLING):
        return True
    return _SUBJECT.match(header(message, "Subject")) is not None


def is_of_a_machine(message: Message) -> bool:
    """Return whether a machine sent *message*, in answer or not: mail to leave is not taken from one."""
    return (
        is_marked(message)
        or _AUTO_SUBMITTED.match(header(message, "Auto-Submitted")) is not None
        or header(message, "Precedence").lower() in _PRECEDENCE
        or has_null_sender(message)
    )


def has_null_sender(message: Message) -> bool:
    """Return whether *message* came from ``<>``, so that nobody waits for an answer to it (RFC 5321 §4.5.5)."""
    return header(message, "Return-Path") in {"<>", "< >"}
