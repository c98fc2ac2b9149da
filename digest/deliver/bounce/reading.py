"""The reading of one returned mail, from the surest sign to the vaguest."""

from collections.abc import Iterable, Sequence
from email.message import Message

from digest.deliver.bounce import delivery_status, feedback, naming, replies, words
from digest.deliver.bounce.delivery_status import Told
from digest.deliver.bounce.parsing import header, parsed, texts
from digest.deliver.bounce.report import Kind, Report, worst
from digest.errors import UnreadableInput
from digest.logs import logger

log = logger(__name__)

Parts = Sequence[tuple[str, str]]


def read(raw: bytes, *, recipients: Iterable[str] = ()) -> Report:
    """
    Return what the mail *raw* says; *recipients* are the envelope's, where they are known.

    Never raises for what a stranger sent: a mail that cannot be read is a Report of kind none with its fault.
    """
    try:
        message = parsed(raw)
        return _read(message, tuple(recipients))
    except UnreadableInput as fault:
        return Report(kind=Kind.NONE, fault=str(fault))
    except Exception as fault:  # noqa: BLE001 (one mail that a library stumbles over must not stop the others)
        log.warning("a returned mail could not be read", kind=type(fault).__name__)
        return Report(kind=Kind.NONE, fault=f"the mail could not be read: {type(fault).__name__}; it is left as it is")


def _read(message: Message, recipients: tuple[str, ...]) -> Report:
    parts = texts(message)
    tokens = naming.tokens(message, parts, recipients)
    complaint = _complaint(message, parts, tokens)
    if complaint is not None:
        return complaint
    return _about_delivery(message, parts, tokens) or _written(message, tokens, recipients)


def _about_delivery(message: Message, parts: Parts, tokens: tuple[str, ...]) -> Report | None:
    """Return what a server reports of a delivery, or a mail program of a reading; None for another mail."""
    if replies.is_receipt(message, parts):
        return Report(kind=Kind.NONE, tokens=tokens)
    said = words.said_to_people(parts) or str(message.preamble or "")[: words.LONGEST]
    told = delivery_status.told(parts, said)
    if told.is_notification:
        return _failed(told, tokens)
    if replies.is_marked(message):
        return None
    if words.looks_like_a_report(message):
        return _worded(message, said, tokens)
    # A null sender alone is no report, for machines send their answers so; one that gives its reasons is.
    found = _worded(message, said, tokens) if replies.has_null_sender(message) else None
    return found if found is not None and found.kind is Kind.HARD else None


def _written(message: Message, tokens: tuple[str, ...], recipients: tuple[str, ...]) -> Report:
    """Return what a mail says that a person, or their machine for them, has written."""
    leave = naming.leave_tokens(message, recipients)
    if leave and not replies.is_marked(message):
        return Report(kind=Kind.UNSUBSCRIBE, tokens=tokens, leave=leave)
    if replies.is_of_a_machine(message):
        return Report(kind=Kind.AUTO_REPLY, tokens=tokens)
    if tokens and header(message, "Subject").lower().removeprefix("re:").strip() == "unsubscribe":
        return Report(kind=Kind.UNSUBSCRIBE, tokens=tokens)
    return Report(kind=Kind.NONE, tokens=tokens)


def _complaint(message: Message, parts: Parts, tokens: tuple[str, ...]) -> Report | None:
    fields = feedback.fields(parts)
    if fields is not None:
        status = fields.get("feedback-type", "").lower()[:40]
        return Report(
            kind=feedback.kind_of(fields), status=status, recipients=feedback.recipients(fields), tokens=tokens
        )
    if feedback.is_old_complaint(message):
        return Report(kind=Kind.COMPLAINT, tokens=tokens)
    return None


def _worded(message: Message, said: str, tokens: tuple[str, ...]) -> Report:
    if words.is_only_a_warning(message, said):
        return Report(kind=Kind.NONE, tokens=tokens, recipients=words.recipients(message, said)[:1])
    return _failed(Told(failures=words.failures(message, said)), tokens)


def _failed(told: Told, tokens: tuple[str, ...]) -> Report:
    if not told.failures:
        return Report(kind=Kind.NONE, tokens=tokens, recipients=told.recipients)
    speaking = worst(told.failures, somebody_got_it=told.somebody_got_it)
    named = (*told.recipients, *(failure.recipient for failure in told.failures))
    return Report(
        kind=speaking.kind,
        status=speaking.status,
        diagnostic=speaking.diagnostic,
        failures=told.failures,
        recipients=tuple(dict.fromkeys(name for name in named if name)),
        tokens=tokens,
    )
