"""Which of our mails a returned one is about: our token, wherever a report may hold it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from email.message import Message
from urllib.parse import unquote

from digest.deliver import verp
from digest.deliver.bounce.parsing import header

#: Where the address stands to which a report was sent, the most trustworthy first.
_ENVELOPE = ("X-Original-To", "Delivered-To", "X-Delivered-To", "Envelope-To", "X-Envelope-To", "X-Rcpt-To", "To", "Cc")
#: Headers of our mail, in what is returned of it; a feedback report repeats the first as a field.
_RETURNED = re.compile(
    rf"^[ >|]*(?:Return-Path|Original-Mail-From|X-Digest-ID|CFBL-Feedback-ID|Original-Envelope-Id):"
    rf"[ \t]*(?:\r?\n[ \t]+)?<?(?:rfc822;[ \t]*)?(?:\S*\+)?({verp.TOKEN})(?:@\S*)?",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)
_LEAVE = re.compile(r"\bunsub\+([A-Za-z0-9_.-]{10,300})@", re.IGNORECASE | re.ASCII)
_IN_SUBJECT = re.compile(r"^(?:re: ?)?unsub(?:scribe)?[ :+]+([A-Za-z0-9_.-]{10,300})$", re.IGNORECASE | re.ASCII)
#: More than that are no headers of one mail.
MOST = 20


def tokens(message: Message, parts: Sequence[tuple[str, str]], recipients: Iterable[str]) -> tuple[str, ...]:
    """Return the tokens of our mails in *message*, unchecked, in lower case: envelope, addressees, returned."""
    found = (*_addressed(message, recipients), *_returned(parts))
    return tuple(dict.fromkeys(found))[:MOST]


def leave_tokens(message: Message, recipients: Iterable[str]) -> tuple[str, ...]:
    """Return what may be tokens for leaving: in addresses ``unsub+TOKEN@``, in a subject ``unsubscribe TOKEN``."""
    addressed = [found[1] for text in _addresses(message, recipients) for found in _LEAVE.finditer(text)]
    subject = _IN_SUBJECT.match(header(message, "Subject"))
    return tuple(dict.fromkeys([*addressed, *([subject[1]] if subject else [])]))[:MOST]


def _addressed(message: Message, recipients: Iterable[str]) -> Iterator[str]:
    for text in _addresses(message, recipients):
        token = verp.token_in(text)
        if token is not None:
            yield token


def _addresses(message: Message, recipients: Iterable[str]) -> list[str]:
    headers = (" ".join(str(value).split()) for name in _ENVELOPE for value in message.get_all(name, []))
    return [unquote(text) for text in (*recipients, *headers)]


def _returned(parts: Sequence[tuple[str, str]]) -> Iterator[str]:
    for _, text in parts:
        for found in _RETURNED.finditer(text):
            yield found[1].lower()
